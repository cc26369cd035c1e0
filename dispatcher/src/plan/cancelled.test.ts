import { afterEach, beforeEach, expect, test } from 'vitest'
import { openClocked } from './testing/clocked.ts'

const START = Date.parse('2026-11-30T00:00:00Z')
const HOUR = 3_600_000
const KEY = 'order-7'
const note = { to: ['kiri', 'ada'], type: 'x', title: 'Nine', cancelKey: KEY }

let world: Awaited<ReturnType<typeof openClocked>>
beforeEach(async () => {
  world = await openClocked(START)
  await world.store.users.put(world.tenant, { id: 'kiri', profile: { timezone: 'Pacific/Kiritimati' } })
  await world.store.users.put(world.tenant, { id: 'ada', profile: { timezone: 'Europe/Lisbon' } })
})
afterEach(() => world.close())

/** Cancels the key as a hub does that cannot reach the log's schedules. Returns the ids that it found. */
const cancel = async () => {
  const { cancelKeys, notifications } = world.store
  const { found } = await cancelKeys.cancel(world.tenant, KEY, Date.now(), 10)
  for (const { notification } of found) await notifications.cancel(world.tenant, notification, Date.now())
  return found.map(({ notification }) => notification)
}
const titles = async (user: string) => (await world.items(user)).map(({ title }) => title)
const state = async (id: string) => (await world.store.notifications.get(world.tenant, id))?.state

test('ends the recipients of a notification who wait for their local time; items that are stored stay', async () => {
  await world.send({ ...note, id: 'nine', deliverAt: { local: '2026-12-01T09:00' } })
  await world.advance(Date.parse('2026-11-30T20:00:00Z'))
  expect([await titles('kiri'), await titles('ada')]).toEqual([['Nine'], []])
  expect(await cancel()).toEqual(['nine'])
  await world.advance(Date.parse('2026-12-03T00:00:00Z'))
  expect([await titles('kiri'), await titles('ada'), await state('nine')]).toEqual([
    ['Nine'],
    [],
    'cancelled',
  ])
})

test('holds for a repetition of the cancelled notification, before and after its deliverAt', async () => {
  const deliverAt = new Date(START + HOUR).toISOString()
  for (const id of ['read', 'sent later']) await world.send({ ...note, id, deliverAt })
  expect((await cancel()).sort()).toEqual(['read', 'sent later'])
  await world.advance(START + 1)
  await world.send({ ...note, id: 'read', deliverAt })
  await world.advance(START + 2 * HOUR)
  await world.send({ ...note, id: 'sent later', deliverAt })
  await world.send({ ...note, id: 'another', deliverAt })
  expect([await state('read'), await state('sent later')]).toEqual(['cancelled', 'cancelled'])
  expect(await titles('ada')).toEqual(['Nine'])
  expect(await state('another')).toBe('delivered')
})
