import { join } from 'node:path'
import { announced } from '@carillon/core/cache/invalidation/announced'
import { inProcessInvalidations } from '@carillon/core/cache/invalidation/in-process'
import { natsInvalidations } from '@carillon/core/cache/invalidation/nats'
import type { Invalidations } from '@carillon/core/cache/invalidation/port'
import { watchFile } from '@carillon/core/cache/invalidation/watch-file'
import { createSettingsCache } from '@carillon/core/cache/tenants-and-types'
import { createHttp } from '@carillon/core/delivery/http'
import { reasonOf, UnavailableError } from '@carillon/core/errors'
import { requireNamespace } from '@carillon/core/installation/namespace'
import { memoryLimits } from '@carillon/core/limits/memory'
import type { Limits } from '@carillon/core/limits/port'
import { redisLimits } from '@carillon/core/limits/redis'
import { inProcessLive } from '@carillon/core/live/in-process'
import type { Live } from '@carillon/core/live/port'
import { redisLive } from '@carillon/core/live/redis'
import { clusterServer, type LiveServer, standaloneServer } from '@carillon/core/live/server'
import { connectRedis, openSubscriptions } from '@carillon/core/redis/connection'
import { createSeal } from '@carillon/core/security/seal'
import { sqliteCaptured } from '@carillon/core/sqlite/captured'
import { type Database, openDatabase } from '@carillon/core/sqlite/database'
import { measureDatabase } from '@carillon/core/sqlite/measure'
import { cassandraStore, connectCassandra } from '@carillon/core/store/cassandra'
import type { Store } from '@carillon/core/store/port'
import { sqliteStore } from '@carillon/core/store/sqlite'
import { embeddedStream } from '@carillon/core/stream/embedded'
import { connectNats, jetstreamStream } from '@carillon/core/stream/jetstream'
import type { Stream } from '@carillon/core/stream/port'
import { watchedStream } from '@carillon/core/stream/watched'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { embeddedIdempotency } from '@carillon/hub/idempotency/embedded'
import { jetstreamIdempotency } from '@carillon/hub/idempotency/jetstream'
import type { Idempotency } from '@carillon/hub/idempotency/port'
import { redisShare } from '@carillon/hub/limits/redis-share'
import { createRequestLimits, type RequestLimits } from '@carillon/hub/limits/requests'
import type { Closers } from './closers.ts'
import type { Config } from './config/config.ts'
import { CommandError } from './settings.ts'
import { untilAvailable } from './until-available.ts'

type NatsConnection = Awaited<ReturnType<typeof connectNats>>

/** `metrics`: of a process that serves them. */
export type Context = { config: Config; secret: string; closers: Closers; log: Log; metrics?: Metrics }

/** Where each part lives, for people: `nats://…` or the embedded file. */
export const whereabouts = (config: Config, file: string) => ({
  'event log': config.natsUrl ?? file,
  inbox: config.cassandraUrl ?? file,
  'live bus': config.redisUrl ?? 'this process',
})

export const databaseFile = (config: Config) => join(config.dataDir, 'carillon.db')

/** Whether a process with these settings keeps anything in the embedded file. */
export const usesFile = (config: Config) => !config.natsUrl || !config.cassandraUrl

/** How refusals name the store. */
const nameOfStore = (config: Config) =>
  config.cassandraUrl ? 'the keyspace of CARILLON_CASSANDRA_URL' : `the data file ${databaseFile(config)}`

const openFile = (file: string, namespace: string | undefined): Database => {
  try {
    return openDatabase(file, { namespace })
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

  const embedded = (namespace = config.namespace): Database => {
    if (!database) {
      const opened = openFile(file, namespace)
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

  /**
   * The store, migrated if `migrate` says so, and the namespace of the installation that its data belongs to. Waits
   * for a store that does not answer or is not migrated yet. Throws SetupError for data that cannot be used.
   */
  const openInstallation = async ({ migrate }: { migrate: boolean }) => {
    const store = await openStore()
    const namespace = await untilAvailable(log, 'store', async () => {
      const found = await store.namespace()
      if (found !== undefined) requireNamespace(nameOfStore(config), found, config.namespace)
      // A new keyspace continues the installation whose event log is in the data directory.
      const wanted = found ?? config.namespace ?? (config.natsUrl ? undefined : embedded().namespace)
      if (migrate) await store.migrate(wanted)
      await store.check()
      const recorded = await store.namespace()
      if (recorded === undefined) throw new UnavailableError('store', new Error('it is not migrated yet'))
      return recorded
    })
    return { store, namespace }
  }

  /** Connects to NATS, if there is one. Opened first, the connection is closed last. */
  const openNats = async (options?: { wait: boolean }): Promise<NatsConnection | undefined> => {
    if (!config.natsUrl) return undefined
    const connection = await connectNats(config.natsUrl, 'carillon', options)
    closers.add('nats', () => connection.close())
    return connection
  }

  const watched = (stream: Stream) => (metrics ? watchedStream(stream, { log, metrics }) : stream)

  const openStream = async (
    namespace: string,
    connection: NatsConnection | undefined,
  ): Promise<{ stream: Stream; idempotency: Idempotency }> => {
    if (!connection) {
      const stream = watched(embeddedStream({ database: embedded(namespace) }))
      closers.add('stream', () => stream.close())
      return { stream, idempotency: embeddedIdempotency({ database: embedded(namespace) }) }
    }
    const place = { connection, namespace, replicas: config.natsReplicas }
    const stream = watched(await jetstreamStream({ ...place, ownStreams: config.natsOwnStreams }))
    closers.add('stream', () => stream.close())
    return { stream, idempotency: await jetstreamIdempotency(place) }
  }

  /** Tells processes of each other's changes: over NATS, and by the file for a store in it. */
  const openInvalidations = async (
    namespace: string,
    connection: NatsConnection | undefined,
  ): Promise<Invalidations> => {
    const onError = (err: unknown) => log.warn({ err }, 'other processes notice a change late')
    const invalidations = connection
      ? await natsInvalidations({ connection, namespace, onError })
      : inProcessInvalidations()
    closers.add('invalidations', () => invalidations.close())
    if (!config.cassandraUrl)
      closers.add(
        'watch',
        watchFile(embedded(), () => void invalidations.publish('all')),
      )
    return invalidations
  }

  const openRedis = (redisUrl: string) => {
    const onError = (error: Error) => log.warn({ err: error.message }, 'redis does not answer')
    return {
      connect: () => connectRedis(redisUrl, onError),
      subscribe: () => openSubscriptions(redisUrl, onError),
    }
  }

  /** For a process that holds connections: live, and the Socket.IO server it delivers through. */
  const openEdge = async (namespace: string): Promise<{ live: Live; io: LiveServer }> => {
    if (!config.redisUrl) {
      const io = standaloneServer()
      return { live: inProcessLive({ io }), io }
    }
    const { connect, subscribe } = openRedis(config.redisUrl)
    const redis = await connect()
    const subscriptions = await subscribe()
    const live = redisLive({ redis, subscriptions, namespace })
    closers.add('live', () => live.close())
    return { live, io: clusterServer({ redis, subscriptions, namespace }) }
  }

  /** For a process that only delivers. Without Redis it reaches nobody. */
  const openLive = async (namespace: string): Promise<Live> => {
    if (!config.redisUrl) return inProcessLive({ io: standaloneServer() })
    const live = redisLive({ redis: await openRedis(config.redisUrl).connect(), namespace })
    closers.add('live', () => live.close())
    return live
  }

  /** Limits of sends and of requests, shared over Redis where there is one. */
  const openLimits = async (namespace: string): Promise<{ limits: Limits; requests: RequestLimits }> => {
    if (!config.redisUrl) return { limits: memoryLimits(), requests: createRequestLimits() }
    const redis = await openRedis(config.redisUrl).connect()
    closers.add('limits', () => redis.disconnect())
    const onError = (error: unknown) =>
      log.warn({ err: reasonOf(error) }, 'limits hold for this process only')
    const requests = createRequestLimits({ share: redisShare({ redis, namespace }), onError })
    closers.add('request limits', () => requests.close())
    return { limits: redisLimits({ redis, namespace, onError }), requests }
  }

  /** `allow`: who may be sent to although they are not public, unless the settings say. */
  const openHttp = (allow: readonly string[]) => {
    const http = createHttp({ allow: config.allowedTargets ?? allow })
    closers.add('http', () => http.close())
    return http
  }

  /** For development: what would have been sent, kept in the embedded file. */
  const openCaptured = (max: number) => sqliteCaptured({ database: embedded(), seal, max })

  return {
    ...{ seal, openStore, openInstallation, openNats, openStream, openInvalidations },
    ...{ openEdge, openLive, openLimits, openHttp, openCaptured },
  }
}

/** Loaded by those who need them: they bring half of the program with them. */
const loadProviders = async () => (await import('@carillon/dispatcher/channels/providers')).PROVIDERS

/**
 * What every role opens first: NATS, whose connection is then closed last, so that what is finished while the process
 * drains is still acknowledged or published; the store; and the event log of the installation in it.
 */
const openBase = async (open: ReturnType<typeof openParts>, log: Log, options: { migrate: boolean }) => {
  const connection = await untilAvailable(log, 'event log', () => open.openNats())
  const { store, namespace } = await open.openInstallation(options)
  const streams = await untilAvailable(log, 'event log', () => open.openStream(namespace, connection))
  const invalidations = await untilAvailable(log, 'event log', () =>
    open.openInvalidations(namespace, connection),
  )
  const announcing = announced(store, invalidations)
  const cache = createSettingsCache(announcing, invalidations)
  return { namespace, base: { store: announcing, invalidations, cache, ...streams } }
}

/** Everything a hub needs. Waits for servers that are not up yet. `migrate` brings the schema up to date. */
export const openHubParts = async (
  context: Context,
  { file, allow = [], migrate = false }: { file?: string; allow?: readonly string[]; migrate?: boolean } = {},
) => {
  const { log } = context
  const open = openParts(context, file)
  const { namespace, base } = await openBase(open, log, { migrate })
  const { live, io } = await untilAvailable(log, 'live bus', () => open.openEdge(namespace))
  const { limits, requests } = await untilAvailable(log, 'live bus', () => open.openLimits(namespace))
  const http = open.openHttp(allow)
  return {
    ...base,
    live,
    io,
    limits,
    requests,
    http,
    seal: open.seal,
    providers: await loadProviders(),
    openCaptured: open.openCaptured,
  }
}

/** Everything a dispatcher needs. Waits for servers that are not up yet. The event log is closed last. */
export const openDispatcherParts = async (context: Context) => {
  const { log } = context
  const open = openParts(context)
  const { namespace, base } = await openBase(open, log, { migrate: false })
  const live = await untilAvailable(log, 'live bus', () => open.openLive(namespace))
  const { limits } = await untilAvailable(log, 'live bus', () => open.openLimits(namespace))
  const http = open.openHttp([])
  const providers = await loadProviders()
  return { ...base, live, limits, http, seal: open.seal, providers }
}
