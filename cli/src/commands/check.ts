import { existsSync } from 'node:fs'
import { requireNamespace } from '@carillon/core/installation/namespace'
import { excessPermissions } from '@carillon/core/nats/permissions'
import type { Store } from '@carillon/core/store/port'
import { createLog } from '@carillon/core/telemetry/log'
import { openAdapters } from '../composition/adapters.ts'
import { databaseFile, whereabouts, withoutPassword } from '../composition/context.ts'
import { storeName } from '../composition/store.ts'
import { needSecret, settings } from '../config/settings.ts'
import { createClosers } from '../process/closers.ts'
import { say } from '../process/output.ts'
import { noData } from './administer.ts'
import { checkAccounts, faultOf, report } from './check-accounts.ts'

const CLOSE_LIMIT_MS = 10_000

/** Checks every part and every provider account, and exits with 1 if one fails. Creates no data file and no streams. */
export const check = async (options: { data?: string }) => {
  const given = settings(options)
  // Without a secret in the environment, it checks a `carillon dev`, which may connect to any address.
  const allowedTargets = given.allowedTargets ?? (given.secret ? [] : ['*'])
  const config = { ...given, allowedTargets }
  const file = databaseFile(config)
  const hasStore = config.cassandraUrl !== undefined || existsSync(file)
  const closers = createClosers()
  const log = createLog({ level: 'silent', role: 'check' })
  const open = openAdapters({ config, secret: hasStore ? needSecret(config) : '', closers, log })
  let store: Store | undefined
  let namespace: string | undefined
  const warnings: string[] = []
  /** The store is checked first, because it determines the installation of the other parts. */
  const checks: Record<string, () => Promise<unknown>> = {
    inbox: async () => {
      const opened = await open.openStore()
      await opened.check()
      store = opened
      const recorded = await opened.namespace()
      if (recorded !== undefined) requireNamespace(storeName(config), recorded, config.namespace)
      namespace = recorded
    },
    'event log': async () => {
      const connection = await open.openNats()
      if (namespace !== undefined) warnings.push(...(await open.inspectEventLog(namespace, connection)))
      else if (hasStore) throw new Error('not checked, because the inbox names the installation')
      if (config.natsUrl) warnings.push(...(await excessPermissions(config.natsUrl)))
    },
    'live bus': async () => (await open.openLive(namespace ?? 'unknown')).check(),
  }
  const places: Record<string, string> = whereabouts(config, file)
  let passed = true
  for (const [part, work] of Object.entries(checks)) {
    const where = places[part] ?? ''
    // Opening the embedded file would create it.
    const fault =
      where === file && !existsSync(file)
        ? `${noData(config)}, or start carillon dev, which creates it`
        : await faultOf(work)
    passed = report(`${part}: ${withoutPassword(where)}`, fault) && passed
  }
  for (const warning of warnings) say(`warn    event log: ${warning}`)
  if (store) passed = (await checkAccounts(store, open.openHttp())) && passed
  await closers.close(CLOSE_LIMIT_MS)
  process.exit(passed ? 0 : 1)
}
