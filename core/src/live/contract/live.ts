import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { InboxAdded, InboxItem } from '@carillon/schemas'
import { io as connect, type Socket } from 'socket.io-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Live, LiveMessage } from '../port.ts'
import { userRoom } from '../room.ts'
import type { LiveServer } from '../server.ts'

/** A hub for tests. It trusts the user id that a client sends. */
export const openHub = async (io: LiveServer) => {
  io.use(async (socket, next) => {
    const { tenant, user } = socket.handshake.auth
    await socket.join(userRoom(tenant, user))
    next()
  })
  const server = createServer()
  io.attach(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { io, url, close: () => io.close() }
}

export type Client = {
  socket: Socket
  received: InboxAdded[]
  /** Resolves to all added items once there are at least `count`. */
  until(count: number): Promise<InboxAdded[]>
}

/** A device of a user, connected to the hub at this address. */
export const device = async (url: string, tenant: string, user: string): Promise<Client> => {
  const socket = connect(url, { transports: ['websocket'], forceNew: true, auth: { tenant, user } })
  const received: InboxAdded[] = []
  let wake = () => {}
  socket.on('inbox.added', (message: InboxAdded) => {
    received.push(message)
    wake()
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('connect_error', reject)
  })
  const until = async (count: number) => {
    while (received.length < count)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    return received
  }
  return { socket, received, until }
}

export const added = (tenant: string, user: string, title: string): LiveMessage => {
  const item: InboxItem = {
    id: randomUUID(),
    notification: 'n',
    type: 'comment.created',
    priority: 'normal',
    title,
    createdAt: '2026-01-31T09:00:00Z',
    receivedAt: null,
    seenAt: null,
    readAt: null,
    archivedAt: null,
    snoozedUntil: null,
    acted: {},
  }
  return { tenant, user, event: 'inbox.added', payload: { item } }
}

const titles = (messages: readonly InboxAdded[]) => messages.map(({ item }) => item.title)
const newTenant = () => `t-${randomUUID()}`

/** `live` delivers to clients of every hub. `hubs` are addresses, the same one twice if there is only one hub. */
export type LiveWorld = { live: Live; hubs: [string, string]; close(): Promise<void> }

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
    const join = async (hub: 0 | 1, tenant: string, user: string) => {
      const joined = await device(world.hubs[hub], tenant, user)
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
      expect(await world.live.deliver(messages)).toEqual([false, true, false, true])
      ada.socket.disconnect()
      await expect
        .poll(() => world.live.deliver([added(tenant, 'ada', 'gone')]), { timeout: 10_000 })
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
      expect({ seq, payload }).toEqual({ seq: 1, payload: message.payload })
    })

    test('delivers the other events as well', async () => {
      const tenant = newTenant()
      const ada = await join(1, tenant, 'ada')
      const heard: unknown[] = []
      ada.socket.onAny((event, { epoch, ...message }) => heard.push([event, message]))
      const counts = { unread: 1, unseen: 2 }
      const patch = { readAt: '2026-01-31T09:00:00Z' }
      await world.live.deliver([
        { tenant, user: 'ada', event: 'inbox.changed', payload: { all: true, patch, counts } },
        { tenant, user: 'ada', event: 'inbox.removed', payload: { ids: ['x'], counts } },
        added(tenant, 'ada', 'last'),
      ])
      await ada.until(1)
      expect(heard.slice(0, 2)).toEqual([
        ['inbox.changed', { all: true, patch, counts, seq: 1 }],
        ['inbox.removed', { ids: ['x'], counts, seq: 2 }],
      ])
    })

    test('delivers a thousand messages in one call, to many users', async () => {
      const tenant = newTenant()
      const users = await Promise.all(
        Array.from({ length: 20 }, (_, index) => join(index % 2 ? 1 : 0, tenant, `user-${index}`)),
      )
      const messages = Array.from({ length: 1_000 }, (_, index) =>
        added(tenant, `user-${index % 40}`, String(index)),
      )
      const connected = await world.live.deliver(messages)
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
      expect(await world.live.deliver([added(tenant, user, 'theirs')])).toEqual([true])
      expect(titles(await them.until(1))).toEqual(['theirs'])
      await world.live.deliver([added(tenant, 'bystander', 'own')])
      expect(titles(await bystander.until(1))).toEqual(['own'])
      expect(userRoom(tenant, user)).not.toHaveLength(20)
    })
  })
