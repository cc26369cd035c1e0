import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '@carillon/core/testing/ports'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startCarillon } from '../rig/carillon.ts'
import type { Server } from '../rig/child.ts'
import { needing } from '../rig/needs.ts'
import { startNats } from '../rig/servers.ts'
import { need } from '../rig/tools.ts'

const SCRIPTS = fileURLToPath(new URL('../../k6/', import.meta.url))
/** The longest latency that does not count as late: how fast a busy machine is says nothing. */
const ANY = '60000'
const BRIEFLY = { USERS: '60', WARMUP: '5', DURATION: '4', GRACE: '8', P99: ANY, LIMIT: ANY, RECOVERY: ANY }

/** The settings of each script. */
const CASES: Record<string, Record<string, string>> = {
  'publish-to-bell.js': { RATE: '20', CONNECTIONS: '2' },
  'publish-mix.js': { SINGLES: '15', BATCHES: '2', BATCH: '20', MESSAGES: '15' },
  'reconnect-storm.js': { RATE: '15', ROUNDS: '2', INTERVAL: '3' },
  'blast-with-otp.js': { MEMBERS: '2000', BLASTS: '2', OTPS: '4' },
  'reads-and-preferences.js': { USERS: '4', ITEMS: '30' },
}

let dir: string
const servers: Server[] = []
let settings: Record<string, string>

const start = async () => {
  dir = await mkdtemp(join(tmpdir(), 'carillon-k6-'))
  const webSocketPort = await freePort()
  const nats = await startNats({ dir: join(dir, 'nats'), webSocketPort })
  servers.push(nats)
  const data = join(dir, 'data')
  const carillon = await startCarillon(['dev'], {
    CARILLON_DATA_DIR: data,
    CARILLON_NATS_URL: nats.url,
    CARILLON_LOG_LEVEL: 'warn',
  })
  servers.push(carillon)
  const { apiKey } = JSON.parse(readFileSync(join(data, 'dev.json'), 'utf8')) as { apiKey: string }
  settings = {
    ...{ HUB_URL: carillon.url, API_KEY: apiKey, NATS_WS_URL: `ws://127.0.0.1:${webSocketPort}` },
    K6_NO_USAGE_REPORT: 'true',
  }
}

/** Runs a script. Returns the exit code and the output. */
const run = async (script: string, own: Record<string, string>) => {
  const child = spawn(need('k6'), ['run', '--quiet', '--no-color', '--address=', join(SCRIPTS, script)], {
    env: { ...process.env, ...settings, ...own },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data))
  const [code] = await once(child, 'close')
  return { code, output }
}

const { title, skip } = needing('k6', 'k6', 'nats')

describe.skipIf(skip)(title, () => {
  beforeAll(start)
  afterAll(async () => {
    for (const server of servers.reverse()) await server.stop()
    await rm(dir, { recursive: true })
  })

  test.concurrent.each(Object.entries(CASES))('%s loses nothing', async (script, own) => {
    const { code, output } = await run(script, { ...BRIEFLY, ...own })
    expect(code, output).toBe(0)
  })
})

test('every script is run', async () => {
  const names = await readdir(SCRIPTS)
  const sources = names.filter((name) =>
    readFileSync(join(SCRIPTS, name), 'utf8').includes('export const options'),
  )
  expect(sources.sort()).toEqual(Object.keys(CASES).sort())
})
