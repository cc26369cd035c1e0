import { setTimeout as sleep } from 'node:timers/promises'
import { type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { UnavailableError } from '../errors.ts'
import { TIME_LIMIT_MS, translateError, watchConnection } from '../nats/connection.ts'
import { deadLetters } from './jetstream/dead-letters.ts'
import { checkedStreams, requireRoom, requireVersion } from './jetstream/inspect.ts'
import { mergedReader } from './jetstream/merged.ts'
import { type Names, namesOf } from './jetstream/names.ts'
import { requireOwnStreams } from './jetstream/ownership.ts'
import { createPubAcks } from './jetstream/pub-acks.ts'
import { publisher, windowed } from './jetstream/publish.ts'
import { type JetstreamReader, jetstreamReader } from './jetstream/reader.ts'
import {
  declareConsumer,
  declareStreams,
  notifySources,
  type Source,
  type StreamOptions,
  sourcesOf,
} from './jetstream/streams.ts'
import { startSweeping, sweepUnroutable } from './jetstream/unroutable.ts'
import { createCounts } from './jetstream/waiting.ts'
import { ACK_WAIT_MS, type DeadReason, type Stream } from './port.ts'

export { connectNats } from '../nats/connection.ts'
export { inspectStreams } from './jetstream/inspect.ts'

/** How often reading processes sweep messages on unroutable subjects. */
const SWEEP_MS = 5_000
/** How long a starting server may take until its streams respond. */
const START_LIMIT_MS = 30_000

/**
 * Returns the event log on NATS JetStream: the streams NOTIFY, WORK, DEAD and EVENT of one installation, a durable consumer
 * per queue, and native message schedules. Tenants in `ownStreams` have a NOTIFY stream of their own. The caller owns the
 * connection. Rejects if the server is too old, with SetupError if the account's streams belong to another installation or
 * have another layout, and with UnavailableError if the server does not respond within 30 s.
 *
 * `onUnroutable` is called with the reasons of messages on unroutable subjects that became dead letters. `ackWaitMs` and
 * `sweepMs` are for tests.
 */
export const jetstreamStream = async ({
  connection,
  namespace,
  ownStreams,
  onUnroutable,
  ...options
}: {
  connection: NatsConnection
  namespace: string
  ownStreams?: readonly string[]
  onUnroutable?: (reasons: readonly DeadReason[]) => void
} & StreamOptions): Promise<Stream> => {
  requireVersion(connection)
  const connectionState = watchConnection(connection)
  const client = jetstream(connection, { timeout: TIME_LIMIT_MS })
  const manager = await jetstreamManager(connection, { timeout: TIME_LIMIT_MS, checkAPI: false })
  const names = namesOf(namespace, ownStreams)
  await declared(manager, names, options)

  const pubAcks = createPubAcks(connection)
  const dead = deadLetters(client, manager, names)
  const counts = createCounts(manager, names, options)
  const readers = new Set<JetstreamReader>()
  let sweeping: ReturnType<typeof startSweeping> | undefined

  let declaring: Promise<void> | undefined
  /** Recreates the streams once for all readers, if they were deleted. */
  const declareAgain = () => {
    declaring ??= declareStreams(manager, names, options).finally(() => {
      declaring = undefined
    })
    return declaring
  }

  return {
    publish: publisher(pubAcks, connectionState, names),
    cancel: async (keys) => {
      const answers = await connectionState.whileUp(() =>
        windowed(keys, (key) => manager.streams.purge(names.stream('WORK'), { filter: names.scoped(key) })),
      )
      return answers.reduce((removed, { purged }) => removed + purged, 0)
    },
    cancelGroup: async (group) => {
      const filter = names.scoped(`${group}.>`)
      return (await connectionState.whileUp(() => manager.streams.purge(names.stream('WORK'), { filter })))
        .purged
    },
    now: async (tenant) => {
      const stream = names.own.includes(tenant) ? names.ownStream(tenant) : names.stream('NOTIFY')
      const { ts } = await connectionState.whileUp(() => manager.streams.info(stream))
      if (ts === undefined) throw new Error(`the stream ${stream} does not report its time`)
      return Date.parse(ts)
    },
    read: (queue, { buffer }) =>
      connectionState.whileUp(async () => {
        const sources = sourcesOf(names, queue)
        const open = (source: Source) => {
          const reader: JetstreamReader = jetstreamReader({
            connection,
            connectionState,
            names,
            source,
            queue,
            buffer: Math.max(1, Math.floor(buffer / sources.length)),
            ackWaitMs: options.ackWaitMs ?? ACK_WAIT_MS,
            declare: () => declareConsumer(manager, names, source.stream, queue, options).catch(declareAgain),
            deposit: dead.deposit,
            onEnd: () => readers.delete(reader),
          })
          readers.add(reader)
          return reader
        }
        const [first, ...others] = sources
        const reader = others.length > 0 ? mergedReader([open(first), ...others.map(open)]) : open(first)
        sweeping ??= startSweeping(connectionState, options.sweepMs ?? SWEEP_MS, async () => {
          for (const source of notifySources(names)) {
            const reasons = await sweepUnroutable(manager, source, dead.deposit)
            if (reasons.length > 0) onUnroutable?.(reasons)
          }
        })
        return reader
      }),
    deadLetters: (query) => connectionState.whileUp(() => dead.list(query)),
    deadLetter: (tenant, sequence) => connectionState.whileUp(() => dead.get(tenant, sequence)),
    removeDeadLetter: (sequence) => connectionState.whileUp(() => dead.remove(sequence)),
    backlog: () => connectionState.whileUp(counts.backlog),
    waiting: () => connectionState.whileUp(counts.waiting),
    check: async () => {
      const infos = await connectionState.whileUp(() =>
        Promise.all(checkedStreams(names).map((stream) => manager.streams.info(stream))),
      )
      requireRoom(infos)
    },
    close: async () => {
      await sweeping?.stop()
      for (const reader of readers) reader.abandon()
      pubAcks.close()
    },
  }
}

/**
 * Checks ownership before it creates anything, so that another installation's account stays unchanged, and again
 * afterwards, because concurrent creation may let subjects overlap (nats-server 2.15).
 */
const declared = async (manager: JetStreamManager, names: Names, options: StreamOptions) => {
  const deadline = Date.now() + START_LIMIT_MS
  for (;;) {
    try {
      await requireOwnStreams(manager, names)
      await declareStreams(manager, names, options)
      return await requireOwnStreams(manager, names)
    } catch (error) {
      const meaning = translateError(error)
      if (!(meaning instanceof UnavailableError) || Date.now() > deadline) throw meaning
      await sleep(250)
    }
  }
}
