import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { announced } from '@carillon/core/cache/invalidation/announced'
import { inProcessInvalidations } from '@carillon/core/cache/invalidation/in-process'
import { createSettingsCache } from '@carillon/core/cache/settings-cache'
import { UnavailableError } from '@carillon/core/errors'
import { inProcessLive } from '@carillon/core/live/in-process'
import { userRooms } from '@carillon/core/live/room'
import { standaloneServer } from '@carillon/core/live/server'
import { newTenant, newTenantSecret } from '@carillon/core/security/new-tenant'
import { createSeal } from '@carillon/core/security/seal'
import { CLOCK_TOLERANCE_SECONDS, signUserToken } from '@carillon/core/security/user-tokens'
import { openDatabase } from '@carillon/core/sqlite/database'
import type { Owner } from '@carillon/core/store/ports/inbox'
import { sqliteStore } from '@carillon/core/store/sqlite'
import { createLog } from '@carillon/core/telemetry/log'
import { createMetrics } from '@carillon/core/telemetry/metrics'
import { connect, Manager, type Socket } from 'socket.io-client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createRefusals } from '../http/refused-credentials.ts'
import { attachSockets, FRAMES_PER_WINDOW } from './attach.ts'
import { CONNECTIONS_PER_USER } from './handshake.ts'

const ITEM = '019a0000-0000-7000-8000-000000000001'

const openEdge = async () => {
  const database = openDatabase(':memory:')
  const invalidations = inProcessInvalidations()
  const seal = createSeal('a secret only for tests')
  const bare = sqliteStore({ database, seal, retention: 90 * 86_400_000 })
  await bare.migrate()
  const store = announced(bare, invalidations)
  const tenant = newTenant('acme')
  const other = newTenant('globex')
  await store.tenants.put(tenant)
  await store.tenants.put(other)
  const cache = createSettingsCache(store, invalidations)
  const io = standaloneServer()
  const log = createLog({ level: 'silent', role: 'test' })
  const warn = vi.spyOn(log, 'warn')
  const metrics = createMetrics()
  const receipts: { owner: Owner; ids: readonly string[] }[] = []
  const left: Owner[] = []
  let lose = () => {}
  const sockets = attachSockets({
    io,
    cache,
    invalidations,
    tenants: store.tenants,
    users: store.users,
    admission: { authenticated: () => {} },
    rateLimit: { user: async () => ({}), refused: (error) => error },
    refusals: createRefusals({ log }),
    onReceived: (owner, ids) => receipts.push({ owner, ids }),
    live: {
      onLoss: (listener) => {
        lose = listener
      },
      left: (tenant, user) => left.push({ tenant, user }),
    },
    log,
    metrics,
  })
  const server = createServer()
  io.attach(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    store,
    bare,
    invalidations,
    tenant,
    other,
    cache,
    io,
    live: inProcessLive({ io }),
    sockets,
    receipts,
    left,
    warn,
    log,
    lose: () => lose(),
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: async () => (await metrics.connections.get()).values[0]?.value,
    close: async () => {
      await sockets.close()
      await io.close()
      await store.close()
      await database.close()
    },
  }
}

let edge: Awaited<ReturnType<typeof openEdge>>
const clients: Socket[] = []
/** Awaits a condition that no event announces. */
const soon = <Value>(look: () => Value) => expect.poll(look, { timeout: 10_000, interval: 10 })
beforeEach(async () => {
  edge = await openEdge()
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect()
  await edge.close()
})

const tokenFor = async (user: string, seconds?: number, tenant = edge.tenant) =>
  (await signUserToken(tenant, user, seconds)).token

const open = (auth: Record<string, unknown>, options: { reconnectionDelay?: number } = {}): Socket => {
  const client = connect(edge.url, { transports: ['websocket'], forceNew: true, auth, ...options })
  clients.push(client)
  return client
}

/** Resolves with the first event of this name: its argument, or its arguments. */
const next = <Value>(client: Pick<Socket, 'once'>, event: string) =>
  new Promise<Value>((resolve) => client.once(event, resolve))

const enter = async (user: string): Promise<Socket> => {
  const client = open({ token: await tokenFor(user) })
  await next(client, 'connect')
  return client
}

const refusal = async (auth: Record<string, unknown>) =>
  next<Error & { data: unknown }>(open(auth), 'connect_error')

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const forge = (header: object, claims: object, secret: string) => {
  const content = `${base64(header)}.${base64(claims)}`
  return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`
}
const seconds = () => Math.floor(Date.now() / 1_000)

test('a valid token admits a socket to the room of its user only', async () => {
  const ada = await enter('ada')
  const [socket] = edge.io.of('/').sockets.values()
  expect([...(socket?.rooms ?? [])].filter((room) => room !== ada.id)).toEqual([
    userRooms('acme', 'ada').whole,
  ])
  expect(await edge.connections()).toBe(1)
  const removed = next(ada, 'inbox.removed')
  const counts = { unread: 0, unseen: 0 }
  await edge.live.deliver([
    { tenant: 'acme', user: 'ada', event: 'inbox.removed', payload: { ids: [ITEM], counts }, to: 'whole' },
  ])
  expect(await removed).toMatchObject({ ids: [ITEM], counts, seq: 1 })
})

test('a token limited to contexts admits a socket to their rooms only, and may not open more than the others', async () => {
  const token = (await signUserToken(edge.tenant, 'ada', 60, ['__proto__', ''])).token
  const limited = open({ token })
  await next(limited, 'connect')
  const [socket] = edge.io.of('/').sockets.values()
  expect(new Set([...(socket?.rooms ?? [])].filter((room) => room !== limited.id))).toEqual(
    new Set([
      userRooms('acme', 'ada').limited,
      userRooms('acme', 'ada').context('__proto__'),
      userRooms('acme', 'ada').context(''),
    ]),
  )
  for (let opened = 1; opened < CONNECTIONS_PER_USER; opened++) await enter('ada')
  expect((await refusal({ token })).message).toBe('rate_limited')
  expect((await refusal({ token: await tokenFor('ada') })).message).toBe('rate_limited')
})

test('the handshake is released from memory', async () => {
  await enter('ada')
  const [socket] = edge.io.of('/').sockets.values()
  expect(socket?.handshake).toMatchObject({ headers: {}, auth: {}, query: {} })
  expect(socket?.conn.request).toBeNull()
})

const good = () => ({ iss: 'acme', sub: 'ada', aud: 'carillon', iat: seconds(), exp: seconds() + 60 })
const HS256 = { alg: 'HS256', typ: 'JWT' }
const bad: Record<string, () => Promise<unknown> | unknown> = {
  missing: () => undefined,
  'not text': () => ({ toString: 1 }),
  garbage: () => 'garbage',
  unsigned: () => `${base64({ alg: 'none', typ: 'JWT' })}.${base64(good())}.`,
  'signed with another secret': () => forge(HS256, good(), newTenantSecret().secret),
  'another tenant by its own secret': () => forge(HS256, good(), edge.other.secrets[0]?.secret ?? ''),
  'of an unknown tenant': async () => tokenFor('ada', 60, newTenant('nobody')),
  'for another audience': () =>
    forge(HS256, { ...good(), aud: 'elsewhere' }, edge.tenant.secrets[0]?.secret ?? ''),
  'valid for a year': () =>
    forge(
      HS256,
      { ...good(), iat: seconds() - 90_000, exp: seconds() + 365 * 86_400 },
      edge.tenant.secrets[0]?.secret ?? '',
    ),
  'for a hostile user id': () =>
    forge(HS256, { ...good(), sub: 'ada\u0000' }, edge.tenant.secrets[0]?.secret ?? ''),
  'longer than a frame may be': () => 'x'.repeat(12_000),
}

test.each(Object.keys(bad))('a token that is %s is rejected, and the connection ends', async (name) => {
  const token = await bad[name]?.()
  const error = await refusal({ token })
  expect(error.message).toMatch(/^(unauthenticated|token_expired)$/)
  expect(error.data).toMatchObject({ status: 401, code: error.message, temporary: false })
  await soon(() => edge.io.engine.clientsCount).toBe(0)
  expect(edge.io.of('/').adapter.rooms.size).toBe(0)
  expect(edge.left).toEqual([])
})

test('an API key in place of a token is refused with a reason of its own', async () => {
  expect((await refusal({ token: 'ck_acme_secret' })).data).toMatchObject({
    ...{ code: 'unauthenticated', detail: 'the token is an API key; this operation takes user tokens' },
  })
})

test('a disconnect is reported once per connection, and only for that connection', async () => {
  const [ada, tab] = await Promise.all([enter('ada'), enter('ada'), enter('bob')])
  expect(edge.left).toEqual([])
  ada.disconnect()
  await soon(() => edge.left).toEqual([{ tenant: 'acme', user: 'ada' }])
  tab.io.engine.close()
  await soon(() => edge.left.length).toBe(2)
  expect(edge.left[1]).toEqual({ tenant: 'acme', user: 'ada' })
})

test('an expired token is rejected with `token_expired`', async () => {
  const { secret = '' } = edge.tenant.secrets[0] ?? {}
  const expired = { ...good(), iat: seconds() - 120, exp: seconds() - 61 }
  expect((await refusal({ token: forge(HS256, expired, secret) })).message).toBe('token_expired')
  const tolerated = { ...good(), iat: seconds() - 120, exp: seconds() - 30 }
  await next(open({ token: forge(HS256, tolerated, secret) }), 'connect')
})

test('a token signed with a withdrawn secret is rejected', async () => {
  const token = await tokenFor('ada')
  await edge.store.tenants.put({ ...edge.tenant, secrets: [newTenantSecret()] })
  expect((await refusal({ token })).message).toBe('unauthenticated')
})

test('connections end when the secret of their token is withdrawn, and others stay', async () => {
  const old = edge.tenant.secrets[0] ?? expect.fail()
  const rotated = { ...edge.tenant, secrets: [newTenantSecret(), old] }
  const [ada, stranger] = [await enter('ada'), open({ token: await tokenFor('ada', undefined, edge.other) })]
  await next(stranger, 'connect')
  await edge.store.tenants.put(rotated)
  const bob = open({ token: await tokenFor('bob', undefined, { ...edge.tenant, ...rotated }) })
  await next(bob, 'connect')
  expect(ada.connected).toBe(true)
  const refused = next<Error>(ada, 'connect_error')
  const ended = next(ada, 'disconnect')
  await edge.store.tenants.put({ ...rotated, secrets: rotated.secrets.slice(0, 1) })
  expect(await ended).toBe('transport close')
  expect((await refused).message).toBe('unauthenticated')
  expect([bob.connected, stranger.connected]).toEqual([true, true])
})

test('connections are checked again if their secret could not be looked up', async () => {
  const ada = await enter('ada')
  const look = vi
    .spyOn(edge.store.tenants, 'get')
    .mockRejectedValueOnce(new UnavailableError('store', 'away'))
  await edge.bare.tenants.put({ ...edge.tenant, secrets: [newTenantSecret()] })
  const ended = next(ada, 'disconnect')
  await edge.invalidations.publish('all')
  expect(await ended).toBe('transport close')
  expect(look.mock.calls.length).toBeGreaterThan(1)
})

test('connections end when their user is erased, even if the erasure becomes known later', async () => {
  const [ada, tab, bob] = await Promise.all([enter('ada'), enter('ada'), enter('bob')])
  const refused = next<Error>(ada, 'connect_error')
  const ended = [ada, tab].map((client) => next(client, 'disconnect'))
  await edge.store.users.remove('acme', 'ada')
  expect(await Promise.all(ended)).toEqual(['transport close', 'transport close'])
  expect((await refused).message).toBe('unauthenticated')
  expect(bob.connected).toBe(true)
  // Erased by another process, while the bus and the store were unreachable.
  vi.spyOn(edge.store.users, 'erased').mockRejectedValueOnce(new UnavailableError('store', 'away'))
  await edge.bare.users.remove('acme', 'bob')
  const gone = next(bob, 'disconnect')
  await edge.invalidations.publish('all')
  expect(await gone).toBe('transport close')
})

test('a connection ends when its token expires, and cannot reconnect with it', async () => {
  const bob = await enter('bob')
  const { secret = '' } = edge.tenant.secrets[0] ?? {}
  const claims = { ...good(), iat: seconds() - 120, exp: seconds() - CLOCK_TOLERANCE_SECONDS + 3 }
  const ada = open({ token: forge(HS256, claims, secret) }, { reconnectionDelay: 10 })
  await next(ada, 'connect')
  const refused = next<Error>(ada, 'connect_error')
  expect(await next(ada, 'disconnect')).toBe('transport close')
  expect((await refused).message).toBe('token_expired')
  expect(bob.connected).toBe(true)
})

test('receipts of a client reach the hub with the owner from the token', async () => {
  const ada = await enter('ada')
  ada.emit('inbox.received', { ids: [ITEM] })
  await soon(() => edge.receipts).toEqual([{ owner: { tenant: 'acme', user: 'ada' }, ids: [ITEM] }])
})

const offences: Record<string, [reason: string, commit: (client: Socket) => void]> = {
  'an unknown event': ['unknown_event', (client) => client.emit('join', userRooms('globex', 'ada').whole)],
  'an event for hubs': ['unknown_event', (client) => client.emit('inbox.added', { item: {} })],
  'receipts of nothing': ['malformed_event', (client) => client.emit('inbox.received')],
  'receipts of another shape': ['malformed_event', (client) => client.emit('inbox.received', [ITEM])],
  'receipts with an owner': [
    'malformed_event',
    (client) => client.emit('inbox.received', { ids: [ITEM], user: 'bob' }),
  ],
  'receipts of ids that are none': [
    'malformed_event',
    (client) => client.emit('inbox.received', { ids: ["' OR 1=1"] }),
  ],
  'too many receipts at once': [
    'malformed_event',
    (client) => client.emit('inbox.received', { ids: Array(101).fill(ITEM) }),
  ],
  'binary receipts': ['malformed_event', (client) => client.emit('inbox.received', Buffer.alloc(8))],
  'an event that wants an answer': [
    'malformed_event',
    (client) => client.emit('inbox.received', { ids: [ITEM] }, () => {}),
  ],
  'a frame that is not Socket.IO': ['malformed_frame', (client) => client.io.engine.write('2{"a":1}')],
  'a flood of events': [
    'too_many_frames',
    (client) => {
      for (let sent = 0; sent < 500; sent++) client.emit('inbox.received', { ids: [ITEM] })
    },
  ],
  'a flood of handshakes elsewhere': [
    'too_many_frames',
    (client) => {
      for (let sent = 0; sent < 500; sent++) client.io.engine.write('0/elsewhere,')
    },
  ],
}

test.each(Object.keys(offences))('%s ends that connection and nothing else', async (name) => {
  const [reason, commit] = offences[name] ?? expect.fail()
  const [ada, tab, bob] = await Promise.all([enter('ada'), enter('ada'), enter('bob')])
  const ended = next(ada, 'disconnect')
  commit(ada)
  expect(['io server disconnect', 'transport close']).toContain(await ended)
  expect(edge.warn.mock.calls.map(([context]) => context)).toEqual([{ tenant: 'acme', reason }])
  expect(edge.receipts.length).toBeLessThanOrEqual(FRAMES_PER_WINDOW)
  tab.emit('inbox.received', { ids: [ITEM] })
  await soon(() => edge.receipts.at(-1)?.owner).toEqual({ tenant: 'acme', user: 'ada' })
  expect([tab.connected, bob.connected]).toEqual([true, true])
  await soon(edge.connections).toBe(2)
})

test.each([{ toString: 1 }, 'x', -1, null])(
  'ids whose length is %j end only their own connection',
  async (length) => {
    const [ada, bob] = await Promise.all([enter('ada'), enter('bob')])
    const ended = next(ada, 'disconnect')
    ada.emit('inbox.received', { ids: { length } })
    expect(await ended).toBe('io server disconnect')
    bob.emit('inbox.received', { ids: [ITEM] })
    await soon(() => edge.receipts.length).toBe(1)
    expect(bob.connected).toBe(true)
  },
)

test('a handler that throws ends only its own connection', async () => {
  const [ada, bob] = await Promise.all([enter('ada'), enter('bob')])
  const ended = next(ada, 'disconnect')
  const error = vi.spyOn(edge.log, 'error')
  edge.receipts.push = () => {
    throw new TypeError('Cannot convert object to primitive value')
  }
  ada.emit('inbox.received', { ids: [ITEM] })
  expect(await ended).toBe('io server disconnect')
  expect(error.mock.calls[0]?.[1]).toBe('a socket handler failed')
  expect(bob.connected).toBe(true)
})

test('a frame of a megabyte ends its connection before it is parsed', async () => {
  const [ada, bob] = await Promise.all([enter('ada'), enter('bob')])
  const ended = next(ada, 'disconnect')
  ada.emit('inbox.received', { ids: ['x'.repeat(1_048_576)] })
  await ended
  expect(edge.receipts).toEqual([])
  expect(bob.connected).toBe(true)
})

test('other namespaces are rejected', async () => {
  const ada = await enter('ada')
  const elsewhere = ada.io.socket('/admin')
  expect((await next<Error>(elsewhere, 'connect_error')).message).toBe('Invalid namespace')
  expect(ada.connected).toBe(true)
})

test('a connection accepts one handshake', async () => {
  const token = await tokenFor('ada')
  const manager = new Manager(edge.url, {
    transports: ['websocket'],
    autoConnect: false,
    reconnection: false,
  })
  await new Promise((resolve) => manager.open(resolve))
  const closed = next(manager.engine as unknown as Pick<Socket, 'once'>, 'close')
  for (let sent = 0; sent < 3; sent++) manager.engine.write(`0${JSON.stringify({ token })}`)
  await closed
  await soon(() => edge.io.of('/').adapter.rooms.size).toBe(0)
})

test('too many connections of one user are rejected; existing ones stay', async () => {
  const token = await tokenFor('ada')
  const tabs = Array.from({ length: CONNECTIONS_PER_USER }, () => open({ token }))
  await Promise.all(tabs.map((tab) => next(tab, 'connect')))
  const error = await refusal({ token })
  expect([error.message, error.data]).toMatchObject(['rate_limited', { temporary: true }])
  expect(edge.left).toEqual([])
  expect(tabs.every(({ connected }) => connected)).toBe(true)
  await enter('bob')
})

test('a client that does not read is disconnected, so that unread frames are bounded', async () => {
  const ada = await enter('ada')
  const { transport } = ada.io.engine as unknown as {
    transport: { ws: { _socket: { pause(): void; resume(): void } } }
  }
  const [socket] = edge.io.of('/').sockets.values()
  const gone = next<string>(socket as unknown as Socket, 'disconnect')
  transport.ws._socket.pause()
  const counts = { unread: 0, unseen: 0 }
  const ids = Array(400).fill(ITEM)
  const removed = { event: 'inbox.removed', payload: { ids, counts }, to: 'whole' } as const
  await edge.live.deliver(Array(2_000).fill({ tenant: edge.tenant.id, user: 'ada', ...removed }))
  expect(await gone).toBe('forced close')
  transport.ws._socket.resume()
})

test('every client is told to refetch when live messages may have been lost', async () => {
  const both = await Promise.all([enter('ada'), enter('bob')])
  const told = both.map((client) => next(client, 'inbox.resync'))
  edge.lose()
  await Promise.all(told)
})

test('a drain closes all connections gradually, and rejects new ones', async () => {
  const tabs = await Promise.all(Array.from({ length: 20 }, (_, index) => enter(`user-${index}`)))
  const left = tabs.map((tab) => next(tab, 'disconnect'))
  await edge.sockets.drain(200)
  expect(await Promise.all(left)).toEqual(tabs.map(() => 'transport close'))
  const error = await refusal({ token: await tokenFor('ada') })
  expect([error.message, error.data]).toMatchObject(['unavailable', { temporary: true }])
  expect(await edge.connections()).toBe(0)
})

test('an idle connection gets messages, acknowledges nothing and does not count as presence', async () => {
  const owner = { tenant: edge.tenant.id, user: 'ada' }
  const ada = await enter('ada')
  const presence = () => edge.live.presence([owner])
  expect(await presence()).toEqual(['here'])
  ada.emit('presence', { active: false })
  await soon(presence).toEqual(['away'])
  const heard = next(ada, 'inbox.removed')
  const counts = { unread: 0, unseen: 0 }
  await edge.live.deliver([
    { ...owner, event: 'inbox.removed', payload: { ids: [ITEM], counts }, to: 'whole' },
  ])
  expect(await heard).toMatchObject({ seq: 1 })
  ada.emit('inbox.received', { ids: [ITEM] })
  ada.emit('presence', { active: true })
  ada.emit('presence', { active: true })
  await soon(presence).toEqual(['here'])
  expect(edge.receipts).toEqual([])
  ada.emit('inbox.received', { ids: [ITEM] })
  await soon(() => edge.receipts).toEqual([{ owner, ids: [ITEM] }])
  for (const active of [false, true, false, true, false]) ada.emit('presence', { active })
  await soon(presence).toEqual(['away'])
  ada.disconnect()
  await soon(() => edge.connections()).toBe(0)
  expect(edge.left).toEqual([])
})

test.each([
  [],
  [{}],
  [{ active: 'no' }],
  [{ active: false, more: 1 }],
  [JSON.parse('{"active":false,"__proto__":{"active":true}}')],
  [{ active: false }, 'more'],
  [Array.from({ length: 1_000 }, () => 'x')],
])('a hostile presence changes nothing and ends the connection: %j', async (...args) => {
  const ada = await enter('ada')
  const gone = next(ada, 'disconnect')
  ada.emit('presence', ...args)
  expect(await gone).toBe('io server disconnect')
  expect(edge.left).toEqual([{ tenant: edge.tenant.id, user: 'ada' }])
  await enter('bob')
})
