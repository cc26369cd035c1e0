import { join } from 'node:path'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { Config } from '../config/config.ts'
import type { Closers } from '../process/closers.ts'

/** What every adapter is opened with. `metrics` is set in processes that serve them. */
export type Context = { config: Config; secret: string; closers: Closers; log: Log; metrics?: Metrics }

/** Returns where the embedded adapters keep their data. */
export const databaseFile = (config: Config) => join(config.dataDir, 'carillon.db')

/** Returns whether a process with these settings keeps anything in the embedded file. */
export const usesFile = (config: Config) => !config.natsUrl || !config.cassandraUrl

/** Masks the credentials of a URL. */
export const withoutPassword = (url: string) => url.replace(/\/\/[^@/]*@/, '//…@')

/** Returns where each part lives, for people: a URL or the embedded file. */
export const whereabouts = (config: Config, file: string) => ({
  'event log': config.natsUrl ?? file,
  inbox: config.cassandraUrl ?? file,
  'live bus': config.redisUrl ?? 'this process',
})
