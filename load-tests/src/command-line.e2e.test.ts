import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { InboxPage } from '@carillon/schemas'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { runCarillon, startCarillon } from './rig/carillon.ts'
import type { Server } from './rig/child.ts'

let dir: string
const started: Server[] = []

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'carillon-dev-'))
})
afterEach(async () => {
  for (const server of started.splice(0)) await server.stop()
  await rm(dir, { recursive: true })
})

const dev = async (...args: string[]) => {
  const server = await startCarillon(['dev', ...args], { CARILLON_DATA_DIR: dir })
  started.push(server)
  return server
}

const run = async (...args: string[]) => (await runCarillon(args, { CARILLON_DATA_DIR: dir })).stdout.trim()

const failure = (args: string[], settings = {}) =>
  runCarillon(args, { CARILLON_DATA_DIR: dir, ...settings }).then(
    () => undefined,
    ({ code, stderr }) => ({ code, stderr }),
  )

const inbox = async ({ url }: Server, token: string) => {
  const response = await fetch(`${url}/v1/inbox`, { headers: { authorization: `Bearer ${token}` } })
  return (await response.json()) as InboxPage
}

test('dev keeps what was sent, its key and its tokens over kill -9', async () => {
  const server = await dev()
  await run('send', '--url', server.url, '--to', 'ada', '--title', 'Hello')
  const token = await run('token', '--tenant', 'demo', '--user', 'ada')
  await vi.waitUntil(async () => (await inbox(server, token)).counts.unread === 1, { timeout: 30_000 })
  const state = await readFile(join(dir, 'dev.json'), 'utf8')
  expect((await stat(join(dir, 'dev.json'))).mode & 0o077).toBe(0)

  await server.kill()
  await server.restart()
  expect(await inbox(server, token)).toMatchObject({ items: [{ title: 'Hello' }], counts: { unread: 1 } })
  expect(await readFile(join(dir, 'dev.json'), 'utf8')).toBe(state)
  await run('send', '--url', server.url, '--to', 'everyone', '--title', 'To all')
})

test('dev stops cleanly, and only one works on a data directory', async () => {
  const server = await dev()
  expect(server.logs().join('\n')).toContain('survives restarts')
  const second = await failure(['dev', '--port', '1'])
  expect(second).toMatchObject({ code: 2, stderr: expect.stringContaining('another carillon dev') })
  expect(await server.stop()).toBe(0)
})

test('dev --memory keeps nothing and says so; --no-demo serves no demo page', async () => {
  const server = await dev('--memory', '--no-demo')
  expect(server.logs().join('\n')).toContain('NOT DURABLE')
  expect((await fetch(`${server.url}/demo/config.json`)).status).toBe(404)
})

test('tenants and keys are made, listed, rotated and revoked', async () => {
  await dev()
  expect(await run('tenant', '--add', 'acme')).toMatch(/^acme \S{43}$/)
  expect(await failure(['tenant', '--add', 'acme'])).toMatchObject({ code: 2 })
  expect((await run('tenant')).split('\n').sort()).toEqual(['acme', 'demo'])
  const key = await run('token', '--tenant', 'acme', '--sender', 'shop', '--scopes', 'notifications:write')
  expect(key).toMatch(/^ck_acme\./)
  const id = key.split('.')[1]!
  expect(await run('token', '--tenant', 'acme')).toMatch(`${id}  shop`)
  await run('token', '--tenant', 'acme', '--revoke', id)
  expect(await run('token', '--tenant', 'acme')).toContain('revoked')
  expect(await run('tenant', '--rotate', 'acme')).toMatch(/^acme \S{43}$/)
})

test.each([
  [['hub'], {}, /CARILLON_SECRET is not set/],
  [
    ['hub'],
    { CARILLON_SECRET: 'x'.repeat(32) },
    /CARILLON_NATS_URL, CARILLON_REDIS_URL, CARILLON_CASSANDRA_URL not set/,
  ],
  [['dev'], { CARILLON_NAT_URL: 'nats://x' }, /CARILLON_NAT_URL is not a setting/],
  [['dev', '--port', 'x'], {}, /not a port/],
  [['token', '--tenant', 'nobody', '--user', 'ada'], {}, /carillon dev data|no tenant/],
  [['send', '--to', 'ada', '--title', 'x'], {}, /no API key/],
] as const)('carillon %j with %j says what is wrong and exits with 2', async (args, settings, words) => {
  const failed = await failure([...args], settings)
  expect(failed).toMatchObject({ code: 2, stderr: expect.stringMatching(words) })
})

test('check says which part fails', async () => {
  const settings = { CARILLON_NATS_URL: 'nats://127.0.0.1:1', CARILLON_REDIS_URL: 'redis://127.0.0.1:1' }
  const failed = await runCarillon(['check'], { CARILLON_DATA_DIR: dir, ...settings }).catch((error) => error)
  expect(failed.code).toBe(1)
  expect(failed.stdout).toMatch(/failed {2}event log: nats:\/\/127\.0\.0\.1:1/)
  expect(failed.stdout).toMatch(/failed {2}live bus/)
})

test('check asks the providers whether their accounts are good, and sends nothing', async () => {
  const slack = createServer((request, response) => {
    const good = request.headers.authorization === 'Bearer xoxb-good-token'
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(good ? { ok: true } : { ok: false, error: 'invalid_auth' }))
  }).listen(0, '127.0.0.1')
  await once(slack, 'listening')
  const { port } = slack.address() as AddressInfo
  try {
    const server = await dev()
    const { apiKey } = JSON.parse(await readFile(join(dir, 'dev.json'), 'utf8')) as { apiKey: string }
    for (const id of ['good', 'bad']) {
      const config = { botToken: `xoxb-${id}-token`, baseUrl: `http://127.0.0.1:${port}` }
      const stored = await fetch(`${server.url}/v1/providers/${id}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ provider: 'slack', config }),
      })
      expect(await stored.json()).toMatchObject({ id, configured: ['botToken', 'baseUrl'] })
    }
    const failed = await runCarillon(['check'], { CARILLON_DATA_DIR: dir }).catch((error) => error)
    expect(failed.code).toBe(1)
    expect(failed.stdout).toMatch(/^ok {6}slack account good of demo$/m)
    expect(failed.stdout).toMatch(/^failed {2}slack account bad of demo: .*invalid_auth/m)
    expect(failed.stdout).not.toContain('xoxb-')
  } finally {
    slack.close()
  }
})
