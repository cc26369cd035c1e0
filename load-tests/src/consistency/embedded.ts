import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSeal } from '@carillon/core/security/seal'
import { openDatabase } from '@carillon/core/sqlite/database'
import { sqliteStore } from '@carillon/core/store/sqlite'
import { embeddedStream } from '@carillon/core/stream/embedded'
import { type Settings, startCarillon } from '../rig/carillon.ts'
import { type Fault, kill9, none, type Stage } from './stage.ts'

/** `carillon dev` on a data directory of its own. */
export const embeddedStage = async (): Promise<Stage> => {
  const dir = await mkdtemp(join(tmpdir(), 'carillon-proof-'))
  const secret = randomBytes(32).toString('hex')
  const settings: Settings = {
    CARILLON_SECRET: secret,
    CARILLON_UNKNOWN_TYPES: 'refuse',
    CARILLON_INSECURE_LINKS: 'refuse',
    CARILLON_LOG_LEVEL: 'warn',
  }
  const server = await startCarillon(['dev', '--no-demo', '--data', dir], settings)
  let running = true
  const kept: Stage['kept'] = async (use) => {
    const database = openDatabase(join(dir, 'carillon.db'))
    const store = sqliteStore({ database, seal: createSeal(secret), retention: 90 * 86_400_000 })
    const stream = embeddedStream({ database })
    const owners = async (tenant: string) => {
      const rows = database.handle.prepare('SELECT DISTINCT user FROM inbox WHERE tenant = ?').all([tenant])
      return new Set((rows as { user: string }[]).map(({ user }) => user))
    }
    try {
      return await use({ store, stream, owners })
    } finally {
      await stream.close()
      await store.close()
      await database.close()
    }
  }
  const rest = async () => {
    if (running) await server.stop()
    running = false
  }
  await rest()
  return {
    hubs: [server.url],
    begin: async () => {
      if (!running) await server.restart()
      running = true
    },
    rest,
    kept,
    backlog: async () => {
      const response = await fetch(`${server.url}/metrics`, { signal: AbortSignal.timeout(5_000) })
      const lines = (await response.text())
        .split('\n')
        .filter((line) => line.startsWith('carillon_queue_backlog{'))
      if (lines.length === 0) throw new Error('the backlog is not known')
      return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
    },
    faults: new Map<string, Fault>([
      ['none', none],
      ['process', kill9(false, server)],
    ]),
    logs: () => server.logs(),
    close: async () => {
      await server.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
