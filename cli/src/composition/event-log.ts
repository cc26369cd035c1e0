import { inProcessInvalidations } from '@carillon/core/cache/invalidation/in-process'
import { natsInvalidations } from '@carillon/core/cache/invalidation/nats'
import type { Invalidations } from '@carillon/core/cache/invalidation/port'
import { watchFile } from '@carillon/core/cache/invalidation/watch-file'
import { embeddedStream } from '@carillon/core/stream/embedded'
import { watchForFullLog } from '@carillon/core/stream/full-log'
import { connectNats, inspectStreams, jetstreamStream } from '@carillon/core/stream/jetstream'
import type { DeadReason, Stream } from '@carillon/core/stream/port'
import { embeddedIdempotency } from '@carillon/hub/idempotency/embedded'
import { jetstreamIdempotency } from '@carillon/hub/idempotency/jetstream'
import type { Idempotency } from '@carillon/hub/idempotency/port'
import type { Context } from './context.ts'
import type { Embedded } from './embedded.ts'

type NatsConnection = Awaited<ReturnType<typeof connectNats>>

/** Opens the event log, idempotency keys and invalidations: over NATS if its URL is set, otherwise embedded. */
export const eventLogAdapters = ({ config, closers, log, metrics }: Context, embedded: Embedded) => {
  /** Connects to NATS, if its URL is set. The connection is opened first, so that it is closed last. */
  const openNats = async (options?: { wait: boolean }): Promise<NatsConnection | undefined> => {
    if (!config.natsUrl) return undefined
    const connection = await connectNats(config.natsUrl, 'carillon', options)
    closers.add('nats', () => connection.close())
    return connection
  }

  const watched = (stream: Stream) => (metrics ? watchForFullLog(stream, { log, metrics }) : stream)

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
    const onUnroutable = (reasons: readonly DeadReason[]) => {
      for (const { code } of reasons) metrics?.deadLetters.inc({ code })
      log.warn(
        { letters: reasons.length, first: reasons[0] },
        'messages on unroutable subjects are dead-lettered',
      )
    }
    const stream = watched(
      await jetstreamStream({ ...place, ownStreams: config.natsOwnStreams, onUnroutable }),
    )
    closers.add('stream', () => stream.close())
    return { stream, idempotency: await jetstreamIdempotency(place) }
  }

  /** Checks the event log and creates no streams. Returns warnings. */
  const inspectEventLog = async (
    namespace: string,
    connection: NatsConnection | undefined,
  ): Promise<string[]> => {
    if (!connection) {
      await (await openStream(namespace, undefined)).stream.check()
      return []
    }
    const missing = await inspectStreams({ connection, namespace, ownStreams: config.natsOwnStreams })
    return missing.length === 0
      ? []
      : [`there is no stream ${missing.join(', ')} yet; a hub or dispatcher creates it when it starts`]
  }

  /** Without Cassandra, other processes write to the embedded file, so it is watched too. */
  const openInvalidations = async (
    namespace: string,
    connection: NatsConnection | undefined,
  ): Promise<Invalidations> => {
    const onError = (err: unknown) =>
      log.warn(
        { err },
        'an invalidation was not published; other processes see the change within ten seconds',
      )
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
  return { openNats, openStream, inspectEventLog, openInvalidations }
}
