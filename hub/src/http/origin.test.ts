import { once } from 'node:events'
import { createConnection } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { HubOptions } from '../options.ts'
import { openHub, type TestHub } from '../testing/hub.ts'

let own: TestHub | undefined
afterEach(() => own?.close())

const demo = { tenant: 'demo', url: '', apiKey: 'the key', natsUrl: null, users: [], durable: '' }

const open = async (options: Partial<HubOptions>) => {
  own = await openHub({ demo, ...options })
  const { port } = await own.hub.listen(0, '127.0.0.1')
  /** Sends a handwritten request. Returns the first bytes of the response. */
  const raw = async (path: string, headers: Record<string, string>, method = 'GET') => {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    const socket = createConnection(port, '127.0.0.1')
    socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
    const [answer] = await once(socket, 'data')
    socket.destroy()
    return String(answer)
  }
  const status = async (path: string, headers: Record<string, string>, method?: string) =>
    Number((await raw(path, headers, method)).slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length))
  const upgrade = (headers: Record<string, string>) =>
    status('/socket.io/?EIO=4&transport=websocket', { ...UPGRADE, ...headers })
  return { port, raw, status, upgrade }
}
const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

describe('a WebSocket handshake', () => {
  const options: Partial<HubOptions> = {
    origins: ['https://app.example'],
    publicUrl: 'https://hub.example/notify',
  }

  test('is rejected from other origins', async () => {
    const { raw, upgrade } = await open(options)
    for (const origin of [
      'https://evil.example',
      'http://app.example',
      'https://app.example:8443',
      'https://app.example.evil.example',
      'null',
      '',
    ])
      expect([origin, await upgrade({ Host: 'hub', Origin: origin })]).toEqual([origin, 403])
    const path = '/socket.io/?EIO=4&transport=websocket'
    const answer = await raw(path, { ...UPGRADE, Host: 'hub', Origin: 'https://evil.example' })
    const [, body = ''] = answer.split('\r\n\r\n')
    expect(JSON.parse(body)).toMatchObject({ code: 'forbidden', detail: expect.stringContaining('ORIGINS') })
  })

  test("is accepted from allowed origins, from the hub's own pages, and from clients that are not browsers", async () => {
    const { upgrade } = await open(options)
    const handshakes: Record<string, string>[] = [
      { Host: 'hub', Origin: 'https://app.example' },
      { Host: 'hub', Origin: 'https://hub.example' },
      { Host: 'internal:4000', Origin: 'http://internal:4000' },
      { Host: 'hub' },
    ]
    for (const headers of handshakes) expect([headers, await upgrade(headers)]).toEqual([headers, 101])
  })

  test('is accepted from every page where every origin is allowed', async () => {
    const { upgrade } = await open({ origins: '*' })
    expect(await upgrade({ Host: 'hub', Origin: 'https://anywhere.example' })).toBe(101)
  })
})

describe('with host names configured', () => {
  const hosts = ['carillon.internal:4000', 'hub.example']

  test('rejects every request and handshake of a page that uses DNS rebinding', async () => {
    const { raw, status, upgrade } = await open({ hosts })
    for (const host of [
      'evil.example',
      'evil.example:4000',
      'localhost.evil.example',
      'hub.example.evil',
      '[',
    ])
      for (const path of ['/', '/demo/config.json', '/healthz', '/v1/inbox', '/socket.io/', '/nothing'])
        expect([host, path, await status(path, { Host: host })]).toEqual([host, path, 421])
    expect(await status('/demo/token', { Host: 'evil.example', 'Content-Length': '0' }, 'POST')).toBe(421)
    expect(await upgrade({ Host: 'evil.example' })).toBe(421)
    const answer = await raw('/demo/config.json', { Host: 'evil.example' })
    expect(answer).not.toContain('the key')
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({
      code: 'misdirected',
      detail: expect.stringContaining('CARILLON_PUBLIC_URL'),
    })
  })

  test('accepts localhost, IP addresses and the configured names', async () => {
    const { port, status, upgrade } = await open({ hosts })
    for (const host of [
      ...['localhost', `localhost:${port}`, 'LocalHost', 'app.localhost:4000'],
      ...['127.0.0.1', `[::1]:${port}`, '192.168.1.7:4000', 'carillon.internal', 'HUB.example:80'],
    ]) {
      expect([host, await status('/demo/config.json', { Host: host })]).toEqual([host, 200])
      expect([host, await upgrade({ Host: host })]).toEqual([host, 101])
    }
  })
})

test('accepts any host without configured host names', async () => {
  const { status } = await open({})
  expect(await status('/healthz', { Host: 'anything.example' })).toBe(200)
})
