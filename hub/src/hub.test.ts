import { once } from 'node:events'
import { Agent, type ClientRequest, request } from 'node:http'
import { createConnection } from 'node:net'
import { Readable } from 'node:stream'
import type { ClientToHub, HubToClient, InboxItem } from '@carillon/schemas'
import { io, type Socket } from 'socket.io-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openHub, type TestHub } from './testing/hub.ts'

/** Long enough for a busy machine. */
const SOON = { timeout: 15_000 }

let test: TestHub
let url: string
let port: number

beforeAll(async () => {
  test = await openHub()
  port = (await test.hub.listen(0, '127.0.0.1')).port
  url = `http://127.0.0.1:${port}`
})
afterAll(() => test.close())

type Tab = Socket<HubToClient, ClientToHub>

const tab = async (token: string): Promise<Tab> => {
  const socket = io(url, { transports: ['websocket'], auth: { token }, forceNew: true })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('connect_error', reject)
  })
  return socket
}
const answerOf = (sending: ClientRequest, body?: string) =>
  new Promise<{ status: number | undefined; connection: string | undefined; text: string }>(
    (resolve, reject) => {
      sending.once('error', reject)
      sending.once('response', (response) => {
        let text = ''
        response.on('data', (chunk) => {
          text += chunk
        })
        response.on('error', reject)
        response.on('end', () =>
          resolve({ status: response.statusCode, connection: response.headers.connection, text }),
        )
      })
      sending.end(body)
    },
  )
const next = <Name extends keyof HubToClient>(socket: Tab, event: Name) =>
  new Promise<Parameters<HubToClient[Name]>[0]>((resolve) => {
    socket.once(event as 'inbox.changed', resolve as never)
  })

describe('over a real connection', () => {
  it('survives a reset connection during an upgrade on another path', async () => {
    const socket = createConnection({ port, host: '127.0.0.1' })
    await once(socket, 'connect')
    socket.write('GET /elsewhere HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n')
    const other = await fetch(`${url}/healthz`)
    expect(other.status).toBe(200)
    socket.resetAndDestroy()
    // The reset is read before a later request is answered.
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
  })

  it('accepts a notification', async () => {
    const { key } = await test.tenant()
    const reply = await fetch(`${url}/v1/notifications`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ to: 'ann', type: 'test', title: 'ünï' }),
    })
    expect(reply.status).toBe(202)
    const [message] = await test.taken('notify-normal')
    expect(JSON.parse(Buffer.from(message?.data ?? []).toString()).title).toBe('ünï')
  })

  it('counts a body without Content-Length', async () => {
    const { key } = await test.tenant()
    const send = (bytes: number) =>
      fetch(`${url}/v1/notifications`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: Readable.toWeb(
          Readable.from(
            (function* () {
              yield Buffer.from('{"to":"ann","type":"test","data":{"text":"')
              for (let sent = 0; sent < bytes; sent += 1_000) yield Buffer.alloc(1_000, 'x')
              yield Buffer.from('"}}')
            })(),
          ),
        ) as ReadableStream,
        duplex: 'half',
      } as RequestInit)
    expect((await send(10_000)).status).toBe(202)
    const refused = await send(200_000)
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([
      413,
      'payload_too_large',
    ])
    expect(await test.taken('notify-normal')).toHaveLength(1)
  })

  it('treats a request without body, Content-Length and Content-Type as empty', async () => {
    const { key } = await test.tenant()
    const answer = await new Promise<string>((resolve) => {
      let text = ''
      const head = `POST /v1/users/ada/token HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${key}\r\n`
      const socket = createConnection(port, '127.0.0.1', () =>
        socket.write(`${head}Connection: close\r\n\r\n`),
      )
      socket.on('data', (chunk) => {
        text += chunk
      })
      socket.on('close', () => resolve(text))
    })
    expect(answer).toMatch(/^HTTP\/1\.1 200[\s\S]*"token":"ey/)
  })

  it('survives malformed HTTP', async () => {
    const raw = (text: string) =>
      new Promise<string>((resolve) => {
        let answer = ''
        const socket = createConnection(port, '127.0.0.1', () => socket.write(text))
        socket.on('data', (chunk) => {
          answer += chunk
        })
        socket.on('close', () => resolve(answer))
        socket.on('error', () => resolve(answer))
      })
    expect(await raw('nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/)
    expect(await raw('GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n')).toContain('problem+json')
    expect(await raw(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431/,
    )
    const cut = 'POST /v1/notifications HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{"to"'
    const socket = createConnection(port, '127.0.0.1', () => socket.write(cut, () => socket.destroy()))
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
  })
})

describe('two tabs', () => {
  it("both receive each other's changes, and other users receive nothing", async () => {
    const tenant = await test.tenant()
    const token = await tenant.userToken('ann')
    const stranger = await (await test.tenant()).userToken('ann')
    const [one, two, bob, other] = await Promise.all([
      tab(token),
      tab(token),
      tab(await tenant.userToken('bob')),
      tab(stranger),
    ])
    const overheard: string[] = []
    for (const socket of [bob, other]) socket.onAny((event) => overheard.push(event))
    const { id } = await tenant.item('ann')

    const both = Promise.all([next(one, 'inbox.changed'), next(two, 'inbox.changed')])
    const { json } = await test.call<{ item: InboxItem }>('PATCH', `/v1/inbox/${id}`, {
      token,
      body: { read: true },
    })
    const [first, second] = await both
    expect(first).toEqual(second)
    expect(first).toMatchObject({
      ids: [id],
      patch: { readAt: json.item.readAt },
      counts: { unread: 0, unseen: 0 },
    })
    const { position } = (await test.call<{ position: object }>('GET', '/v1/inbox', { token })).json
    expect(position).toEqual({ seq: first.seq, epoch: first.epoch })

    const gone = Promise.all([next(one, 'inbox.removed'), next(two, 'inbox.removed')])
    await test.call('DELETE', `/v1/inbox/${id}`, { token })
    expect((await gone).map(({ ids }) => ids)).toEqual([[id], [id]])
    expect((await gone)[0]?.seq).toBe(first.seq + 1)

    const { id: received } = await tenant.item('ann')
    one.emit('inbox.received', { ids: [received] })
    const owner = { tenant: tenant.id, user: 'ann' }
    await expect
      .poll(async () => (await test.ports.store.inbox.get(owner, [received]))[0]?.receivedAt)
      .toEqual(expect.any(String))
    expect(overheard).toEqual([])
    for (const socket of [one, two, bob, other]) socket.close()
  })
})

describe('shutdown', () => {
  const listening = async (own: TestHub) => (await own.hub.listen(0, '127.0.0.1')).port
  const gate = () => {
    let open = () => {}
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    return { open, opened }
  }

  it('keeps serving while /readyz returns 503, and asks clients to close their connections', async () => {
    const own = await openHub()
    const port = await listening(own)
    const agent = new Agent({ keepAlive: true })
    const get = (path: string) => answerOf(request({ port, path, agent, host: '127.0.0.1' }))
    expect(await get('/readyz')).toMatchObject({ status: 200, connection: 'keep-alive' })
    const drained = own.hub.drain({ delayMs: 4_000, ms: 1_000 })
    const reply = await get('/readyz')
    expect(reply).toMatchObject({ status: 503, connection: 'close' })
    expect(JSON.parse(reply.text).status).toBe('draining')
    // On a new connection, because the previous one is closed.
    expect(await get('/healthz')).toMatchObject({ status: 200, connection: 'close' })
    const tenant = await own.tenant()
    const socket = io(`http://127.0.0.1:${port}`, {
      transports: ['websocket'],
      auth: { token: await tenant.userToken('ann') },
      reconnection: false,
      forceNew: true,
    })
    await new Promise<void>((resolve) => socket.once('connect', resolve))
    const ended = new Promise<string>((resolve) => socket.once('disconnect', resolve))
    await drained
    // A reason after which clients reconnect.
    expect(await ended).toBe('transport close')
    await expect(get('/healthz')).rejects.toThrow('ECONNREFUSED')
    await own.close()
  })

  it('finishes requests in flight, and closes no connection with one', async () => {
    const { open, opened } = gate()
    let waiting = 0
    const own = await openHub({}, ({ stream }) => ({
      stream: {
        ...stream,
        publish: async (messages) => {
          waiting++
          await opened
          return stream.publish(messages)
        },
      },
    }))
    const port = await listening(own)
    const { key } = await own.tenant()
    const agent = new Agent({ keepAlive: true })
    const post = () => {
      const sending = request({
        ...{ port, agent, host: '127.0.0.1', method: 'POST', path: '/v1/notifications' },
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      })
      return answerOf(sending, JSON.stringify({ to: 'ann', type: 'test', title: 'Hello' }))
    }
    const replies = Promise.all(Array.from({ length: 16 }, post))
    await expect.poll(() => waiting, SOON).toBe(16)
    const drained = own.hub.drain({ delayMs: 0, ms: 5_000 })
    const get = () => answerOf(request({ port, host: '127.0.0.1', path: '/healthz' }))
    await expect.poll(() => get().catch((error: Error) => error.message), SOON).toContain('ECONNREFUSED')
    open()
    for (const reply of await replies) expect(reply).toMatchObject({ status: 202, connection: 'close' })
    await drained
    await own.close()
    expect(waiting).toBe(16)
  })

  it('loses no request of busy clients: each gets a response or could not connect', async () => {
    const own = await openHub()
    const port = await listening(own)
    const { key } = await own.tenant()
    const outcomes = new Map<string | number | undefined, number>()
    const client = async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      for (;;) {
        const sending = request({
          ...{ port, agent, host: '127.0.0.1', method: 'POST', path: '/v1/notifications' },
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        })
        const outcome = await answerOf(
          sending,
          JSON.stringify({ to: 'ann', type: 'test', title: 'Hi' }),
        ).then(
          ({ status }) => status,
          ({ code }: NodeJS.ErrnoException) => code ?? 'unknown',
        )
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
        if (outcome === 'ECONNREFUSED') return
      }
    }
    const clients = Array.from({ length: 16 }, client)
    await expect.poll(() => outcomes.get(202) ?? 0, SOON).toBeGreaterThan(100)
    await own.hub.drain({ delayMs: 0, ms: 5_000 })
    await Promise.all(clients)
    expect([...outcomes.keys()].sort()).toEqual([202, 'ECONNREFUSED'])
    const accepted = [...(await own.ports.stream.backlog()).values()].reduce((sum, each) => sum + each, 0)
    expect(accepted).toBe(outcomes.get(202))
    await own.close()
  })

  it('rejects an address that is in use', async () => {
    const second = await openHub()
    await expect(second.hub.listen(port, '127.0.0.1')).rejects.toThrow('EADDRINUSE')
    await second.close()
  })
})
