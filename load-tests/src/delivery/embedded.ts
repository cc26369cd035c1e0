import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSeal } from '@carillon/core/security/seal'
import { openDatabase } from '@carillon/core/sqlite/database'
import { sqliteStore } from '@carillon/core/store/sqlite'
import { type AddedTenant, addTenant } from '../consistency/tenants.ts'
import { startCarillon } from '../rig/carillon.ts'
import { SETTINGS, type Stage } from './stage.ts'

/** More than all scenarios together need; the file is only Carillon's once it runs. */
const TENANTS = 40
const DAY_MS = 86_400_000

const makeTenants = async (file: string, secret: string): Promise<AddedTenant[]> => {
  const database = openDatabase(file)
  const store = sqliteStore({ database, seal: createSeal(secret), retention: DAY_MS })
  await store.migrate()
  const tenants = await Promise.all(Array.from({ length: TENANTS }, () => addTenant(store, [])))
  await store.close()
  await database.close()
  return tenants
}

/** `carillon dev` on a data directory of its own. */
export const embeddedStage = async (): Promise<Stage> => {
  const dir = await mkdtemp(join(tmpdir(), 'carillon-outreach-'))
  const secret = randomBytes(32).toString('hex')
  const tenants = await makeTenants(join(dir, 'carillon.db'), secret)
  const server = await startCarillon(['dev', '--no-demo', '--data', dir], {
    ...SETTINGS,
    CARILLON_SECRET: secret,
  })
  return {
    hubs: [server],
    senders: () => [server],
    killSenders: () => server.kill(),
    takeOver: () => server.restart(),
    tenant: async () => {
      const tenant = tenants.pop()
      if (!tenant) throw new Error(`there are only ${TENANTS} tenants`)
      return tenant
    },
    places: async (text) => {
      const files = await readdir(dir)
      const found = await Promise.all(
        files.map(async (file) => ((await readFile(join(dir, file))).includes(text) ? [file] : [])),
      )
      return found.flat()
    },
    logs: () => server.logs(),
    close: async () => {
      await server.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
