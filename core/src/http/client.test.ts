import { EventEmitter, once } from 'node:events'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { createHttp, type HttpOptions } from './client.ts'
import { HttpFailure } from './port.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const client = (options: Partial<HttpOptions> = {}) => {
  const http = createHttp({ allow: ['127.0.0.1'], ...options })
  closers.push(() => http.close())
  return http
}

const listen = async (server: Server, host = '127.0.0.1') => {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
  })
  server.listen(0, host)
  await once(server, 'listening')
  closers.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}
const served = async (answer: RequestListener) => {
  const requests: { url?: string; host?: string; port?: number }[] = []
  const server = createHttpServer((request, response) => {
    requests.push({ url: request.url, host: request.headers.host, port: request.socket.remotePort })
    answer(request, response)
  })
  const port = await listen(server)
  return { port, requests, url: `http://127.0.0.1:${port}` }
}
/** Starts a TCP server that calls `then` on the first bytes of a request. */
const raw = (then: (socket: Socket) => void) =>
  listen(createServer((socket) => socket.once('data', () => then(socket))))

const failure = (exchange: Promise<unknown>): Promise<HttpFailure> =>
  exchange.then(
    () => expect.unreachable('it was answered'),
    (error) => {
      expect(error).toBeInstanceOf(HttpFailure)
      return error
    },
  )

describe('an exchange', () => {
  test('sends the request as given and resolves with any response', async () => {
    const { url } = await served(async (request, response) => {
      const body: Buffer[] = []
      for await (const chunk of request) body.push(chunk)
      response.writeHead(418, {
        'x-seen': `${request.method} ${request.headers['x-a']}`,
        'set-cookie': ['a', 'b'],
      })
      response.end(`${request.url} ${Buffer.concat(body)}`)
    })
    const answer = await client().request({
      method: 'POST',
      url: `${url}/a%20b?c=d#e`,
      headers: { 'x-a': '1' },
      body: 'grüß',
    })
    expect(answer).toMatchObject({ status: 418, body: '/a%20b?c=d grüß' })
    expect(answer.headers).toMatchObject({ 'x-seen': 'POST 1', 'set-cookie': 'a, b' })
  })

  test('reuses connections', async () => {
    const { url, requests } = await served((_, response) => response.end('x'))
    const http = client()
    for (let i = 0; i < 10; i++) await http.request({ url })
    expect(new Set(requests.map(({ port }) => port)).size).toBeLessThanOrEqual(2)
  })

  test('opens no more than 64 connections to an origin', async () => {
    const waiting: (() => void)[] = []
    const { url, requests } = await served((_, response) => {
      waiting.push(() => response.end())
      if (waiting.length >= 64) for (const answer of waiting) answer()
    })
    const http = client()
    await Promise.all(Array.from({ length: 200 }, () => http.request({ url })))
    expect(new Set(requests.map(({ port }) => port)).size).toBeLessThanOrEqual(64)
  })

  test('keeps connections to the 512 most recently used origins only', async () => {
    const open = new Set<Socket>()
    const closed = new EventEmitter()
    const server = createHttpServer((_, response) => response.end())
    server.on('connection', (socket) => {
      open.add(socket)
      socket.on('close', () => {
        open.delete(socket)
        closed.emit('one')
      })
    })
    const port = await listen(server)
    const http = client({ allow: ['*'], lookup: async () => ['127.0.0.1'] })
    for (let n = 0; n < 600; n++) await http.request({ url: `http://h${n}.example:${port}/` })
    while (open.size > 512) await once(closed, 'one')
  })

  test('does not follow redirects', async () => {
    const inner = await served((_, response) => response.end('secret'))
    const { url } = await served((_, response) =>
      response.writeHead(302, { location: `${inner.url}/admin` }).end(),
    )
    const answer = await client().request({ url })
    expect(answer).toMatchObject({ status: 302, body: '' })
    expect(inner.requests).toEqual([])
  })

  test('accepts a response of 64 KiB, and rejects a larger or endless one', async () => {
    const { url } = await served((request, response) => {
      const more = () => {
        while (response.write('y'.repeat(16_384)));
        response.once('drain', more)
      }
      if (request.url === '/endless') more()
      else response.end('x'.repeat(Number(request.url?.slice(1))))
    })
    const http = client()
    expect((await http.request({ url: `${url}/65536` })).body).toHaveLength(65_536)
    for (const path of ['/65537', '/endless'])
      expect(await failure(http.request({ url: url + path }))).toMatchObject({
        reason: 'too_large',
        sent: true,
      })
  })

  test('downloads bytes unchanged up to a limit, and rejects a larger or endless file', async () => {
    const bytes = Buffer.alloc(200_000, Uint8Array.of(0xff, 0, 0x80))
    const { url } = await served((request, response) => {
      const more = () => {
        while (response.write(bytes));
        response.once('drain', more)
      }
      if (request.url === '/endless') more()
      else response.end(bytes)
    })
    const http = client()
    expect(Buffer.from((await http.download(url, 200_000)).body).equals(bytes)).toBe(true)
    for (const [path, most] of [
      ['', 199_999],
      ['/endless', Number.POSITIVE_INFINITY],
    ] as const)
      expect(await failure(http.download(url + path, most))).toMatchObject({
        reason: 'too_large',
        sent: true,
      })
  })

  test('rejects endless headers', async () => {
    const port = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n')
      const more = () => {
        while (!socket.destroyed && socket.write(`x-${'a'.repeat(999)}: b\r\n`));
        socket.once('drain', more)
      }
      more()
    })
    expect(await failure(client().request({ url: `http://127.0.0.1:${port}` }))).toMatchObject({
      reason: 'too_large',
      sent: true,
    })
  })
})

describe('a failed exchange', () => {
  test('times out on a slow body, and closes its connection', async () => {
    const ends = new EventEmitter()
    const closed = once(ends, 'closed')
    const { url } = await served((_, response) => {
      const trickle = setInterval(() => response.write('.'), 20)
      response.on('close', () => {
        clearInterval(trickle)
        ends.emit('closed')
      })
    })
    expect(await failure(client({ timeoutMs: 200 }).request({ url }))).toMatchObject({
      reason: 'timeout',
      sent: true,
    })
    await closed
  })

  test('reports a half-open connection', async () => {
    const port = await raw(() => undefined)
    const http = client({ timeoutMs: 200 })
    expect(await failure(http.request({ url: `http://127.0.0.1:${port}` }))).toMatchObject({
      reason: 'timeout',
      sent: true,
    })
  })

  test('reports a connection that was dropped after the request was received', async () => {
    for (const drop of [
      (s: Socket) => s.destroy(),
      (s: Socket) => s.resetAndDestroy(),
      (s: Socket) => s.end(),
    ]) {
      const port = await raw(drop)
      const url = `http://127.0.0.1:${port}`
      expect(await failure(client().request({ method: 'POST', url, body: 'x' }))).toMatchObject({
        reason: 'broken',
        sent: true,
      })
    }
  })

  test('reports a response that is not HTTP', async () => {
    const port = await raw((socket) => socket.end('220 mail.example ESMTP\r\n'))
    expect(await failure(client().request({ url: `http://127.0.0.1:${port}` }))).toMatchObject({
      reason: 'broken',
      sent: true,
    })
  })

  test('reports a closed port, an unknown host and missing TLS as not sent', async () => {
    const port = await raw((socket) => socket.end('no TLS'))
    const unused = await listen(createServer())
    await closers.pop()?.()
    const lookup = async (host: string) => {
      if (host === 'nowhere.example') throw Object.assign(new Error('no'), { code: 'ENOTFOUND' })
      return host === 'empty.example' ? [] : ['127.0.0.1']
    }
    const http = client({ lookup })
    for (const url of [
      `http://127.0.0.1:${unused}`,
      'https://nowhere.example',
      'https://empty.example',
      `https://127.0.0.1:${port}`,
    ])
      expect(await failure(http.request({ url })), url).toMatchObject({ reason: 'unreachable', sent: false })
  })

  test('never sends a request that timed out waiting for a connection', async () => {
    let full = false
    const held: (() => void)[] = []
    const all = new EventEmitter()
    const { url, requests } = await served((_, response) => {
      held.push(() => response.end())
      if (full) response.end()
      else if (held.length === 64) all.emit('held')
    })
    const http = client()
    const allHeld = once(all, 'held')
    const first = Array.from({ length: 64 }, () => http.request({ url }))
    await allHeld
    full = true
    const ends = new AbortController()
    const waiting = failure(http.request({ url: `${url}/waiting`, signal: ends.signal }))
    ends.abort()
    expect(await waiting).toMatchObject({ reason: 'timeout', sent: false })
    const last = http.request({ url: `${url}/last` })
    for (const answer of held) answer()
    await Promise.all([...first, last])
    expect(requests.map((request) => request.url)).not.toContain('/waiting')
    expect(requests).toHaveLength(65)
  })

  test('reports an aborted signal', async () => {
    const ends = new AbortController()
    const port = await raw(() => ends.abort())
    const url = `http://127.0.0.1:${port}`
    expect(await failure(client().request({ url, signal: ends.signal }))).toMatchObject({ sent: true })
    expect(await failure(client().request({ url, signal: ends.signal }))).toMatchObject({ sent: false })
  })

  test('throws an invalid header as a bug of the caller, not as an HttpFailure', async () => {
    const { url } = await served((_, response) => response.end())
    await expect(client().request({ url, headers: { 'x-a': 'b\r\nc: d' } })).rejects.not.toBeInstanceOf(
      HttpFailure,
    )
  })
})

describe('targets', () => {
  const LITERALS = [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '0',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '192.0.2.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '１２７.0.0.1',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[64:ff9b:1::7f00:1]',
    '[2002:7f00:1::]',
    '[2001:0:7f00:1::]',
    '[fe80::1]',
    '[fd00::1]',
    '[fec0::1]',
    '[ff02::1]',
    '[2001:db8::1]',
    'localhost',
    'LOCALHOST.',
    'a.localhost',
  ]
  test.each(LITERALS)('%s is rejected by `refusal` and by `request`', async (host) => {
    const http = client({ allow: [] })
    expect(http.refusal(`https://${host}/`)).toMatch(/not public; .* set CARILLON_ALLOWED_TARGETS/)
    expect(await failure(http.request({ url: `https://${host}/` }))).toMatchObject({
      reason: 'refused_target',
      sent: false,
    })
  })

  test('localhost is refused before a lookup, which would not find it', async () => {
    await expect(client({ allow: [] }).resolve('localhost', 25)).rejects.toMatchObject({
      reason: 'refused_target',
      message: 'the host is not public; to allow the host, set CARILLON_ALLOWED_TARGETS',
    })
  })

  test.each([
    ['http://example.com/', /https.*CARILLON_ALLOWED_TARGETS/],
    ['ftp://example.com/', /https/],
    ['/path', /absolute/],
    ['https://', /absolute/],
    ['https://user@example.com/', /credentials/],
    ['https://:secret@example.com/', /credentials/],
    ['https://example.com@127.0.0.1/', /credentials/],
    ['https://example.com:8443/', /443.*CARILLON_ALLOWED_TARGETS/],
    ['https://example.com:22/', /443/],
    ['https://256.256.256.256/', /absolute/],
  ])('%s is rejected', (url, reason) => {
    expect(client({ allow: [] }).refusal(url)).toMatch(reason)
  })

  test('public addresses are allowed', () => {
    const http = client({ allow: [] })
    for (const url of [
      'https://example.com/a?b',
      'https://example.com:443/',
      'https://8.8.8.8/',
      'https://[2606:4700::1111]/',
    ])
      expect(http.refusal(url), url).toBeUndefined()
  })

  test('a host is rejected if any of its addresses is not public, even if an earlier lookup returned only public ones', async () => {
    const { port, requests } = await served((_, response) => response.end())
    const answers = [['8.8.8.8', '127.0.0.1'], ['::ffff:127.0.0.1'], ['127.0.0.1'], ['not an address']]
    let asked = 0
    const http = client({ allow: [], lookup: async () => answers[asked++] ?? ['10.0.0.1'] })
    for (const _ of answers)
      expect(await failure(http.request({ url: 'https://rebinds.example/' }))).toMatchObject({
        reason: 'refused_target',
        sent: false,
      })
    await expect(http.resolve('rebinds.example', port)).rejects.toMatchObject({ reason: 'refused_target' })
    expect(asked).toBe(answers.length + 1)
    expect(requests).toEqual([])
  })

  test('a connection goes to the checked address, under the name of the host', async () => {
    const { port, requests } = await served((_, response) => response.end('here'))
    let asked = 0
    const lookup = async () => (asked++ === 0 ? ['127.0.0.1'] : ['10.0.0.1'])
    const http = client({ allow: [`inner.example:${port}`], lookup })
    expect((await http.request({ url: `http://inner.example:${port}/` })).body).toBe('here')
    expect(requests[0]?.host).toBe(`inner.example:${port}`)
    expect(asked).toBe(1)
  })

  test('the operator can allow hosts, addresses and networks, on all ports or one', async () => {
    const http = client({
      allow: ['Inner.Example', 'other.example:8080', '10.1.0.0/16', '[fd00::/8]:25', '::1', '192.168.7.7:81'],
      lookup: async (host) => (host === 'named.example' ? ['10.1.2.3'] : ['10.2.3.4']),
    })
    for (const url of [
      'http://inner.example:9/',
      'http://other.example:8080/',
      'http://10.1.255.1/',
      'http://[::ffff:10.1.0.1]/',
      'https://[fd12::1]:25/',
      'http://[::1]:1/',
      'http://192.168.7.7:81/',
    ])
      expect(http.refusal(url), url).toBeUndefined()
    for (const url of [
      'http://sub.inner.example/',
      'https://other.example:8081/',
      'https://10.2.0.1/',
      'https://[fd12::1]/',
      'https://192.168.7.7/',
      'https://x@inner.example/',
    ])
      expect(http.refusal(url), url).toBeDefined()
    expect(await http.resolve('named.example', 587)).toBe('10.1.2.3')
    expect(await http.resolve('inner.example', 587)).toBe('10.2.3.4')
    expect(await http.resolve('fd00::1', 25)).toBe('fd00::1')
    expect(await http.resolve('8.8.8.8', 587)).toBe('8.8.8.8')
    for (const [host, port] of [
      ['private.example', 587],
      ['fd00::1', 26],
      ['127.0.0.1', 587],
    ] as const)
      await expect(http.resolve(host, port)).rejects.toMatchObject({ reason: 'refused_target' })
  })

  test('`*` allows everything except credentials', () => {
    const http = client({ allow: ['*'] })
    expect(http.refusal('http://localhost:3000/')).toBeUndefined()
    expect(http.refusal('http://a:b@localhost:3000/')).toBeDefined()
    expect(http.refusal('file:///etc/passwd')).toBeDefined()
  })

  test.each(['http://a.example', 'a b', '', '10.0.0.0/33', 'a:b:c', '[::1', '[a.example]:1:2'])(
    'throws for the invalid exception "%s"',
    (entry) => {
      expect(() => createHttp({ allow: [entry] })).toThrow(/not a host, address or CIDR/)
    },
  )
})
