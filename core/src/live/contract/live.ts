import { randomUUID } from 'node:crypto'
import type { InboxAdded } from '@carillon/schemas'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Live, LiveEvent, LiveMessage } from '../port.ts'
import { userRooms } from '../room.ts'
import { added, type Client, device, reached } from './ends.ts'
import { idleContract } from './idle.ts'

const titles = (messages: readonly InboxAdded[]) => messages.map(({ item }) => item.title)
/** Returns the payload of a new item as a client gets it. */
const payloadOf = (message: LiveMessage) =>
  message.event === 'inbox.added' ? { item: { id: message.id, ...message.payload.item } } : message.payload
const newTenant = () => `t-${randomUUID()}`

/**
 * `live` delivers to clients of every hub. `hubs` are addresses, the same one twice if there is only one hub; `watching` are
 * their ports.
 */
export type LiveWorld = {
  live: Live
  hubs: [string, string]
  watching: [Live, Live]
  close(): Promise<void>
}

/** The contract of the live port, on real connections. */
export const liveContract = (name: string, open: () => Promise<LiveWorld>) =>
  describe(`live: ${name}`, () => {
    let world: LiveWorld
    const devices: Client[] = []
    beforeAll(async () => {
      world = await open()
    })
    afterAll(async () => {
      for (const { socket } of devices) socket.disconnect()
      await world.close()
    })
    const join = async (
      hub: 0 | 1,
      tenant: string,
      user: string,
      contexts?: readonly string[],
      active?: boolean,
    ) => {
      const joined = await device(world.hubs[hub], tenant, user, contexts, active)
      devices.push(joined)
      return joined
    }

    test('reaches every device of the user on every hub, and no other user', async () => {
      const [tenant, other] = [newTenant(), newTenant()]
      const mine = await Promise.all([join(0, tenant, 'ada'), join(0, tenant, 'ada'), join(1, tenant, 'ada')])
      const others = await Promise.all([join(0, tenant, 'bob'), join(1, other, 'ada')])
      await world.live.deliver([added(tenant, 'ada', 'for ada')])
      for (const { until } of mine) expect(titles(await until(1))).toEqual(['for ada'])
      await world.live.deliver([added(tenant, 'bob', 'last'), added(other, 'ada', 'last')])
      for (const { until } of others) expect(titles(await until(1))).toEqual(['last'])
      for (const { received } of mine) expect(received).toHaveLength(1)
    })

    test('resolves to whether each user was connected, in order', async () => {
      const tenant = newTenant()
      const ada = await join(1, tenant, 'ada')
      const messages = ['nobody', 'ada', 'nobody', 'ada'].map((user) => added(tenant, user, user))
      expect(await reached(world.live, messages)).toEqual([false, true, false, true])
      ada.socket.disconnect()
      await expect
        .poll(() => reached(world.live, [added(tenant, 'ada', 'gone')]), { timeout: 10_000 })
        .toEqual([false])
    })

    test('reports presence as here, left or away, in order', async () => {
      const tenant = newTenant()
      const [ada, bob] = await Promise.all([join(0, tenant, 'ada'), join(1, tenant, 'bob')])
      const users = ['ada', 'bob', 'eve', 'ada', '__proto__'].map((user) => ({ tenant, user }))
      const presence = () => world.live.presence(users)
      expect(await presence()).toEqual(['here', 'here', 'away', 'here', 'away'])
      expect(await world.live.presence([{ tenant: newTenant(), user: 'ada' }])).toEqual(['away'])
      // One of two tabs was closed.
      world.live.left(tenant, 'ada')
      world.live.left(tenant, 'bob')
      bob.socket.disconnect()
      await expect.poll(presence, { timeout: 10_000 }).toEqual(['here', 'left', 'away', 'here', 'away'])
      ada.socket.disconnect()
      await expect.poll(presence, { timeout: 10_000 }).toEqual(['left', 'left', 'away', 'left', 'away'])
      await join(0, tenant, 'bob')
      expect(await presence()).toEqual(['left', 'here', 'away', 'left', 'away'])
    })

    test('reports the presence of a thousand users in one call', async () => {
      const tenant = newTenant()
      await Promise.all([join(0, tenant, 'user-300'), join(1, tenant, 'user-999')])
      const users = Array.from({ length: 1_000 }, (_, index) => ({ tenant, user: `user-${index}` }))
      const found = await world.live.presence(users)
      expect(found).toEqual(users.map((_, index) => (index === 300 || index === 999 ? 'here' : 'away')))
      expect(await world.live.presence([])).toEqual([])
    })

    test('numbers the messages of a user without gaps, in the given order', async () => {
      const tenant = newTenant()
      const before = await world.live.position(tenant, 'ada')
      expect(before.seq).toBe(0)
      await world.live.deliver([added(tenant, 'ada', 'to nobody, so it takes no number')])
      const [ada, bob] = await Promise.all([join(0, tenant, 'ada'), join(1, tenant, 'bob')])
      await world.live.deliver([
        added(tenant, 'ada', '1'),
        added(tenant, 'bob', '1'),
        added(tenant, 'ada', '2'),
      ])
      await world.live.deliver([added(tenant, 'ada', '3')])
      const received = await ada.until(3)
      expect(received.map(({ seq, epoch, item }) => [seq, epoch, item.title])).toEqual([
        [1, before.epoch, '1'],
        [2, before.epoch, '2'],
        [3, before.epoch, '3'],
      ])
      expect((await bob.until(1))[0]?.seq).toBe(1)
      expect(await world.live.position(tenant, 'ada')).toEqual({ epoch: before.epoch, seq: 3 })
    })

    test('delivers the payload unchanged', async () => {
      const tenant = newTenant()
      const ada = await join(1, tenant, 'ada')
      const message = added(tenant, 'ada', 'quotes "\' \\ %s \u2028 \u0000 😀 {"seq":1}')
      await world.live.deliver([message])
      const [{ seq, epoch, ...payload } = expect.fail('nothing came')] = await ada.until(1)
      expect({ seq, payload }).toEqual({ seq: 1, payload: payloadOf(message) })
    })

    test('a payload that messages share comes with the id and the position of each', async () => {
      const tenant = newTenant()
      const [ada, bob] = await Promise.all([join(0, tenant, 'ada'), join(1, tenant, 'bob')])
      await world.live.deliver([added(tenant, 'ada', 'before')])
      const shared = added(tenant, 'ada', 'ü'.repeat(40_000), 'größe')
      const others = [{ id: '"' }, { id: 'bob', user: 'bob' }, { id: 'carol', user: 'carol' }]
      const messages = [shared, ...others.map((other) => ({ ...shared, ...other }))]
      expect(await reached(world.live, messages)).toEqual([true, true, true, false])
      const received = [...(await ada.until(3)).slice(1), ...(await bob.until(1))]
      expect(received.map(({ seq, epoch, ...payload }) => [seq, payload])).toEqual([
        [2, payloadOf(shared)],
        [3, payloadOf(messages[1]!)],
        [1, payloadOf(messages[2]!)],
      ])
    })

    test('delivers the other events as well', async () => {
      const tenant = newTenant()
      const ada = await join(1, tenant, 'ada')
      const heard: unknown[] = []
      ada.socket.onAny((event, { epoch, ...message }) => heard.push([event, message]))
      const counts = { unread: 1, unseen: 2 }
      const patch = { readAt: '2026-01-31T09:00:00Z' }
      const to = { tenant, user: 'ada', to: 'whole' } as const
      await world.live.deliver([
        { ...to, event: 'inbox.changed', payload: { all: true, patch, counts } },
        { ...to, event: 'inbox.removed', payload: { ids: ['x'], counts } },
        added(tenant, 'ada', 'last'),
      ])
      await ada.until(1)
      expect(heard.slice(0, 2)).toEqual([
        ['inbox.changed', { all: true, patch, counts, seq: 1 }],
        ['inbox.removed', { ids: ['x'], counts, seq: 2 }],
      ])
    })

    describe('with limited connections', () => {
      const joinAll = async (tenant: string) => ({
        whole: await join(0, tenant, 'ada'),
        a: await join(1, tenant, 'ada', ['a']),
        both: await join(0, tenant, 'ada', ['__proto__', '']),
        stranger: await join(1, tenant, 'bob', ['a']),
      })

      test('an item reaches the whole inbox and its context, each with its own sequence', async () => {
        const tenant = newTenant()
        const { whole, a, both, stranger } = await joinAll(tenant)
        await world.live.deliver([
          added(tenant, 'ada', '1', 'a'),
          added(tenant, 'ada', '2'),
          added(tenant, 'ada', '3', '__proto__'),
          added(tenant, 'ada', '4', 'nobody sees it'),
          added(tenant, 'ada', '5', 'a'),
        ])
        await world.live.deliver([added(tenant, 'bob', 'last', 'a')])
        const frames = async (client: Client, count: number) =>
          (await client.until(count)).map(({ item, stream, seq }) => [item.title, stream, seq])
        expect(await frames(whole, 5)).toEqual(
          ['1', '2', '3', '4', '5'].map((n) => [n, undefined, Number(n)]),
        )
        expect(await frames(a, 2)).toEqual([
          ['1', 'a', 1],
          ['5', 'a', 2],
        ])
        expect(await frames(both, 2)).toEqual([
          ['2', '', 1],
          ['3', '__proto__', 1],
        ])
        expect(await frames(stranger, 1)).toEqual([['last', 'a', 1]])
        const { epoch } = await world.live.position(tenant, 'ada')
        expect(await world.live.position(tenant, 'ada')).toEqual({ epoch, seq: 5 })
        expect(await world.live.position(tenant, 'ada', 'a')).toEqual({ epoch, seq: 2 })
        expect(await world.live.position(tenant, 'ada', '')).toEqual({ epoch, seq: 1 })
        expect(await world.live.position(tenant, 'ada', 'b')).toEqual({ epoch, seq: 0 })
      })

      test('other messages go to one stream or to all connections, and `ask` sends nothing', async () => {
        const tenant = newTenant()
        const { whole, a, both } = await joinAll(tenant)
        const heard: unknown[][] = []
        for (const [name, { socket }] of Object.entries({ whole, a, both }))
          socket.onAny((event, message) => heard.push([name, event, message?.stream, message?.seq]))
        const to = { tenant, user: 'ada' }
        const changed = {
          event: 'inbox.changed' as const,
          payload: { ids: [], patch: {}, counts: { unread: 0, unseen: 0 } },
        } satisfies LiveEvent
        const reached = await world.live.deliver([
          { ...to, ...changed, to: 'whole', ask: 'a' },
          { ...to, ...changed, to: 'whole', ask: 'b' },
          { ...to, ...changed, to: 'nobody', ask: '' },
          { ...to, ...changed, to: 'nobody' },
          { ...to, ...changed, to: 'context', context: 'a' },
          { ...to, event: 'preferences.changed', payload: { via: 'app' }, to: 'all' },
          { ...to, event: 'inbox.resync', payload: undefined, to: 'limited' },
          { ...to, event: 'inbox.resync', payload: undefined, to: 'unlimited' },
        ])
        expect(reached).toEqual([
          { whole: true, other: true, active: true },
          { whole: true, other: false, active: true },
          { whole: false, other: true, active: true },
          { whole: false, other: true, active: true },
          { whole: false, other: true, active: true },
          { whole: true, other: true, active: true },
          { whole: false, other: true, active: true },
          { whole: false, other: true, active: true },
        ])
        const of = (name: string) => heard.filter(([by]) => by === name).map(([, ...rest]) => rest)
        await expect.poll(() => heard.length, { timeout: 10_000 }).toBe(9)
        expect(of('whole')).toEqual([
          ['inbox.changed', undefined, 1],
          ['inbox.changed', undefined, 2],
          ['preferences.changed', undefined, 3],
          ['inbox.resync', undefined, undefined],
        ])
        const everyLimited = [
          ['preferences.changed', undefined, undefined],
          ['inbox.resync', undefined, undefined],
        ]
        expect(of('a')).toEqual([['inbox.changed', 'a', 1], ...everyLimited])
        expect(of('both')).toEqual(everyLimited)
      })

      test('presence is that of connections that see the context', async () => {
        const tenant = newTenant()
        const a = await join(1, tenant, 'ada', ['a', ''])
        const viewers = ['a', '', 'b', undefined].map((context) => ({ tenant, user: 'ada', context }))
        const presence = () => world.live.presence(viewers)
        expect(await presence()).toEqual(['here', 'here', 'away', 'here'])
        world.live.left(tenant, 'ada', ['a', ''])
        a.socket.disconnect()
        await expect.poll(presence, { timeout: 10_000 }).toEqual(['left', 'left', 'away', 'left'])
        await join(0, tenant, 'ada')
        expect(await presence()).toEqual(['here', 'here', 'here', 'here'])
      })

      test.each(['","seq":9,"x":"', 'a"]},"type":7,"', '?', '-', '-}', 'x'.repeat(128), 'ü 😀'])(
        'treats a hostile context as an ordinary one: %j',
        async (context) => {
          const tenant = newTenant()
          const theirs = await join(1, tenant, 'ada', [context])
          await world.live.deliver([added(tenant, 'ada', 'theirs', context)])
          expect(await theirs.until(1)).toMatchObject([{ stream: context, seq: 1, item: { context } }])
        },
      )
    })

    idleContract({ world: () => world, join, newTenant })

    test('delivers a thousand messages in one call, to many users', async () => {
      const tenant = newTenant()
      const users = await Promise.all(
        Array.from({ length: 20 }, (_, index) => join(index % 2 ? 1 : 0, tenant, `user-${index}`)),
      )
      const messages = Array.from({ length: 1_000 }, (_, index) =>
        added(tenant, `user-${index % 40}`, String(index)),
      )
      const connected = await reached(world.live, messages)
      expect(connected).toEqual(messages.map((_, index) => index % 40 < 20))
      for (const [index, { until }] of users.entries()) {
        const received = await until(25)
        expect(titles(received)).toEqual(Array.from({ length: 25 }, (_, nth) => String(nth * 40 + index)))
        expect(received.map(({ seq }) => seq)).toEqual(Array.from({ length: 25 }, (_, nth) => nth + 1))
      }
    })

    test.each([
      '__proto__',
      'constructor',
      "'; return redis.call('FLUSHALL') --",
      '"]},"type":7,"',
      'socket.io#/#*',
      'a\u0000b\r\nSUBSCRIBE x',
      'x'.repeat(10_000),
      'exactly-20-character',
    ])('treats a hostile user id as an ordinary id: %j', async (user) => {
      const tenant = newTenant()
      const [them, bystander] = await Promise.all([join(0, tenant, user), join(1, tenant, 'bystander')])
      expect(await reached(world.live, [added(tenant, user, 'theirs')])).toEqual([true])
      expect(titles(await them.until(1))).toEqual(['theirs'])
      await world.live.deliver([added(tenant, 'bystander', 'own')])
      expect(titles(await bystander.until(1))).toEqual(['own'])
      expect(userRooms(tenant, user).whole).not.toHaveLength(20)
    })
  })
