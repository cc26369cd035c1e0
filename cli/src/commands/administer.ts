import { existsSync } from 'node:fs'
import { announced } from '@carillon/core/cache/invalidation/announced'
import type { Change } from '@carillon/core/cache/invalidation/port'
import { ProblemError, reasonOf } from '@carillon/core/errors'
import type { Store } from '@carillon/core/store/port'
import { createLog } from '@carillon/core/telemetry/log'
import { openAdapters } from '../composition/adapters.ts'
import { databaseFile } from '../composition/context.ts'
import type { Config } from '../config/config.ts'
import { needSecret, settings } from '../config/settings.ts'
import { createClosers } from '../process/closers.ts'
import { refuse } from '../process/command-error.ts'
import { note } from '../process/output.ts'

/** The TTL of the settings cache. */
const LATE = 'running processes see the change within ten seconds'

/** Publishes invalidations of the change, or explains on stderr why it did not. */
const invalidate = async (
  config: Config,
  open: ReturnType<typeof openAdapters>,
  store: Store,
  changes: readonly Change[],
): Promise<void> => {
  // Processes on an embedded file watch the file itself.
  if (changes.length === 0 || (!config.natsUrl && !config.cassandraUrl)) return
  if (!config.natsUrl) return note(`CARILLON_NATS_URL is not set, so ${LATE}`)
  try {
    const connection = await open.openNats({ wait: false })
    const invalidations = await open.openInvalidations((await store.namespace()) ?? '', connection)
    await invalidations.publish(changes)
  } catch (error) {
    note(`the event log does not answer (${reasonOf(error)}), so ${LATE}`)
  }
}

/** Explains where the data of a `carillon dev` was expected. */
export const noData = (config: Config) =>
  `there is no carillon dev data in ${config.dataDir}; name its directory with --data`

/**
 * Runs a short administrative command on the store: in Cassandra if its URL is set, otherwise in the file of
 * a `carillon dev`. Returns the result of `work`. Exits with code 2 if the store is missing or does not
 * respond.
 */
export const administer = async <Result>(
  options: { data?: string },
  work: (store: Store) => Promise<Result>,
): Promise<Result> => {
  const config = settings(options)
  const closers = createClosers()
  if (!config.cassandraUrl && !existsSync(databaseFile(config))) return refuse(noData(config))
  const context = {
    config,
    secret: needSecret(config),
    closers,
    log: createLog({ level: 'silent', role: 'cli' }),
  }
  try {
    const open = openAdapters(context)
    const store = await open.openStore()
    await store.check()
    const changes: Change[] = []
    const result = await work(announced(store, { publish: async (some) => void changes.push(...some) }))
    await invalidate(config, open, store, changes)
    return result
  } catch (error) {
    if (error instanceof ProblemError) return refuse(reasonOf(error))
    throw error
  } finally {
    await closers.close(config.drainMs)
  }
}
