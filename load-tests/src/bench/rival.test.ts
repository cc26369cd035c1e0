import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { openLoop, requestLoop } from './load.ts'
import type { Mark } from './payload.ts'
import { startReceivers } from './receivers.ts'
import { overRequests } from './requests.ts'
import { describedRival, readRival } from './rival.ts'

const undos: (() => unknown)[] = []
const later = (undo: () => unknown) => undos.push(undo)
afterEach(async () => {
  for (const undo of undos.splice(0).reverse()) await undo()
})

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const acceptOf = (key: string | undefined) => createHash('sha1').update(`${key}${GUID}`).digest('base64')

const frame = (body: string, opcode = 1) => {
  const bytes = Buffer.from(body)
  const head = bytes.length < 126 ? [bytes.length] : [126, bytes.length >> 8, bytes.length & 255]
  return Buffer.concat([Buffer.from([0x80 | opcode, ...head]), bytes])
}

/** Starts a minimal publish-subscribe server: `POST /publish/<channel>` reaches those who have sent the channel as a message. */
const startServer = async () => {
  const channels = new Map<string, Set<Socket>>()
  const replies: string[] = []
  const server = createServer(async (request, response) => {
    const body = await text(request)
    if (request.headers['x-key'] !== 'secret') return response.writeHead(401).end()
    const all = channels.get(request.url?.slice('/publish/'.length) ?? '') ?? []
    for (const socket of all) socket.write(frame(JSON.stringify({ message: body })))
    response.writeHead(204).end()
  })
  server.on('upgrade', (request, socket: Socket) => {
    later(() => socket.destroy())
    socket.on('error', () => {})
    const accept = acceptOf(request.headers['sec-websocket-key'])
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
    socket.on('data', (data) => {
      for (let at = 0; at < data.length; at += 6 + ((data[at + 1] ?? 0) & 127)) {
        const message = data.toString('utf8', at + 6, at + 6 + ((data[at + 1] ?? 0) & 127))
        if (message.startsWith('{"subscribe"')) {
          const { subscribe } = JSON.parse(message)
          channels.set(subscribe, (channels.get(subscribe) ?? new Set()).add(socket))
          socket.write(Buffer.concat([frame('', 9), frame('{}'), frame(`{"subscribed":"${subscribe}"}`)]))
        } else replies.push(message)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  later(() => server.close())
  later(() => server.closeAllConnections())
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, replies }
}

const descriptionOf = (host: string) => ({
  name: 'tiny',
  publish: { url: `http://${host}/publish/{user}`, headers: { 'X-Key': 'secret' }, body: '{data}' },
  broadcast: { url: `http://${host}/publish/all`, headers: { 'X-Key': 'secret' }, body: '{data}' },
  receive: {
    url: `ws://${host}/socket?user={user}`,
    first: [{ subscribe: 'all' }, { subscribe: '{user}' }],
    ready: '"subscribed":"user-',
    replies: { '{}': 'pong' },
  },
})

const connect = async (description: unknown, toAll: boolean) => {
  const rival = describedRival(description)
  const receivers = await startReceivers(['--conditions=source', '--import', 'tsx'])
  later(receivers.stop)
  const connections = rival.connections(5)
  await receivers.subscribe(Array.from({ length: connections }, (_, user) => rival.subscription(user)))
  const requestFor = (mark: Mark) => (toAll && rival.toAll?.(mark)) || rival.toUser(mark, connections)
  const { url, processes } = rival
  return {
    receivers,
    connections,
    target: await overRequests(later, { url, processes, inFlight: 4, requestFor }),
  }
}

test('another system is measured by its description, to one user and to all', async () => {
  const { host, replies } = await startServer()
  const single = await connect(descriptionOf(host), false)
  const closed = { connections: 5, seconds: 0.2, inFlight: 4, window: 100 }
  const round = await requestLoop(single.target, single.receivers, closed)
  expect(round.sent).toBeGreaterThan(0)
  expect(round.report).toMatchObject({ received: round.sent, lost: 0, duplicates: 0, misdelivered: 0 })
  expect(replies).toContain('pong')

  const broadcast = await connect(descriptionOf(host), true)
  const open = { connections: 5, seconds: 0.2, rate: 100, tickMs: 10, toAll: true }
  const toAll = await openLoop(broadcast.target, broadcast.receivers, open)
  expect(toAll.report).toMatchObject({ received: 5 * toAll.sent, lost: 0, duplicates: 0 })
})

test('a refused request and a refused connection fail in words', async () => {
  const { host } = await startServer()
  const description = descriptionOf(host)
  const refused = await connect({ ...description, publish: { ...description.publish, headers: {} } }, false)
  await expect(
    requestLoop(refused.target, refused.receivers, { connections: 5, seconds: 0.1, inFlight: 1, window: 9 }),
  ).rejects.toThrow('POST /publish/user-0 responded with 401')
  const gone = { ...description, receive: { ...description.receive, url: 'ws://127.0.0.1:1/' } }
  await expect(connect(gone, false)).rejects.toThrow('ECONNREFUSED')
})

test('a description has values for each user, in text and escaped in JSON', () => {
  const rival = describedRival({
    name: 'tokens',
    users: [
      { app: 'a/1', client: 'c"1' },
      { app: 'a2', client: 'c2' },
    ],
    publish: { url: 'http://localhost/message?token={app}', body: { title: '{user}', message: '{data}' } },
    receive: {
      url: 'ws://localhost/stream',
      headers: { 'x-client': '{client}' },
      first: [{ token: '{client}' }],
    },
  })
  expect(rival.connections(500)).toBe(2)
  expect(rival.subscription(0)).toMatchObject({
    headers: { 'x-client': 'c"1' },
    first: ['{"token":"c\\"1"}'],
  })
  const { path, body } = rival.toUser({ run: 1, n: 2, at: 3 }, 2)
  expect(path).toBe('/message?token=a%2F1')
  const { title, message } = JSON.parse(body ?? '')
  expect(title).toBe('user-0')
  expect(JSON.parse(message).data).toEqual({ mark: [1, 2, 3] })
  expect(rival.toAll).toBeUndefined()
})

test('a mistake in a description is named', () => {
  const description = descriptionOf('localhost')
  const broken = (change: object) => () => describedRival({ ...description, ...change })
  expect(broken({ recieve: {} })).toThrow('recieve')
  expect(broken({ publish: { url: 'https://localhost/', body: '' } })).toThrow('http://')
  expect(broken({ broadcast: { url: 'http://localhost/{user}', body: '' } })).toThrow('{user} is unknown')
})

const EXAMPLES = fileURLToPath(new URL('./rivals/', import.meta.url))
test.each(readdirSync(EXAMPLES))('%s publishes JSON with the mark to a user and to all', (file) => {
  const rival = readRival(`${EXAMPLES}${file}`)
  const mark = { run: 1, n: 7, at: 2.5 }
  for (const { body } of [rival.toUser(mark, 500), rival.toAll?.(mark)].flatMap((each) => each ?? []))
    expect(JSON.stringify(JSON.parse(body ?? ''))).toContain('"mark":[1,7,2.5]')
  expect(JSON.stringify(rival.subscription(7))).toContain('user-7')
})

test('a mistake in a file is named with the file', () => {
  expect(() => readRival('no-such-file.json')).toThrow('no-such-file.json')
})
