import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSeal } from '@carillon/core/security/seal'
import { openDatabase } from '@carillon/core/sqlite/database'
import { sqliteStore } from '@carillon/core/store/sqlite'
import { embeddedStream } from '@carillon/core/stream/embedded'
import { type Settings, startCarillon } from '../rig/carillon.ts'
import { type Environment, type Fault, killFault, noFault } from './environment.ts'

/** Starts `carillon dev` on its own data directory. */
export const embeddedEnvironment = async (): Promise<Environment> => {
  const dir = await mkdtemp(join(tmpdir(), 'carillon-consistency-'))
  const secret = randomBytes(32).toString('hex')
  const settings: Settings = {
    CARILLON_SECRET: secret,
    CARILLON_UNKNOWN_TYPES: 'refuse',
    CARILLON_INSECURE_LINKS: 'refuse',
    CARILLON_LOG_LEVEL: 'warn',
  }
  const server = await startCarillon(['dev', '--no-demo', '--data', dir], settings)
  let running = true
  const inspect: Environment['inspect'] = async (use) => {
    const database = openDatabase(join(dir, 'carillon.db'))
    const store = sqliteStore({ database, seal: createSeal(secret), retention: 90 * 86_400_000 })
    const stream = embeddedStream({ database })
    const usersWithItems = async (tenant: string) => {
      const query =
        'SELECT user FROM owners WHERE tenant = ? AND EXISTS (SELECT 1 FROM inbox WHERE owner = owners.id)'
      const rows = database.handle.prepare(query).all([tenant])
      return new Set((rows as { user: string }[]).map(({ user }) => user))
    }
    try {
      return await use({ store, stream, usersWithItems })
    } finally {
      await stream.close()
      await store.close()
      await database.close()
    }
  }
  const pause = async () => {
    if (running) await server.stop()
    running = false
  }
  await pause()
  return {
    hubs: [server.url],
    start: async () => {
      if (!running) await server.restart()
      running = true
    },
    pause,
    // The embedded log rejects such messages.
    swept: async () => {},
    inspect,
    backlog: async () => {
      const response = await fetch(`${server.url}/metrics`, { signal: AbortSignal.timeout(5_000) })
      const lines = (await response.text())
        .split('\n')
        .filter((line) => line.startsWith('carillon_queue_backlog{'))
      if (lines.length === 0) throw new Error('the backlog is unknown')
      return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
    },
    faults: new Map<string, Fault>([
      ['none', noFault],
      ['process', killFault(false, server)],
    ]),
    logs: () => server.logs(),
    close: async () => {
      await server.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
