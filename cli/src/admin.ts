import { existsSync } from 'node:fs'
import { announced } from '@carillon/core/cache/invalidation/announced'
import type { Change } from '@carillon/core/cache/invalidation/port'
import { ProblemError, reasonOf } from '@carillon/core/errors'
import type { Store } from '@carillon/core/store/port'
import { createLog } from '@carillon/core/telemetry/log'
import { createClosers } from './closers.ts'
import type { Config } from './config/config.ts'
import { devState } from './dev-state.ts'
import { databaseFile, openParts } from './parts.ts'
import { refuse, settings } from './settings.ts'

/** How long processes go on with what they know if they are not told. */
const LATE = 'processes that run notice the change within ten seconds'

/** Tells the processes of the installation what was changed, or the person why they were not told. */
const announce = async (
  config: Config,
  open: ReturnType<typeof openParts>,
  store: Store,
  changes: readonly Change[],
): Promise<void> => {
  // Processes on an embedded file watch it.
  if (changes.length === 0 || (!config.natsUrl && !config.cassandraUrl)) return
  const warn = (why: string) => process.stderr.write(`carillon: ${why}, so ${LATE}\n`)
  if (!config.natsUrl) return void warn('CARILLON_NATS_URL is not set')
  try {
    const connection = await open.openNats({ wait: false })
    const invalidations = await open.openInvalidations((await store.namespace()) ?? '', connection)
    await invalidations.publish(changes)
  } catch (error) {
    warn(`the event log was not reached (${reasonOf(error)})`)
  }
}

/**
 * Runs a short administrative command on the store: that of the cluster if its URL is set, else the file of a
 * `carillon dev`, whose secret is used if none is set.
 */
export const administer = async <Result>(
  options: { data?: string },
  work: (store: Store) => Promise<Result>,
): Promise<Result> => {
  const config = settings(options)
  const closers = createClosers()
  if (!config.cassandraUrl && !existsSync(databaseFile(config)))
    return refuse(`there is no carillon dev data in ${config.dataDir}; name its directory with --data`)
  const secret = config.secret ?? (config.cassandraUrl ? undefined : devState(config.dataDir).read()?.secret)
  if (secret === undefined) return refuse('CARILLON_SECRET is not set')
  const context = { config, secret, closers, log: createLog({ level: 'silent', role: 'cli' }) }
  try {
    const open = openParts(context)
    const store = await open.openStore()
    await store.check()
    const changes: Change[] = []
    const result = await work(announced(store, { publish: async (some) => void changes.push(...some) }))
    await announce(config, open, store, changes)
    return result
  } catch (error) {
    if (error instanceof ProblemError) return refuse(`${error.message}${causeOf(error)}`)
    throw error
  } finally {
    await closers.close(config.drainMs)
  }
}

const causeOf = ({ cause }: Error) => (cause instanceof Error ? `: ${cause.message}` : '')
