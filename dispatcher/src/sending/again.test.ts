import type { Store } from '@carillon/core/store/port'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openWorld, type World } from '../testing/dispatcher.ts'
import { fakeTime } from '../testing/timed.ts'
import { providersOf, scripted } from './testing/scripted.ts'

const QUIET: [string, string] = ['22:00', '07:00']

/** Makes the record of the first steps fail, as if the process had died before it was written. */
const failing =
  (count: number) =>
  (store: Store): Store => {
    let left = count
    const record: Store['deliveries']['record'] = async (tenant, changes) => {
      // Inbox items are recorded too.
      const ofSteps = changes.some(({ channel }) => channel !== 'inbox')
      if (ofSteps && left-- > 0) throw new Error('the process died')
      return store.deliveries.record(tenant, changes)
    }
    return { ...store, deliveries: { ...store.deliveries, record } }
  }

const open = async (start: string, count: number) => {
  const time = fakeTime(start)
  const sms = scripted('text', ['sms'], { needs: 'phone', repeatable: true })
  const world = await openWorld({
    ...{ providers: providersOf(sms), clock: time.clock, retentionMs: 30 * 86_400_000, rates: {} },
    wrap: failing(count),
  })
  await world.account('text')
  await world.person('ada', { phone: '+351911111111', timezone: 'UTC' })
  const changes = [{ path: '/quietHours/days/mon', value: [QUIET] }]
  await world.store.preferences.change(world.tenant, 'ada', { changes, via: 'app', by: 'ada' })
  return { ...world, ...time, sms }
}

let world: World & Awaited<ReturnType<typeof open>>
beforeEach(() => vi.useRealTimers())
afterEach(async () => {
  await world.close()
  vi.useRealTimers()
})

const send = (id: string) =>
  world.send({ id, to: 'ada', type: 'note', title: id, plan: [{ channel: 'sms', when: 'unread' }] })
/** What the provider delivers: it knows repeated sends by their keys. */
const titles = () => [...new Map(world.sms.got.map(({ key, content }) => [key, content.title])).values()]
const states = async (id: string) => (await world.ledger(id, 'ada')).map(({ state }) => state)
/** Lets everything happen that is due, while time goes on. */
const until = (check: () => unknown) =>
  vi.waitFor(
    async () => {
      world.setTime(Date.now() + 500)
      await check()
    },
    { timeout: 20_000, interval: 10 },
  )

test('a message that joined a summary in quiet hours is in it alone, though it is delivered again after them', async () => {
  // A Monday. Each of two steps fails once, and again when both are recorded one by one.
  world = await open('2027-06-08T06:59:58Z', 4)
  await send('one')
  await send('two')
  await vi.waitFor(async () => {
    const [window] = await world.store.digests.open(world.tenant, ['ada'])
    expect(await world.store.digests.members(world.tenant, window!)).toHaveLength(2)
  })
  world.setTime('2027-06-08T07:00:10Z')
  await until(async () => expect([await states('one'), await states('two')]).toEqual([['sent'], ['sent']]))
  await world.quiet()
  expect(titles()).toEqual(['2 new notifications'])
})

test('a message that was sent before quiet hours is not in the summary after them, even if it is redelivered during them', async () => {
  world = await open('2027-06-07T21:59:59Z', 1)
  await send('one')
  await vi.waitFor(() => expect(titles()).toEqual(['one']))
  world.setTime('2027-06-07T22:00:10Z')
  await send('two')
  await until(async () => {
    const [window] = await world.store.digests.open(world.tenant, ['ada'])
    expect(await world.store.digests.members(world.tenant, window!)).toHaveLength(2)
  })
  world.setTime('2027-06-08T07:00:00Z')
  await until(async () => expect([await states('one'), await states('two')]).toEqual([['sent'], ['sent']]))
  await world.quiet()
  expect(titles()).toEqual(['one', 'two'])
})
