import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { Server } from 'socket.io'
import type { io as Io } from 'socket.io-client'
import { WebSocket } from 'undici'
import { beforeAll, expect, it } from 'vitest'

const OPTIONS = {
  ...{ path: '/hub/socket.io/', transports: ['websocket'], forceNew: true },
  ...{ autoConnect: false, reconnection: false },
}

const { BUNDLES, bundle } = await import(new URL('../../../client-sdk/bundles.mjs', import.meta.url).href)

/** The part of Socket.IO that browsers get. */
let io: typeof Io

beforeAll(async () => {
  const [{ code }] = await bundle(BUNDLES.find(({ name }: { name: string }) => name === 'socket-io'))
  // It looks up the class when it is imported.
  const known = globalThis.WebSocket
  Object.assign(globalThis, { WebSocket })
  ;({ io } = await import(`data:text/javascript,${encodeURIComponent(code)}`))
  Object.assign(globalThis, { WebSocket: known })
})

/** Starts a server that refuses the token `bad`, and returns its origin. */
const startServer = async (host: string) => {
  const http = createServer().listen(0, host)
  await once(http, 'listening')
  const server = new Server(http, { path: '/hub/socket.io', transports: ['websocket'] })
  server.use(({ handshake }, next) =>
    handshake.auth.token === 'bad' ? next(new Error('forbidden')) : next(),
  )
  const { port } = http.address() as AddressInfo
  return {
    server,
    origin: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
  }
}

const hosts = Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address))
/** Containers often have no IPv6. */
const LOOPBACK = ['127.0.0.1', ...(hosts.includes('::1') ? ['::1'] : [])]

it.each(LOOPBACK)('the bundled part of Socket.IO talks to a server at %s', async (host) => {
  const { server, origin } = await startServer(host)
  server.on('connection', (socket) => {
    socket.on('question', (question) => socket.emit('answer', question, socket.handshake.auth))
  })
  try {
    const socket = io(origin, OPTIONS)
    const refused = new Promise<Error>((resolve) => socket.once('connect_error', resolve))
    socket.auth = { token: 'bad' }
    socket.connect()
    expect((await refused).message).toBe('forbidden')

    const answer = new Promise((resolve) => socket.onAny((...args) => resolve(args)))
    socket.auth = { token: 'good' }
    socket.connect()
    socket.emit('question', 'naïve 🔔')
    expect(await answer).toEqual(['answer', 'naïve 🔔', { token: 'good' }])

    const ended = new Promise((resolve) => socket.once('disconnect', resolve))
    server.disconnectSockets()
    expect(await ended).toBe('io server disconnect')
    socket.disconnect()
  } finally {
    await server.close()
  }
})

it.each([
  ['binary', Buffer.from('binary')],
  ['with binary attachments', '51-["answer",{"_placeholder":true,"num":0}]'],
  ['of an unknown type', '9'],
  ['without an event', '2'],
  ['that is not a list', '2null'],
  ['with an event of the client', '2["disconnect"]'],
  ['with a number as event', '2[1]'],
  ['that is not JSON', '2["answer"'],
  ['with an acknowledgement', '21["answer"]'],
])('a message %s closes the connection', async (_, message) => {
  const { server, origin } = await startServer('127.0.0.1')
  server.on('connection', (socket) => {
    socket.conn.write(message)
  })
  try {
    const socket = io(origin, OPTIONS)
    const ended = new Promise((resolve) => socket.once('disconnect', resolve))
    socket.connect()
    expect(await ended).toMatch(/error/)
    socket.disconnect()
  } finally {
    await server.close()
  }
})
