import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@carillon/client'
import { writeLayout1 } from '@carillon/core/sqlite/testing/layout-1'
import { connectNats } from '@carillon/core/stream/jetstream'
import type { InboxItem } from '@carillon/schemas'
import { jetstreamManager } from '@nats-io/jetstream'
import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { runCarillon, type Settings, startCarillon } from '../rig/carillon.ts'
import type { Server } from '../rig/child.ts'
import { needing } from '../rig/needs.ts'
import { startNats, startRedis } from '../rig/servers.ts'

let dir: string
const started: Server[] = []
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'carillon-installations-'))
})
afterEach(async () => {
  for (const server of started.splice(0).reverse()) await server.stop()
  await rm(dir, { recursive: true })
})

const keep = async (starting: Promise<Server>) => {
  const server = await starting
  started.push(server)
  return server
}
const dev = (data: string, settings: Settings = {}) =>
  keep(startCarillon(['dev', '--data', join(dir, data)], settings))
const failure = (args: string[], settings: Settings = {}): Promise<{ code: number; stderr: string }> =>
  runCarillon(args, settings).then(
    ({ stdout }) => expect.fail(`the command succeeded: ${stdout}`),
    (error) => error,
  )
const send = (data: string, { url }: Server, title: string) =>
  runCarillon(['send', '--url', url, '--to', 'ada', '--title', title], { CARILLON_DATA_DIR: join(dir, data) })

/** Connects Ada's bell in the demo tenant and records its notifications. */
const bell = async (data: string, { url }: Server) => {
  const { stdout } = await runCarillon(['token', '--tenant', 'demo', '--user', 'ada'], {
    CARILLON_DATA_DIR: join(dir, data),
  })
  const client = createClient({ url, token: stdout.trim() })
  const heard: InboxItem[] = []
  client.on('notification', (item) => heard.push(item))
  client.feed().subscribe(() => {})
  await vi.waitUntil(() => client.connection === 'live', 20_000)
  return { heard, close: () => client.close() }
}

describe.skipIf(needing('', 'redis').skip)('two installations on one Redis', () => {
  test("do not receive each other's live messages", async () => {
    const redis = await keep(startRedis())
    const settings = { CARILLON_REDIS_URL: redis.url }
    const [one, two] = await Promise.all([dev('one', settings), dev('two', settings)])
    const bells = await Promise.all([bell('one', one), bell('two', two)])
    await send('two', two, 'For the second')
    await vi.waitUntil(() => bells[1].heard.length > 0, 20_000)
    await send('one', one, 'For the first')
    await vi.waitUntil(() => bells[0].heard.length > 0, 20_000)
    expect(bells.map(({ heard }) => heard.map(({ title }) => title))).toEqual([
      ['For the first'],
      ['For the second'],
    ])
    for (const { close } of bells) close()
  })
})

describe.skipIf(needing('', 'nats').skip)('two installations on one NATS account', () => {
  test('rejects the second at startup, and names the owner of the streams and the remedy', async () => {
    const nats = await keep(startNats({ dir: join(dir, 'nats') }))
    const settings = { CARILLON_NATS_URL: nats.url }
    const one = await dev('one', { ...settings, CARILLON_NAMESPACE: 'first' })
    const refused = await failure(['dev', '--data', join(dir, 'two')], settings)
    expect(refused.code).toBe(2)
    expect(refused.stderr).toMatch(
      /^carillon: the NATS stream NOTIFY_first .*belongs to the installation first, .*a NATS account of its own/,
    )
    expect(refused.stderr).not.toMatch(/^ +at /m)

    // The namespace is stored with the data and cannot be changed.
    await one.stop()
    started.splice(started.indexOf(one), 1)
    const renamed = await failure(['dev', '--data', join(dir, 'one')], {
      ...settings,
      CARILLON_NAMESPACE: 'b',
    })
    expect(renamed.stderr).toMatch(
      /belongs to the installation first, and this process runs the installation b: unset/,
    )
    const again = await dev('one', settings)
    await send('one', again, 'Still here')
    const connection = await connectNats(nats.url, 'test')
    const manager = await jetstreamManager(connection)
    const names: string[] = []
    for await (const name of manager.streams.names()) names.push(name)
    expect(names.sort()).toEqual(
      ['DEAD', 'EVENT', 'IDS', 'KV_IDEMPOTENCY', 'NOTIFY', 'WORK'].map((name) => `${name}_first`),
    )
    await connection.close()
  })
})

const cassandra = inject('cassandra')?.replace(/\/([a-z0-9_]+)(?=\?|$)/, '/$1_mixed')

describe.skipIf(!cassandra)('a data directory whose installation moves into a keyspace', () => {
  test('keeps its namespace, and rejects the data directory of another installation', async () => {
    const first = await dev('one', { CARILLON_NAMESPACE: 'moved' })
    await first.stop()
    const { secret } = JSON.parse(readFileSync(join(dir, 'one', 'dev.json'), 'utf8')) as { secret: string }
    const settings = { CARILLON_CASSANDRA_URL: cassandra, CARILLON_SECRET: secret }
    const missing = await runCarillon(['check'], settings).catch((error) => error)
    expect(missing.stdout).toMatch(
      /^failed {2}inbox: .*: the keyspace \w+ does not exist: run carillon migrate/m,
    )
    const second = await dev('one', settings)
    await send('one', second, 'Hello')
    await second.stop()
    const otherSecret = { ...settings, CARILLON_SECRET: 'x'.repeat(32) }
    for (const args of [['dev', '--data', join(dir, 'two')], ['migrate'], ['tenant']])
      expect(await failure(args, otherSecret)).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(
          /^carillon: the keyspace \w+ was written with another secret: set CARILLON_SECRET to the secret that the installation moved was first started with\n$/m,
        ),
      })
    await rm(join(dir, 'two'), { recursive: true })
    expect(await failure(['migrate'], { ...settings, CARILLON_NAMESPACE: 'b' })).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/keyspace .*belongs to the installation moved/),
    })
    const third = await dev('two', { CARILLON_NAMESPACE: 'third' })
    await third.stop()
    started.length = 0
    expect(await failure(['dev', '--data', join(dir, 'two')], settings)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /data file .*belongs to the installation third, and this process runs the installation moved/,
      ),
    })
  })
})

describe('a data directory of an older Carillon', () => {
  const contents = (folder: string) =>
    Object.fromEntries(
      readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString('base64')]),
    )

  test('is rejected by every command with a remedy, and not changed', async () => {
    const data = join(dir, 'older')
    mkdirSync(data)
    writeLayout1(join(data, 'carillon.db'))
    const before = contents(data)
    const settings = { CARILLON_DATA_DIR: data, CARILLON_SECRET: 'x'.repeat(32) }
    for (const args of [['dev'], ['migrate'], ['tenant'], ['token', '--tenant', 'demo']]) {
      const refused = await failure(args, settings)
      expect(refused).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(
          /^carillon: the data file \S+ was made by an older Carillon .*Move its directory away, or choose another one with CARILLON_DATA_DIR or --data$/m,
        ),
      })
      expect(refused.stderr).not.toMatch(/^ +at /m)
    }
    const checked = await runCarillon(['check'], settings).catch((error) => error)
    expect(checked).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/failed {2}inbox: .*older Carillon/),
    })
    expect(contents(data)).toEqual(before)
  })
})
