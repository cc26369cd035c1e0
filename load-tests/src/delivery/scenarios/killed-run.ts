import type { InboxPage, NotificationStatus } from '@carillon/schemas'
import { expect } from 'vitest'
import { eventually, openContext } from '../context.ts'
import type { Environment } from '../environment.ts'

const MINUTE = 60_000
/** More than a chunk, so that the run is a fan-out. */
const PEOPLE = 600
const BATCH = 50
/** The minimum time between writing the schedule and its run. */
const AHEAD_MS = 5_000

export const RUN_KILLED = 'a run of a schedule whose workers are killed reaches everybody once'

const phoneOf = (index: number) => `+1555${String(1_000_000 + index)}`

/**
 * Kills the workers while a run of a schedule is being stored for its recipients and sent to them. Afterwards it has run once,
 * everybody has one item, and nobody was sent two messages; those whose message was under way are in doubt.
 */
export const killRun = async (environment: Environment): Promise<void> => {
  const context = await openContext(environment)
  const { account, ok, phones, token } = context
  try {
    const provider = await phones()
    await account('sms', provider.account)
    const users = Array.from({ length: PEOPLE }, (_, index) => `user-${index}`)
    const at = new Date(Math.ceil((Date.now() + AHEAD_MS) / MINUTE) * MINUTE).toISOString()
    await ok('PUT', '/v1/schedules/report', {
      ...{ cron: '* * * * *', from: at, until: at },
      notification: {
        to: users.map((user, index) => ({ user, phone: phoneOf(index) })),
        type: 'note',
        title: 'Report',
        plan: [{ channel: 'sms', when: 'always' }],
      },
    })
    await eventually(() => expect(provider.accepted.length).toBeGreaterThan(PEOPLE / 20))
    await environment.killWorkers()
    const before = provider.accepted.length
    await environment.replaceWorkers()

    const runs = async () =>
      (await ok<{ notifications: { id: string }[] }>('GET', '/v1/notifications')).notifications
    const status = async () => ok<NotificationStatus>('GET', `/v1/notifications/${(await runs())[0]?.id}`)
    const done = await eventually(async () => {
      const found = await status()
      const { sent = 0, in_doubt: doubtful = 0 } = found.deliveries?.sms ?? {}
      expect(found).toMatchObject({ state: 'delivered', recipients: PEOPLE })
      expect(sent + doubtful).toBe(PEOPLE)
      return { sent, doubtful }
    })
    expect(await runs()).toHaveLength(1)
    const numbers = provider.accepted.map(({ to }) => to)
    expect(new Set(numbers).size).toBe(numbers.length)
    expect(numbers.length).toBeGreaterThan(before)
    expect(numbers.length).toBeGreaterThanOrEqual(done.sent)
    expect(numbers.length).toBeLessThanOrEqual(done.sent + done.doubtful)
    for (let first = 0; first < PEOPLE; first += BATCH) {
      const titles = await Promise.all(
        users.slice(first, first + BATCH).map(async (user) => {
          const { items } = await ok<InboxPage>('GET', '/v1/inbox', undefined, await token(user))
          return items.map(({ title }) => title)
        }),
      )
      expect(titles).toEqual(titles.map(() => ['Report']))
    }
  } finally {
    await context.close()
  }
}
