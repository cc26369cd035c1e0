import { join } from 'node:path'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { Config } from '../config/config.ts'
import type { Closers } from '../process/closers.ts'

/** The parameters for opening adapters. `metrics` is set in processes that serve them. */
export type Context = { config: Config; secret: string; closers: Closers; log: Log; metrics?: Metrics }

/** Returns the file in which the embedded adapters store their data. */
export const databaseFile = (config: Config) => join(config.dataDir, 'carillon.db')

/** Reports whether a process with these settings stores anything in the embedded file. */
export const usesFile = (config: Config) => !config.natsUrl || !config.cassandraUrl

/** Masks the credentials of a URL. */
export const withoutPassword = (url: string) => url.replace(/\/\/[^@/]*@/, '//…@')

/** Describes where each part is located: a URL or the embedded file. */
export const whereabouts = (config: Config, file: string) => ({
  'event log': config.natsUrl ?? file,
  inbox: config.cassandraUrl ?? file,
  'live bus': config.redisUrl ?? 'this process',
})
