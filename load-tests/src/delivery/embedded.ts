import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSeal } from '@carillon/core/security/seal'
import { openDatabase } from '@carillon/core/sqlite/database'
import { sqliteStore } from '@carillon/core/store/sqlite'
import { type AddedTenant, addTenant } from '../consistency/tenants.ts'
import { startCarillon } from '../rig/carillon.ts'
import { type Environment, SETTINGS } from './environment.ts'

/** The tenants are created before the process starts and locks the file. The scenarios need fewer. */
const TENANTS = 80
const DAY_MS = 86_400_000

const createTenants = async (file: string, secret: string): Promise<AddedTenant[]> => {
  const database = openDatabase(file)
  const store = sqliteStore({ database, seal: createSeal(secret), retention: DAY_MS })
  await store.migrate()
  const tenants = await Promise.all(Array.from({ length: TENANTS }, () => addTenant(store, [])))
  await store.close()
  await database.close()
  return tenants
}

/** Starts `carillon dev` on its own data directory. */
export const embeddedEnvironment = async (): Promise<Environment> => {
  const dir = await mkdtemp(join(tmpdir(), 'carillon-delivery-'))
  const secret = randomBytes(32).toString('hex')
  const tenants = await createTenants(join(dir, 'carillon.db'), secret)
  const server = await startCarillon(['dev', '--no-demo', '--data', dir], {
    ...SETTINGS,
    CARILLON_SECRET: secret,
  })
  return {
    hubs: [server],
    workers: () => [server],
    killWorkers: () => server.kill(),
    replaceWorkers: () => server.restart(),
    tenant: async () => {
      const tenant = tenants.pop()
      if (!tenant) throw new Error(`there are only ${TENANTS} tenants`)
      return tenant
    },
    findText: async (text) => {
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
