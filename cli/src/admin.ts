import { existsSync } from 'node:fs'
import { ProblemError } from '@carillon/core/errors'
import { createClosers } from '@carillon/core/lifecycle/closers'
import type { Store } from '@carillon/core/store/port'
import { createLog } from '@carillon/core/telemetry/log'
import { devState } from './dev-state.ts'
import { databaseFile, openParts } from './parts.ts'
import { refuse, settings } from './settings.ts'

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
    const store = await openParts(context).openStore()
    await store.check()
    return await work(store)
  } catch (error) {
    if (error instanceof ProblemError) return refuse(`${error.message}${causeOf(error)}`)
    throw error
  } finally {
    await closers.close(config.drainMs)
  }
}

const causeOf = ({ cause }: Error) => (cause instanceof Error ? `: ${cause.message}` : '')
