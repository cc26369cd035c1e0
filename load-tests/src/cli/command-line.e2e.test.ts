import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePort } from '@carillon/core/testing/ports'
import type { InboxPage } from '@carillon/schemas'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { mailServer } from '../delivery/stand-ins/mail.ts'
import { runCarillon, startCarillon } from '../rig/carillon.ts'
import type { Server } from '../rig/child.ts'

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

test('send --dry-run tells what would happen, and sends nothing', async () => {
  const { url } = await dev()
  const told = JSON.parse(await run('send', '--to', 'zoe', '--title', 'Hello', '--dry-run', '--url', url))
  expect(told).toMatchObject({
    recipients: { count: 1, sample: ['zoe'] },
    rendered: { inbox: { title: 'Hello' } },
  })
  // The texts may be those of the type.
  const typed = JSON.parse(
    await run('send', '--to', 'zoe', '--type', 'news.weekly', '--dry-run', '--url', url),
  )
  expect(typed).toMatchObject({ recipients: { count: 1, sample: ['zoe'] } })
})

test('explain says what a user got, as a list or as the hub answers', async () => {
  const { url } = await dev()
  const { id } = JSON.parse(await run('send', '--url', url, '--to', 'ada', '--title', 'Hello'))
  const list = await vi.waitFor(() => run('explain', id, '--user', 'ada', '--url', url), { timeout: 30_000 })
  expect(list).toMatch(
    /^\S+Z {2}audience {2}pass\n {4}The user was found[^\n]+\n\S+Z {2}inbox {5}pass\n {4}The inbox/,
  )
  const { decisions } = JSON.parse(await run('explain', id, '--user', 'eve', '--url', url, '--json'))
  expect(decisions).toMatchObject([{ outcome: 'end', reason: 'not_recipient' }])
  expect((await failure(['explain', id, '--url', url]))?.stderr).toContain("option '--user' is missing")
  expect((await failure(['explain', 'nothing', '--user', 'ada', '--url', url]))?.stderr).toContain('404')
})

test('dev keeps messages, its key and its tokens across `kill -9`', async () => {
  const server = await dev()
  await run('send', '--url', server.url, '--to', 'ada', '--title', 'Hello')
  const token = await run('token', '--tenant', 'demo', '--user', 'ada')
  await vi.waitUntil(async () => (await inbox(server, token)).counts.unread === 1, { timeout: 30_000 })
  const state = await readFile(join(dir, 'dev.json'), 'utf8')
  const files = await readdir(dir)
  expect(files).toEqual(expect.arrayContaining(['carillon.db', 'carillon.db-wal', 'dev.json', 'lock.db']))
  for (const name of ['.', ...files])
    expect([name, (await stat(join(dir, name))).mode & 0o077]).toEqual([name, 0])

  await server.kill()
  await server.restart()
  expect(await inbox(server, token)).toMatchObject({ items: [{ title: 'Hello' }], counts: { unread: 1 } })
  expect(await readFile(join(dir, 'dev.json'), 'utf8')).toBe(state)
  await run('send', '--url', server.url, '--to', 'everyone', '--title', 'To all')
  expect(
    await failure(['send', '--url', server.url, '--to', 'ada', '--title', 'x', '--priority', 'hihg']),
  ).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /^carillon: \S+ answered 422: [^\n]*\/priority: must be one of critical[^\n]*\n$/,
    ),
  })
})

test('dev accepts localhost and its public URL, and rejects host names that another page could rebind', async () => {
  const server = await startCarillon(['dev'], {
    CARILLON_DATA_DIR: dir,
    CARILLON_PUBLIC_URL: 'https://bell.example/notify',
  })
  started.push(server)
  const statusFor = (host: string) =>
    new Promise<number | undefined>((resolve, reject) =>
      get(`${server.url}/demo/config.json`, { headers: { host } }, (response) => {
        response.resume()
        resolve(response.statusCode)
      }).on('error', reject),
    )
  expect(await statusFor(`localhost:${server.port}`)).toBe(200)
  expect(await statusFor('bell.example')).toBe(200)
  expect(await statusFor('evil.example')).toBe(421)
})

test('dev stops cleanly, and only one process can use a data directory', async () => {
  const server = await dev()
  expect(server.logs().join('\n')).toContain('survives restarts')
  const second = await failure(['dev', '--port', '1'])
  expect(second).toMatchObject({ code: 2, stderr: expect.stringContaining('another carillon dev') })
  expect(await server.stop()).toBe(0)
})

test('dev --memory stores nothing and reports it; --no-demo serves no demo page', async () => {
  const server = await dev('--memory', '--no-demo')
  expect(server.logs().join('\n')).toContain('NOT DURABLE')
  expect((await fetch(`${server.url}/demo/config.json`)).status).toBe(404)
})

test('tenants and keys are created, listed, rotated and revoked', async () => {
  await dev()
  const added = await runCarillon(['tenant', '--add', 'acme'], { CARILLON_DATA_DIR: dir })
  expect(added.stdout).toMatch(/^acme \S{43}\n$/)
  expect(added.stderr).toMatch(
    /^carillon: tenant acme was created\. Its backend signs user tokens with the secret below/,
  )
  expect(await failure(['tenant', '--add', 'acme'])).toMatchObject({ code: 2 })
  expect((await run('tenant')).split('\n').sort()).toEqual(['acme', 'demo'])
  const key = await run('token', '--tenant', 'acme', '--sender', 'shop', '--scopes', 'notifications:write')
  expect(key).toMatch(/^ck_acme\./)
  const id = key.split('.')[1]!
  expect(await run('token', '--tenant', 'acme')).toMatch(`${id}  shop`)
  await run('token', '--tenant', 'acme', '--revoke', id)
  expect(await run('token', '--tenant', 'acme')).toContain('revoked')
  expect(await run('tenant', '--rotate', 'acme')).toMatch(/^acme \S{43}$/)
  expect(await run('tenant', '--limit', 'acme')).toBe('acme default')
  expect(await run('tenant', '--limit', 'acme', '--requests', 'key=0.5:10,user=off,tenant=300')).toBe(
    'acme key=0.5:10,tenant=300:300,user=off',
  )
  expect(await run('tenant', '--limit', 'acme')).toBe('acme key=0.5:10,tenant=300:300,user=off')
  expect(await failure(['tenant', '--limit', 'acme', '--requests', 'email=1'])).toMatchObject({ code: 2 })
  expect(await run('tenant', '--limit', 'acme', '--requests', 'default')).toBe('acme default')
})

test.each([
  [['hub'], {}, /CARILLON_SECRET is not set/],
  [
    ['hub'],
    { CARILLON_SECRET: 'x'.repeat(32) },
    /CARILLON_NATS_URL, CARILLON_REDIS_URL, CARILLON_CASSANDRA_URL not set/,
  ],
  [['dev'], { CARILLON_NAT_URL: 'nats://x' }, /CARILLON_NAT_URL is not a setting/],
  [['dev', '--port', 'x'], {}, /whole number from 1 to 65535/],
  [['token', '--tenant', 'nobody', '--user', 'ada'], {}, /carillon dev data|no tenant/],
  [['send', '--to', 'ada'], {}, /--title/],
  [['send', '--to', 'ada', '--title', 'x'], {}, /no API key: there is no carillon dev data .* with --data,/],
] as const)('carillon %j with %j explains the error and exits with 2', async (args, settings, words) => {
  const failed = await failure([...args], settings)
  expect(failed).toMatchObject({ code: 2, stderr: expect.stringMatching(words) })
})

test.each([
  [['dev', '--prot', '4000'], "unknown option '--prot'", '--port'],
  [['token', '--tenent', 'demo'], "unknown option '--tenent'", '--tenant'],
  [['dve'], "unknown command 'dve'", 'dev'],
  [['hlep'], "unknown command 'hlep'", 'help'],
  [['help', 'migrat'], "carillon: unknown command 'migrat'", 'migrate'],
  [['help', 'nope'], "carillon: unknown command 'nope'", ''],
  [['token'], "option '--tenant' is missing", ''],
  [['tenant', '--requests', 'key=1'], "option '--limit' is missing", ''],
  [['dev', '4000'], 'too many arguments', ''],
  [['dev', '--memory', '--data', 'x'], 'cannot be used with', ''],
  [['tenant', '--add', 'acme', '--revoke', 'demo'], 'cannot be used with', ''],
] as const)('carillon %j is rejected before anything happens', async (args, words, nearest) => {
  const empty = join(dir, 'none')
  const failed = await failure([...args], { CARILLON_DATA_DIR: empty })
  expect(failed).toMatchObject({ code: 2, stderr: expect.stringContaining(words) })
  if (nearest) expect(failed?.stderr).toContain(`Did you mean ${nearest}?`)
  expect(existsSync(empty)).toBe(false)
})

test('help and version accept every usual form, without colors', async () => {
  const outputs = new Map<string, string>()
  for (const args of [
    ['help'],
    ['--help'],
    ['-h'],
    ['help', 'dev'],
    ['dev', '--help'],
    ['--version'],
    ['-v'],
  ])
    outputs.set(args.join(' '), await run(...args))
  for (const each of ['help', '--help', '-h']) expect(outputs.get(each)).toMatch(/ dispatcher .*\n *migrate /)
  for (const each of ['help dev', 'dev --help']) expect(outputs.get(each)).toContain('--no-demo')
  for (const each of ['--version', '-v']) expect(outputs.get(each)).toMatch(/^\d+\.\d+\.\d+$/)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape that begins a color.
  for (const output of outputs.values()) expect(output).not.toMatch(/\u001b/)
})

test('a port in use is reported in one sentence with the remedy', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  try {
    const { port } = taken.address() as AddressInfo
    const failed = await failure(['dev', '--port', String(port)])
    expect(failed?.code).toBe(2)
    expect(failed?.stderr).toMatch(
      new RegExp(`^carillon: cannot listen on 127.0.0.1:${port}: another process .* --port .*\n$`),
    )
  } finally {
    taken.close()
  }
})

test('send explains why a hub does not respond', async () => {
  const url = `http://localhost:${await freePort()}`
  const failed = await failure(['send', '--to', 'ada', '--title', 'x', '--key', 'k', '--url', url])
  expect(failed?.stderr).toMatch(/^carillon: \S+ does not answer: connect ECONNREFUSED \S+\n$/)
})

test.each(['/dev/null/carillon', '/proc/carillon'])(
  'a data directory that cannot be created is reported in one sentence: %s',
  async (data) => {
    const failed = await failure(['dev', '--data', data])
    expect(failed).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^carillon: the data directory cannot be created: EN.* choose another one with --data or CARILLON_DATA_DIR\n$/,
      ),
    })
  },
)

test('a wrong secret is rejected by every command that reads the data', async () => {
  const server = await dev()
  await server.stop()
  const settings = { CARILLON_SECRET: 'x'.repeat(32) }
  for (const args of [['dev'], ['migrate'], ['tenant'], ['token', '--tenant', 'demo']])
    expect(await failure(args, settings)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^carillon: the data file \S+ was written with another secret: set CARILLON_SECRET to [^\n]*\n$/,
      ),
    })
  const checked = await runCarillon(['check'], { CARILLON_DATA_DIR: dir, ...settings }).catch(
    (error) => error,
  )
  expect(checked).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/failed {2}inbox: .*written with another secret/),
  })
})

test('migrate reports the migrations', async () => {
  const server = await dev()
  await server.stop()
  expect(await run('migrate')).toMatch(/^installation \w{8}: nothing to do; the schema is up to date$/)
})

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url))

test('dev runs from the sources of a checkout, as `npm start` does', async () => {
  const server = await startCarillon(['dev'], { CARILLON_DATA_DIR: dir }, { program: 'sources' })
  started.push(server)
  for (const path of ['/', '/client.js', '/push.js'])
    expect([path, (await fetch(`${server.url}${path}`)).status]).toEqual([path, 200])
})

test('the executable runs unbuilt from any directory, as `npx carillon` does', async () => {
  const executable = join(REPOSITORY, 'cli/bin/carillon.js')
  const { stdout } = await promisify(execFile)(executable, ['check'], { cwd: dir }).catch((error) => error)
  expect(stdout).toContain('.carillon/carillon.db')
  expect(await readFile(join(REPOSITORY, 'cli/package.json'), 'utf8')).toContain('"./bin/carillon.js"')
})

test.each(['bench', 'rig', 'consistency'])(
  'npm run %s prints help and rejects unknown options',
  async (name) => {
    const script = (...args: string[]) =>
      promisify(execFile)(
        process.execPath,
        ['--conditions=source', '--import', 'tsx', `load-tests/src/${name}/main.ts`, ...args],
        { cwd: REPOSITORY },
      )
    expect((await script('--help')).stdout).toMatch(/^Usage: /)
    const failed = await script('--hlep').catch((error) => error)
    expect(failed).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean --help?') })
  },
)

test('check fails without data, names the place it searched, and writes nothing', async () => {
  const empty = join(dir, 'none')
  const failed = await runCarillon(['check', '--data', empty], {}).catch((error) => error)
  expect(failed.code).toBe(1)
  expect(failed.stdout).toMatch(
    /^failed {2}inbox: \S+: there is no carillon dev data in .*--data, or start carillon dev/m,
  )
  expect(failed.stdout).toMatch(/^ok {6}live bus/m)
  expect(existsSync(empty)).toBe(false)
})

test('check names the failing part', async () => {
  const settings = { CARILLON_NATS_URL: 'nats://127.0.0.1:1', CARILLON_REDIS_URL: 'redis://127.0.0.1:1' }
  const failed = await runCarillon(['check'], { CARILLON_DATA_DIR: dir, ...settings }).catch((error) => error)
  expect(failed.code).toBe(1)
  expect(failed.stdout).toMatch(/failed {2}event log: nats:\/\/127\.0\.0\.1:1/)
  expect(failed.stdout).toMatch(/failed {2}live bus/)
})

test('every command that reads the data of carillon dev finds it with --data', async () => {
  const data = join(dir, 'elsewhere')
  const server = await dev('--data', data)
  const at = ['--data', data]
  expect(await run('tenant', ...at)).toBe('demo')
  expect(await run('token', '--tenant', 'demo', '--user', 'ada', ...at)).toMatch(/^ey/)
  await run('send', '--url', server.url, '--to', 'ada', '--title', 'Hello', ...at)
  expect(await run('check', ...at)).toContain(`inbox: ${join(data, 'carillon.db')}`)
  expect(await failure(['tenant'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--data') })
})

test('check asks the providers whether their accounts are valid, and sends nothing', async () => {
  const plain = await mailServer({ plain: true })
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
    const hook = { provider: 'webhook', config: { secrets: [`whsec_${randomBytes(32).toString('base64')}`] } }
    const hooked = await fetch(`${server.url}/v1/providers/hook`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(hook),
    })
    expect(hooked.status).toBe(200)
    const stored = await fetch(`${server.url}/v1/providers/mail`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ provider: 'smtp', config: plain.account.config }),
    })
    expect(stored.status).toBe(200)
    const failed = await runCarillon(['check'], { CARILLON_DATA_DIR: dir }).catch((error) => error)
    expect(failed.code).toBe(1)
    expect(failed.stdout).toMatch(/^failed {2}smtp account mail of demo: .*set tls to "none"/m)
    expect(failed.stdout).toMatch(/^ok {6}slack account good of demo$/m)
    expect(failed.stdout).toMatch(/^skipped webhook account hook of demo: not checked/m)
    expect(failed.stdout).toMatch(/^failed {2}slack account bad of demo: .*invalid_auth/m)
    expect(failed.stdout).not.toContain('xoxb-')
    const other = { CARILLON_DATA_DIR: dir, CARILLON_NAMESPACE: 'other' }
    const foreign = await runCarillon(['check'], other).catch((error) => error)
    expect(foreign.stdout).toMatch(/^failed {2}inbox: .*runs the installation other/m)
    expect(plain.accepted).toEqual([])
  } finally {
    slack.close()
    await plain.close()
  }
})
