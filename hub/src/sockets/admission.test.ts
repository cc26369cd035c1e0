import { EventEmitter, once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { createMetrics } from '@carillon/core/telemetry/metrics'
import { afterEach, expect, test } from 'vitest'
import type { HubOptions } from '../options.ts'
import { openHub, type TestHub } from '../testing/hub.ts'
import { createAdmission } from './admission.ts'

/** Long enough for a busy machine. */
const SOON = { timeout: 15_000 }

let own: TestHub | undefined
const opened: Socket[] = []
afterEach(async () => {
  for (const socket of opened.splice(0)) socket.destroy()
  await own?.close()
})

const start = async (options: Partial<HubOptions>) => {
  const hub = await openHub(options)
  own = hub
  const { port } = await hub.hub.listen(0, '127.0.0.1')
  /** Sends an upgrade. Resolves with the response and the connection, which sends nothing more by itself. */
  const upgrade = async (headers: Record<string, string> = {}) => {
    const socket = createConnection(port, '127.0.0.1')
    socket.on('error', () => {})
    opened.push(socket)
    const lines = Object.entries({ ...UPGRADE, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(`GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n${lines.join('')}\r\n`)
    const [answer] = await once(socket, 'data')
    return { status: Number(String(answer).slice(9, 12)), answer: String(answer), socket }
  }
  const limited = async (limit: string) =>
    (await hub.ports.metrics.rateLimited.get()).values.find(({ labels }) => labels.limit === limit)?.value
  return { hub, upgrade, limited }
}
const UPGRADE = {
  Host: 'hub',
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

/** Returns a client frame (RFC 6455), masked with zeros. */
const frame = (text: string) => {
  const length = Buffer.byteLength(text)
  return Buffer.concat([
    Buffer.from([0x81, 0x80 | 126, length >> 8, length & 255, 0, 0, 0, 0]),
    Buffer.from(text),
  ])
}

test('limits sockets per address; a further one is rejected until one closes', async () => {
  const { upgrade, limited } = await start({ socketsPerAddress: { sockets: 3, handshakes: 10 } })
  const three = [await upgrade(), await upgrade(), await upgrade()]
  expect(three.map(({ status }) => status)).toEqual([101, 101, 101])
  const { status, answer } = await upgrade()
  expect(status).toBe(429)
  expect(answer).toMatch(/^retry-after: 5\r$/m)
  expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ code: 'rate_limited' })
  expect(await limited('sockets')).toBe(1)
  three[0]?.socket.destroy()
  await expect.poll(async () => (await upgrade()).status, SOON).toBe(101)
})

test('counts clients behind a trusted proxy separately, and ignores forged addresses', async () => {
  const limits = { socketsPerAddress: { sockets: 1, handshakes: 10 } }
  const trusting = await start({ ...limits, trustedProxies: ['127.0.0.0/8'] })
  const statusOf = async ({ upgrade }: typeof trusting, client: string) =>
    (await upgrade({ 'X-Forwarded-For': client })).status
  expect(await statusOf(trusting, '198.51.100.1')).toBe(101)
  expect(await statusOf(trusting, '198.51.100.2')).toBe(101)
  expect(await statusOf(trusting, '198.51.100.9, 198.51.100.2')).toBe(429)
  expect(await statusOf(trusting, '2001:db8::1')).toBe(101)
  expect(await statusOf(trusting, '2001:db8::2')).toBe(429)
  await own?.close()

  const wary = await start({ ...limits, trustedProxies: ['10.0.0.0/8'] })
  expect(await statusOf(wary, '198.51.100.1')).toBe(101)
  expect(await statusOf(wary, '198.51.100.2')).toBe(429)
})

test('keeps only a few sockets without a token, and none beyond the deadline', async () => {
  const { upgrade, limited } = await start({ socketsPerAddress: { sockets: 1_000, handshakes: 2 } })
  const silent = await Promise.all(Array.from({ length: 40 }, () => upgrade()))
  expect(new Set(silent.map(({ status }) => status))).toEqual(new Set([101]))
  const open = () => silent.filter(({ socket }) => !socket.destroyed).length
  await expect.poll(open, SOON).toBeLessThanOrEqual(2)
  expect(await limited('handshakes')).toBeGreaterThanOrEqual(38)
  expect((await upgrade()).status).toBe(101)
  // The deadline for presenting a token.
  await expect.poll(open, SOON).toBe(0)
})

test('does not count a socket with a valid token as a handshake', async () => {
  const { hub, upgrade } = await start({ socketsPerAddress: { sockets: 1_000, handshakes: 1 } })
  const tenant = await hub.tenant()
  const token = await tenant.userToken('ann')
  const sockets = []
  for (let n = 0; n < 25; n++) {
    const { status, socket } = await upgrade()
    expect(status).toBe(101)
    socket.write(frame(`40${JSON.stringify({ token })}`))
    for (let text = ''; !text.includes('40{"sid"'); ) text += String((await once(socket, 'data'))[0])
    sockets.push(socket)
  }
  // One more silent socket than the limit, until both it and a further one have been checked.
  const silent = [await upgrade(), await upgrade()]
  await expect.poll(() => silent.filter(({ socket }) => socket.destroyed).length, SOON).toBe(1)
  expect(sockets.filter((socket) => socket.destroyed)).toEqual([])
})

test('limits a burst of sockets without a token, not counting closed ones', () => {
  const admission = createAdmission({
    addressOf: ({ url }) => url ?? '',
    limits: { sockets: 1_000, handshakes: 2 },
    metrics: createMetrics(),
  })
  const upgrade = (url: string) => {
    const socket = new EventEmitter()
    return { refused: admission.refusal({ url, socket } as never, 'upgrade'), socket }
  }
  const burst = Array.from({ length: 40 }, () => upgrade('one'))
  expect(burst.filter(({ refused }) => refused)).toEqual([])
  expect(upgrade('one').refused?.problem.code).toBe('rate_limited')
  expect(upgrade('other').refused).toBeUndefined()
  admission.authenticated(burst[0]?.socket as never)
  expect(upgrade('one').refused).toBeUndefined()
  burst[1]?.socket.emit('close')
  expect(upgrade('one').refused).toBeUndefined()
  expect(upgrade('one').refused?.problem.code).toBe('rate_limited')
  admission.close()
})
