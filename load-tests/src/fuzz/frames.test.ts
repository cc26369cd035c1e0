import { connect as dial } from 'node:net'
import fc from 'fast-check'
import { connect, type Socket } from 'socket.io-client'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { heapBytes } from './heap.ts'
import { encodeFrame, type Frame, openRaw, textFrame } from './raw-socket.ts'
import { fuzzed, PATIENT } from './settings.ts'
import { hostile, hostileText, mutated, toJson } from './values.ts'
import { type FuzzWorld, openWorld } from './world.ts'

const ITEM = '019a0000-0000-7000-8000-000000000001'

let world: FuzzWorld
let token: string
let witness: Socket
beforeAll(async () => {
  world = await openWorld()
  token = await world.tenant.userToken('fuzzed')
  witness = connect(world.url, {
    transports: ['websocket'],
    auth: { token: await world.tenant.userToken('witness') },
  })
  await new Promise<void>((resolve) => witness.once('connect', resolve))
})
afterAll(async () => {
  witness.disconnect()
  await world.close()
})

/** Checks that the witness client was never disconnected and still receives its items. */
const witnessHears = async () => {
  const heard = new Promise((resolve) => witness.once('inbox.added', resolve))
  await world.call('POST', '/v1/notifications', {
    token: world.tenant.key,
    body: { to: 'witness', type: 'test' },
  })
  await heard
}

const received = fc.constant({ ids: [ITEM] })
const json = (values: fc.Arbitrary<unknown>) => values.map(toJson)

/** Valid and almost valid packets of Engine.IO and Socket.IO. */
const packets: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: json(mutated(received)).map((body) => `42["inbox.received",${body}]`) },
  { weight: 3, arbitrary: json(hostile).map((body) => `42["inbox.received",${body}]`) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(hostileText, json(hostile))
      .map(([name, body]) => `42[${JSON.stringify(name)},${body}]`),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.bigInt(), json(hostile))
      .map(([ack, body]) => `42${ack}["inbox.received",${body}]`),
  },
  { weight: 2, arbitrary: json(hostile).map((body) => `42${body}`) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.integer({ min: 0, max: 9 }), json(hostile))
      .map(([type, body]) => `4${type}${body}`),
  },
  { weight: 1, arbitrary: fc.tuple(hostileText, json(hostile)).map(([name, body]) => `40/${name},${body}`) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.nat({ max: 20 }), json(hostile))
      .map(([count, body]) => `45${count}-["inbox.received",${body}]`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '451-["inbox.received",{"_placeholder":true,"num":0}]',
      '451-["inbox.received",{"_placeholder":true,"num":-1}]',
      '451-["inbox.received",{"_placeholder":true,"num":"x"}]',
      '461-1[{"_placeholder":true,"num":0}]',
      '4',
      '42',
      '43',
      '431["x"]',
      '41',
      '44"x"',
      '44{"toString":1}',
      '40',
      '0',
      '1',
      '2probe',
      '3probe',
      '5',
      '6',
      'b',
      'bAAAA',
      '2',
      '9',
      '4\u0000',
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
)

/** WebSocket frames with these packets: mostly valid, others invalid in one part. */
const frames: fc.Arbitrary<Frame> = fc.oneof(
  { weight: 8, arbitrary: packets.map(textFrame) },
  {
    weight: 2,
    arbitrary: fc.record(
      {
        opcode: fc.integer({ min: 0, max: 15 }),
        payload: fc.oneof(
          packets.map((text): Uint8Array => Buffer.from(text)),
          fc.uint8Array({ maxLength: 200 }),
          fc.constantFrom<Uint8Array>(
            Buffer.alloc(20_000, 'x'),
            Buffer.from([0xff, 0xfe]),
            Buffer.from([0x03, 0xe8]),
          ),
        ),
        final: fc.boolean(),
        reserved: fc.constantFrom(0, 0, 0, 4, 7),
        masked: fc.constantFrom(true, true, true, false),
        length: fc.constantFrom(1, 200, 70_000, 2 ** 40),
      },
      { requiredKeys: ['opcode', 'payload', 'final', 'reserved', 'masked'], noNullPrototype: true },
    ),
  },
)

const isGone = () =>
  vi.waitFor(async () => {
    expect(world.ports.io.engine.clientsCount).toBe(1)
    expect(await world.connections()).toBe(1)
    expect(world.ports.io.of('/').adapter.rooms.size).toBe(2)
  }, PATIENT)

/** Sends data on a new connection and closes it. */
const converse = async (auth: string, said: readonly Frame[], abrupt: boolean, welcome = false) => {
  const { socket, heard, closed } = await openRaw(world.port)
  socket.write(encodeFrame(textFrame(`40${auth}`)))
  if (welcome) await vi.waitFor(() => expect(heard()).toContain('40{"sid"'), PATIENT)
  for (const frame of said) if (!socket.destroyed) socket.write(encodeFrame(frame))
  if (abrupt) socket.resetAndDestroy()
  else socket.end(encodeFrame({ ...textFrame(''), opcode: 8 }))
  await closed
}

test('connected clients can close at most their own connection', { timeout: 300_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(frames, { minLength: 1, maxLength: 5 }), fc.boolean(), async (said, abrupt) =>
      converse(JSON.stringify({ token }), said, abrupt, true),
    ),
    fuzzed(250),
  )
  await isGone()
  expect(witness.connected).toBe(true)
  await witnessHears()
  await world.isClean()
})

test('survives any handshake', { timeout: 300_000 }, async () => {
  const auths = fc.oneof(
    json(mutated(fc.constant({ token: 'a.b.c' }))),
    json(hostile.map((value) => ({ token: value }))),
    json(hostile),
    hostileText,
  )
  await fc.assert(
    fc.asyncProperty(auths, fc.array(frames, { maxLength: 2 }), fc.boolean(), (auth, said, abrupt) =>
      converse(auth, said, abrupt),
    ),
    fuzzed(150),
  )
  await isGone()
  await witnessHears()
  await world.isClean()
})

test('survives any upgrade request', { timeout: 300_000 }, async () => {
  const text = hostileText.map((value) => value.replaceAll(/[^\x21-\x7e]/g, '').slice(0, 200))
  const requests = fc.record({
    path: fc.constantFrom(...Array<string>(20).fill('/socket.io/'), '/', '/socket.io', '/elsewhere'),
    query: fc.dictionary(
      fc.constantFrom('EIO', 'transport', 'sid', 'j', 'b64', 't', '__proto__', 'constructor'),
      fc.oneof(
        text,
        fc.constantFrom('4', '3', 'websocket', 'polling', 'webtransport', '__proto__', 'constructor', ''),
      ),
      { maxKeys: 4, noNullPrototype: true },
    ),
    headers: fc.record(
      {
        upgrade: text,
        connection: text,
        origin: text,
        'sec-websocket-key': text,
        'sec-websocket-version': text,
        'sec-websocket-extensions': fc.constantFrom('permessage-deflate', 'permessage-deflate; x=', ';;;'),
        'sec-websocket-protocol': text,
      },
      { requiredKeys: [], noNullPrototype: true },
    ),
    abrupt: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(requests, async ({ path, query, headers, abrupt }) => {
      const search = new URLSearchParams(query)
      const { socket, heard, closed } = await openRaw(world.port, `${path}?${search}`, headers)
      expect(heard()).not.toMatch(/^HTTP\/1\.1 5/)
      if (abrupt) socket.resetAndDestroy()
      else socket.destroy()
      await closed
    }),
    fuzzed(120),
  )
  await isGone()
  await witnessHears()
  await world.isClean()
})

test('survives any bytes', { timeout: 300_000 }, async () => {
  const head = fc.constantFrom(
    'GET / HTTP/1.1\r\nhost: x\r\n\r\n',
    'GET /v1/inbox HTTP/9.9\r\n\r\n',
    'POST /v1/notifications HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n',
    'POST /v1/notifications HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nfffffff\r\n',
    'POST /v1/notifications HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{',
    'GET http://[::1 HTTP/1.1\r\nhost: x\r\n\r\n',
    'GET //// HTTP/1.1\r\nhost: \r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n',
    'CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'GET / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n\r\n',
    'GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nhost: x\r\n\r\n',
    'POST /socket.io/?EIO=4&transport=polling&sid=x HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\nx',
  )
  await fc.assert(
    fc.asyncProperty(head, fc.uint8Array({ maxLength: 100 }), fc.boolean(), async (text, bytes, abrupt) => {
      const socket = dial({ port: world.port, host: '127.0.0.1' })
      let heard = ''
      const closed = new Promise((resolve) => socket.once('close', resolve))
      socket
        .on('error', () => socket.destroy())
        .on('data', (chunk) => {
          heard += chunk.toString('latin1')
        })
      await new Promise((resolve) => socket.once('connect', resolve))
      socket.write(Buffer.concat([Buffer.from(text), bytes]))
      if (abrupt) {
        socket.resetAndDestroy()
      } else {
        socket.end()
      }
      await closed
      expect(heard).not.toMatch(/HTTP\/1\.1 5/)
    }),
    fuzzed(100),
  )
  await isGone()
  await world.works()
  await world.isClean()
})

test('misbehaving connections leak no memory', { timeout: 300_000 }, async () => {
  const said = fc.sample(frames, { seed: 7, numRuns: 40 })
  const rounds = async (count: number) => {
    for (let round = 0; round < count; round++)
      for (let from = 0; from < said.length; from += 4)
        await converse(JSON.stringify({ token }), said.slice(from, from + 4), round % 2 === 0, true)
    await isGone()
  }
  await rounds(8)
  const before = await heapBytes()
  await rounds(20)
  // A leaked connection takes about 30 kB; there were 200.
  expect((await heapBytes()) - before).toBeLessThan(3_500_000)
})
