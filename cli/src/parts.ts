import { join } from 'node:path'
import type { Config } from '@carillon/core/config/config'
import { embeddedIdempotency } from '@carillon/core/idempotency/embedded'
import { jetstreamIdempotency } from '@carillon/core/idempotency/jetstream'
import type { Idempotency } from '@carillon/core/idempotency/port'
import type { Closers } from '@carillon/core/lifecycle/closers'
import { memoryLimits } from '@carillon/core/limits/memory'
import type { Limits } from '@carillon/core/limits/port'
import { redisLimits } from '@carillon/core/limits/redis'
import { inProcessLive } from '@carillon/core/live/in-process'
import type { Live } from '@carillon/core/live/port'
import { redisLive } from '@carillon/core/live/redis'
import { connectRedis, openSubscriptions } from '@carillon/core/live/redis-client'
import { clusterServer, type LiveServer, standaloneServer } from '@carillon/core/live/server'
import { createHttp } from '@carillon/core/outreach/http'
import { createDirectory } from '@carillon/core/security/directory'
import { createSeal } from '@carillon/core/security/seal'
import { type Database, openDatabase } from '@carillon/core/sqlite/database'
import { measureDatabase } from '@carillon/core/sqlite/measure'
import { cassandraStore, connectCassandra } from '@carillon/core/store/cassandra'
import type { Store } from '@carillon/core/store/port'
import { sqliteStore } from '@carillon/core/store/sqlite'
import { embeddedStream } from '@carillon/core/stream/embedded'
import { connectNats, jetstreamStream } from '@carillon/core/stream/jetstream'
import type { Stream } from '@carillon/core/stream/port'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { CommandError } from './settings.ts'
import { untilAvailable } from './until-available.ts'

/** `metrics`: of a process that serves them. */
export type Context = { config: Config; secret: string; closers: Closers; log: Log; metrics?: Metrics }

/** Where each part lives, for people: `nats://…` or the embedded file. */
export const whereabouts = (config: Config, file: string) => ({
  'event log': config.natsUrl ?? file,
  inbox: config.cassandraUrl ?? file,
  'live bus': config.redisUrl ?? 'this process',
})

export const databaseFile = (config: Config) => join(config.dataDir, 'carillon.db')

const openFile = (file: string): Database => {
  try {
    return openDatabase(file)
  } catch (cause) {
    const { code, message } = cause as Error & { code?: string }
    if (!code?.startsWith('SQLITE_')) throw cause
    throw new CommandError(`${file} cannot be opened: ${message}`, { cause })
  }
}

/** The one place that chooses adapters: a part is real when its URL is set, embedded otherwise. */
export const openParts = (context: Context, file = databaseFile(context.config)) => {
  const { config, secret, closers, log, metrics } = context
  const seal = createSeal(secret)
  let database: Database | undefined

  const embedded = (): Database => {
    if (!database) {
      const opened = openFile(file)
      if (metrics) measureDatabase(opened, metrics)
      closers.add('database', () => opened.close())
      database = opened
    }
    return database
  }

  const openStore = async (): Promise<Store> => {
    const store = config.cassandraUrl
      ? cassandraStore({ ...connectCassandra(config.cassandraUrl), seal, retention: config.retentionMs })
      : sqliteStore({ database: embedded(), seal, retention: config.retentionMs })
    closers.add('store', () => store.close())
    return store
  }

  const openStream = async (): Promise<{ stream: Stream; idempotency: Idempotency }> => {
    if (!config.natsUrl) {
      const stream = embeddedStream({ database: embedded() })
      closers.add('stream', () => stream.close())
      return { stream, idempotency: embeddedIdempotency({ database: embedded() }) }
    }
    const connection = await connectNats(config.natsUrl, 'carillon')
    closers.add('nats', () => connection.close())
    const stream = await jetstreamStream({ connection, replicas: config.natsReplicas })
    closers.add('stream', () => stream.close())
    return { stream, idempotency: await jetstreamIdempotency({ connection, replicas: config.natsReplicas }) }
  }

  const openRedis = (redisUrl: string) => {
    const onError = (error: Error) => log.warn({ err: error.message }, 'redis does not answer')
    return {
      connect: () => connectRedis(redisUrl, onError),
      subscribe: () => openSubscriptions(redisUrl, onError),
    }
  }

  /** For a process that holds connections: live, and the Socket.IO server it delivers through. */
  const openEdge = async (): Promise<{ live: Live; io: LiveServer }> => {
    if (!config.redisUrl) {
      const io = standaloneServer()
      return { live: inProcessLive({ io }), io }
    }
    const { connect, subscribe } = openRedis(config.redisUrl)
    const redis = await connect()
    const subscriptions = await subscribe()
    const live = redisLive({ redis, subscriptions })
    closers.add('live', () => live.close())
    return { live, io: clusterServer({ redis, subscriptions }) }
  }

  /** For a process that only delivers. Without Redis it reaches nobody. */
  const openLive = async (): Promise<Live> => {
    if (!config.redisUrl) return inProcessLive({ io: standaloneServer() })
    const live = redisLive({ redis: await openRedis(config.redisUrl).connect() })
    closers.add('live', () => live.close())
    return live
  }

  /** What paces and refuses, on Redis where there is one. */
  const openLimits = async (): Promise<Limits> => {
    if (!config.redisUrl) return memoryLimits()
    const redis = await openRedis(config.redisUrl).connect()
    closers.add('limits', () => redis.disconnect())
    return redisLimits({
      redis,
      onError: (error) => log.warn({ err: error.message }, 'limits hold for this process only'),
    })
  }

  /** `allow`: who may be sent to although they are not public, unless the settings say. */
  const openHttp = (allow: readonly string[]) => {
    const http = createHttp({ allow: config.allowedTargets ?? allow })
    closers.add('http', () => http.close())
    return http
  }

  return { seal, openStore, openStream, openEdge, openLive, openLimits, openHttp }
}

/** Loaded by those who need them: they bring half of the program with them. */
const loadProviders = async () => (await import('@carillon/dispatcher/channels/providers')).PROVIDERS

/**
 * Everything a hub needs. Waits for servers that are not up yet. Opened first, the event log is closed last: what is
 * finished while the process drains is still acknowledged or published.
 */
export const openHubParts = async (context: Context, file?: string, allow: readonly string[] = []) => {
  const { log } = context
  const open = openParts(context, file)
  const { stream, idempotency } = await untilAvailable(log, 'event log', open.openStream)
  const store = await open.openStore()
  const { live, io } = await untilAvailable(log, 'live bus', open.openEdge)
  const limits = await untilAvailable(log, 'live bus', open.openLimits)
  const http = open.openHttp(allow)
  const directory = createDirectory(store)
  return {
    stream,
    store,
    live,
    idempotency,
    io,
    directory,
    limits,
    http,
    seal: open.seal,
    providers: await loadProviders(),
  }
}

/** Everything a dispatcher needs. Waits for servers that are not up yet. The event log is closed last. */
export const openDispatcherParts = async (context: Context) => {
  const { log } = context
  const open = openParts(context)
  const { stream } = await untilAvailable(log, 'event log', open.openStream)
  const store = await open.openStore()
  const live = await untilAvailable(log, 'live bus', open.openLive)
  const limits = await untilAvailable(log, 'live bus', open.openLimits)
  const http = open.openHttp([])
  const directory = createDirectory(store)
  const providers = await loadProviders()
  return { stream, store, live, directory, limits, http, seal: open.seal, providers }
}
