import { randomUUID } from 'node:crypto'
import { createReschedule } from '@carillon/core/schedules/reschedule'
import { runMessage } from '@carillon/core/schedules/run-message'
import type { OutgoingMessage } from '@carillon/core/stream/port'
import type { ScheduleInput } from '@carillon/schemas'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { startDispatcher } from '../dispatcher.ts'
import { openClocked } from '../plan/testing/clocked.ts'
import { openWorld } from '../testing/dispatcher.ts'

const at = (text: string) => Date.parse(text)
const MONDAY = at('2026-07-06T00:00Z')
const NOTE = { to: 'ada', type: 'report', title: 'Report' }
const hourly: ScheduleInput = { cron: '0 * * * *', notification: NOTE }
const KEY = 'a-key'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

type Parts = Parameters<typeof createReschedule>[0]
/** Writes a schedule, as a hub does. */
const put = async (parts: Parts, tenant: string, definition: ScheduleInput, id = 'reports') => {
  const changedAt = Date.now()
  const written = { id, definition, sender: KEY, revision: randomUUID(), changedAt }
  await parts.store.schedules.put(tenant, written)
  await createReschedule(parts)(tenant, id, changedAt)
}

const clocked = async (start = MONDAY) => {
  const world = await openClocked(start)
  closers.push(world.close)
  const [first] = [...world.scheduled.values()]
  expect(first).toBeUndefined()
  const arrivals = async (user = 'ada') =>
    (await world.items(user)).map(({ createdAt }) => createdAt.slice(0, 16)).reverse()
  const waiting = () => [...world.scheduled.values()]
  return { ...world, arrivals, waiting, put: (given: ScheduleInput) => put(world, world.tenant, given) }
}

describe('a schedule', () => {
  test('runs at each of its times, then waits for the next one', async () => {
    const world = await clocked()
    await world.put(hourly)
    expect(world.waiting()).toHaveLength(1)
    await world.advance(at('2026-07-06T03:30Z'))
    expect(await world.arrivals()).toEqual(['2026-07-06T01:00', '2026-07-06T02:00', '2026-07-06T03:00'])
    const [item] = await world.items('ada')
    expect(item).toMatchObject({ title: 'Report', type: 'report' })
    const record = await world.store.notifications.get(world.tenant, item?.notification ?? '')
    expect(record).toMatchObject({ state: 'delivered' })
    expect(world.waiting().map(({ schedule }) => schedule?.at)).toEqual([at('2026-07-06T04:00Z')])
  })

  test('whose cancel key is cancelled ends the runs before, and runs again', async () => {
    const world = await clocked()
    const plan = [{ channel: 'email' as const, when: 'unread' as const, after: 86_400 }]
    await world.put({ ...hourly, notification: { ...hourly.notification, plan, cancelKey: 'reports' } })
    await world.advance(at('2026-07-06T01:30Z'))
    const { cancelKeys, notifications } = world.store
    const { found } = await cancelKeys.cancel(world.tenant, 'reports', Date.now(), 10)
    for (const { notification } of found) await notifications.cancel(world.tenant, notification, Date.now())
    await world.advance(at('2026-07-06T02:30Z'))
    const items = await world.items('ada')
    const records = await notifications.find(
      world.tenant,
      items.map(({ notification }) => notification),
    )
    expect(items.map(({ notification }) => records.get(notification)?.state)).toEqual([
      'delivered',
      'cancelled',
    ])
  })

  test('runs once, however often its message is delivered', async () => {
    const world = await clocked()
    await world.put(hourly)
    const [message] = world.waiting() as [OutgoingMessage]
    await world.advance(at('2026-07-06T01:00Z'))
    await world.again(message)
    vi.setSystemTime(at('2026-07-06T01:00:40Z'))
    await world.again(message)
    expect(await world.arrivals()).toEqual(['2026-07-06T01:00'])
    expect(world.waiting().map(({ schedule }) => schedule?.at)).toEqual([at('2026-07-06T02:00Z')])
    // A redelivery hours afterwards finds a missed run that was sent.
    vi.setSystemTime(at('2026-07-06T01:50Z'))
    await world.again(message)
    expect(await world.arrivals()).toEqual(['2026-07-06T01:00'])
    await world.advance(at('2026-07-06T04:10Z'))
    const sent = await world.arrivals()
    expect(sent).toHaveLength(4)
    vi.setSystemTime(at('2026-07-06T04:59Z'))
    await world.again(message)
    expect(await world.arrivals()).toEqual(sent)
  })

  test('a missed run that is redelivered later is sent once', async () => {
    const world = await clocked()
    await world.put({ ...hourly, until: '2026-07-06T01:00:00Z' })
    const [message] = world.waiting() as [OutgoingMessage]
    world.scheduled.clear()
    for (const time of [
      '2026-07-06T05:00Z',
      '2026-07-06T05:00:30Z',
      '2026-07-06T09:00Z',
      '2026-07-07T09:00Z',
    ]) {
      vi.setSystemTime(at(time))
      await world.again(message)
      expect(await world.arrivals()).toEqual(['2026-07-06T05:00'])
    }
  })

  test('a run that is handled on time and again hours later is sent once', async () => {
    const world = await clocked()
    await world.put({ ...hourly, until: '2026-07-06T01:00:00Z' })
    const [message] = world.waiting() as [OutgoingMessage]
    await world.advance(at('2026-07-06T01:00Z'))
    for (const time of ['2026-07-06T01:30Z', '2026-07-06T09:00Z', '2026-07-08T09:00Z']) {
      vi.setSystemTime(at(time))
      await world.again(message)
      expect(await world.arrivals()).toEqual(['2026-07-06T01:00'])
    }
  })

  test('a run whose notification is refused is a dead letter, and the schedule goes on', async () => {
    const world = await clocked()
    const schema = { type: 'object', required: ['week'] }
    await world.store.types.put(world.tenant, { key: 'report', schema })
    await world.put(hourly)
    const reasons = await world.advance(at('2026-07-06T01:00Z'))
    expect(reasons).toEqual([{ code: 'invalid_request', detail: expect.stringContaining('/data') }])
    expect(world.waiting().map(({ schedule }) => schedule?.at)).toEqual([at('2026-07-06T02:00Z')])
  })

  test('does not run early if the clock of the log is ahead', async () => {
    const world = await clocked()
    await world.put(hourly)
    const [message] = world.waiting() as [OutgoingMessage]
    vi.setSystemTime(at('2026-07-06T00:59:57Z'))
    await world.again(message)
    expect(await world.items('ada')).toHaveLength(0)
    await world.advance(at('2026-07-06T01:30Z'))
    expect(await world.arrivals()).toEqual(['2026-07-06T01:00'])
    expect(world.waiting().map(({ schedule }) => schedule?.at)).toEqual([at('2026-07-06T02:00Z')])
    vi.setSystemTime(at('2026-07-06T01:40Z'))
    await world.again(
      runMessage(world.tenant, {
        id: 'reports',
        after: at('2026-07-06T01:30Z'),
        at: at('2026-07-06T02:00Z'),
      }),
    )
    expect(await world.items('ada')).toHaveLength(1)
  })

  test.each([
    [undefined, ['2026-07-06T05:50']],
    ['skip' as const, []],
  ])('that was missed for hours (missed: %s)', async (missed, expected) => {
    const world = await clocked()
    await world.put({ ...hourly, ...(missed && { missed }) })
    const [message] = world.waiting() as [OutgoingMessage]
    world.scheduled.clear()
    vi.setSystemTime(at('2026-07-06T05:50Z'))
    await world.again(message)
    const missedRuns = await world.arrivals()
    expect(missedRuns.map((time) => time.slice(0, 13))).toEqual(expected.map((time) => time.slice(0, 13)))
    await world.advance(at('2026-07-06T06:30Z'))
    expect((await world.arrivals()).slice(expected.length)).toEqual(['2026-07-06T06:00'])
  })

  test('that is changed, paused or deleted while it waits runs as it is then', async () => {
    const world = await clocked()
    await world.put(hourly)
    const [old] = world.waiting() as [OutgoingMessage]
    vi.setSystemTime(at('2026-07-06T00:30Z'))
    await world.put({ cron: '45 * * * *', notification: { ...NOTE, title: 'Changed' } })
    await world.advance(at('2026-07-06T01:00Z'))
    await world.again(old)
    expect((await world.items('ada')).map(({ title }) => title)).toEqual(['Changed'])
    expect(await world.arrivals()).toEqual(['2026-07-06T00:45'])
    const [next] = world.waiting() as [OutgoingMessage]
    expect(next.schedule?.at).toBe(at('2026-07-06T01:45Z'))
    await world.put({ ...hourly, paused: true })
    expect(world.waiting()).toEqual([])
    vi.setSystemTime(at('2026-07-06T02:00Z'))
    await world.again(next)
    expect(world.waiting()).toEqual([])
    await world.put(hourly)
    await world.store.schedules.remove(world.tenant, 'reports')
    await world.advance(at('2026-07-06T05:00Z'))
    expect(await world.items('ada')).toHaveLength(1)
    expect(world.waiting()).toEqual([])
  })

  test('a write whose message was lost is repaired by the message of the write before', async () => {
    const world = await clocked()
    await world.put(hourly)
    const [before] = world.waiting() as [OutgoingMessage]
    const changedAt = Date.now() + 1
    const written = { id: 'reports', sender: KEY, revision: randomUUID(), changedAt }
    await world.store.schedules.put(world.tenant, {
      ...written,
      definition: { ...hourly, cron: '5 * * * *' },
    })
    await world.again(before)
    expect(world.waiting().map(({ schedule }) => schedule?.at)).toEqual([at('2026-07-06T00:05Z')])
  })

  test('that is over, or of a tenant that is gone, waits for nothing', async () => {
    const world = await clocked()
    await world.put({ ...hourly, until: '2026-07-06T02:00:00Z' })
    await world.advance(at('2026-07-06T09:00Z'))
    expect(await world.arrivals()).toEqual(['2026-07-06T01:00', '2026-07-06T02:00'])
    expect(world.waiting()).toEqual([])
    const stranger = runMessage('nobody', { id: 'reports', after: 0, at: 0 })
    await world.again(stranger)
    expect(world.waiting()).toEqual([])
  })

  test('a run that is years ahead is waited for in steps', async () => {
    const world = await clocked()
    await world.put({ cron: '0 0 29 2 *', notification: NOTE })
    expect(world.waiting()[0]?.schedule?.at).toBeLessThanOrEqual(MONDAY + 366 * 86_400_000)
    await world.advance(at('2028-03-01T00:00Z'))
    expect(await world.arrivals()).toEqual(['2028-02-29T00:00'])
  })

  test('with local: true is delivered in the time of each recipient', async () => {
    const world = await clocked(at('2026-07-05T00:00Z'))
    const people = { ada: 'Europe/Lisbon', bob: 'Pacific/Kiritimati', cleo: 'America/New_York' }
    for (const [id, timezone] of Object.entries(people))
      await world.store.users.put(world.tenant, { id, profile: { timezone } })
    await world.put({ cron: '0 9 * * mon', local: true, notification: { ...NOTE, to: Object.keys(people) } })
    await world.advance(at('2026-07-08T00:00Z'))
    expect(await world.arrivals('bob')).toHaveLength(1)
    const stored = async (user: string) =>
      (
        await world.store.inbox.page({ tenant: world.tenant, user }, { status: 'active', limit: 9 })
      ).items.map(({ receivedAt, createdAt }) => receivedAt ?? createdAt)
    for (const user of Object.keys(people)) expect(await stored(user)).toHaveLength(1)
    const [item] = await world.items('cleo')
    expect(await world.reasons(item?.notification ?? '', 'cleo')).toEqual(
      expect.arrayContaining(['audience wait scheduled 2026-07-06T13:00:00.000Z']),
    )
  })
})

test.each([
  [undefined, ['bob', 'ada']],
  ['skip' as const, ['ada']],
])(
  'a local run that comes hours late (missed: %s) reaches those whose time lies ahead',
  async (missed, reached) => {
    const world = await clocked(at('2026-07-05T00:00Z'))
    await world.store.users.put(world.tenant, { id: 'ada', profile: { timezone: 'Europe/Lisbon' } })
    await world.store.users.put(world.tenant, { id: 'bob', profile: { timezone: 'Pacific/Kiritimati' } })
    const notification = { ...NOTE, to: ['ada', 'bob'] }
    await world.put({ cron: '0 9 * * mon', local: true, notification, ...(missed && { missed }) })
    const [message] = world.waiting() as [OutgoingMessage]
    expect(message.schedule?.at).toBe(at('2026-07-05T19:00Z'))
    world.scheduled.clear()
    vi.setSystemTime(at('2026-07-06T00:00Z'))
    await world.again(message)
    const got = async () =>
      (
        await Promise.all(
          ['bob', 'ada'].map(async (user) => ((await world.items(user)).length > 0 ? [user] : [])),
        )
      ).flat()
    expect(await got()).toEqual(missed === 'skip' ? [] : ['bob'])
    await world.advance(at('2026-07-06T12:00Z'))
    expect(await got()).toEqual(reached)
  },
)

test('two dispatchers run a schedule once', async () => {
  const world = await openWorld()
  const second = await startDispatcher(world, {
    ...{ unknownTypes: 'accept', insecureLinks: 'accept', retentionMs: 86_400_000 },
  })
  closers.push(second.stop, world.close)
  const now = Date.now()
  const minutely = { cron: '* * * * *', notification: NOTE }
  for (const id of ['a', 'b', 'c']) {
    const written = { id, definition: minutely, sender: KEY, revision: randomUUID(), changedAt: now - 60_000 }
    await world.store.schedules.put(world.tenant, written)
    // Delivered several times, as after crashes.
    for (let time = 0; time < 5; time++) {
      const { schedule: _, ...message } = runMessage(world.tenant, { id, after: now - 60_000, at: now })
      await world.stream.publish([message])
    }
  }
  await world.quiet()
  await vi.waitFor(async () => expect(await world.titles('ada')).toEqual(['Report', 'Report', 'Report']))
  await world.quiet()
  expect(await world.titles('ada')).toHaveLength(3)
  expect(await world.deadLetters()).toEqual([])
})
