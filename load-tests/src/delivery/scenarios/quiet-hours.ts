import { expect } from 'vitest'
import { eventually, type Scenario } from '../context.ts'

const MINUTE = 60_000
const ZONE = 'Asia/Kathmandu'
/** Quiet hours end this long after they are set, at least. */
const AHEAD_MS = 10_000
const BEFORE_MS = 90 * MINUTE

/** Returns the weekday and the time that a clock in the zone shows. */
const shownAt = (at: number) => {
  const format = {
    timeZone: ZONE,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  } as const
  const parts = new Intl.DateTimeFormat('en', format).formatToParts(at)
  const part = (name: string) => parts.find(({ type }) => type === name)?.value ?? ''
  return { day: part('weekday').toLowerCase(), time: `${part('hour')}:${part('minute')}` }
}

/** Quiet hours by the clock of the user, whose end comes with the next minute. */
export const QUIET_HOURS: Scenario = {
  title: 'quiet hours hold what is not critical until they end, and then let it leave as one',
  run: async ({ account, ledger, ok, phones, send, token, user }) => {
    const provider = await phones()
    await account('sms', provider.account)
    await user('ada', { phone: '+351911111111', timezone: ZONE })
    await ok('PUT', '/v1/types/alarm', {
      ...{ critical: true, content: { title: 'Alarm' } },
      plan: [{ channel: 'sms', when: 'always' }],
    })
    const ends = Math.ceil((Date.now() + AHEAD_MS) / MINUTE) * MINUTE
    const [from, to] = [shownAt(ends - BEFORE_MS), shownAt(ends)]
    await ok(
      ...(['PATCH', '/v1/preferences'] as const),
      { quietHours: { days: { [from.day]: [[from.time, to.time === '00:00' ? '24:00' : to.time]] } } },
      await token('ada'),
    )
    const plan = [{ channel: 'sms', when: 'always' } as const]
    const ids = [await send({ to: 'ada', title: 'One', plan }), await send({ to: 'ada', title: 'Two', plan })]
    for (const id of ids)
      await ledger(id, 'ada', {
        ...{ channel: 'sms', state: 'queued', reason: 'quiet_hours' },
        nextAttemptAt: new Date(ends).toISOString(),
      })
    const { id } = await ok<{ id: string }>('POST', '/v1/notifications', { to: 'ada', type: 'alarm' })
    await ledger(id, 'ada', { channel: 'sms', state: 'sent' })
    expect(provider.accepted.map(({ body }) => body)).toEqual([expect.stringContaining('Alarm')])
    await eventually(() => expect(provider.accepted).toHaveLength(2))
    expect(Date.now()).toBeGreaterThanOrEqual(ends)
    for (const each of ids) await ledger(each, 'ada', { channel: 'sms', state: 'sent' })
    expect(provider.accepted[1]?.body).toMatch(/^2 new notifications\nTwo\nOne/)
    expect(provider.accepted).toHaveLength(2)
  },
}
