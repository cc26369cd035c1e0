import { type Queue, queueFilter } from '@carillon/schemas'
import {
  AckPolicy,
  type ConsumerInfo,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import { EVENT_RETENTION_MS } from '../events.ts'
import { ACK_WAIT_MS, DEDUPE_WINDOW_MS, NOTIFY_WINDOW_MS, RETENTION_MS } from '../port.ts'
import { QUEUES } from '../queues.ts'
import type { Names } from './names.ts'
import { isOverlap, ownership, requireOwnStreams } from './ownership.ts'

/** Unacknowledged messages of one queue, over all processes that read it. */
const MAX_ACK_PENDING = 20_000

const WRONG_CONFIG = { stream: 10058, consumer: [10013, 10148] }

/** `replicas` and `maxBytes` (of each stream) stay what an operator made them, unless given. */
export type StreamOptions = { replicas?: number; maxBytes?: number; ackWaitMs?: number; sweepMs?: number }

type Declaration = Partial<StreamConfig> & { name: string }

/**
 * The four streams, and those of tenants that have one of their own.
 *
 * NOTIFY takes every subject below `notify`: what no queue reads is swept to the dead letters. It keeps acknowledged
 * messages for RETENTION_MS. Its publishers choose their own `Nats-Msg-Id`s, so its window is as short as can be. A
 * tenant's own stream is one more NOTIFY; JetStream gives each subject to one stream, so its messages come in on
 * `own.<tenant>.>` and are stored as `notify.<tenant>.>`. WORK drops what is
 * acknowledged and has no age limit, because a schedule may wait longer than any; for it nats-server refuses
 * `discard: new`, so WORK has no size limit of its own that could push out the oldest, only the server's, which
 * refuses. The price: WORK knows the `Nats-Msg-Id` of an acknowledged message only until the server restarts. DEAD
 * refuses too; EVENT forgets the oldest.
 */
const declarations = (names: Names, { replicas, maxBytes }: StreamOptions): Declaration[] => {
  const common = {
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    duplicate_window: nanos(DEDUPE_WINDOW_MS),
    metadata: ownership(names.namespace),
    ...(replicas !== undefined && { num_replicas: replicas }),
  }
  const size = maxBytes === undefined ? {} : { max_bytes: maxBytes }
  const kept = { ...common, ...size, discard: DiscardPolicy.New, max_age: nanos(RETENTION_MS) }
  const notify = { ...kept, duplicate_window: nanos(NOTIFY_WINDOW_MS), allow_direct: true }
  return [
    { ...notify, name: names.stream('NOTIFY'), subjects: ['notify.>'] },
    ...names.own.map((tenant) => {
      const dest = `notify.${tenant}.>`
      const src = names.scoped(dest)
      return { ...notify, name: names.ownStream(tenant), subjects: [src], subject_transform: { src, dest } }
    }),
    {
      ...common,
      name: names.stream('WORK'),
      subjects: [...QUEUES.filter((queue) => !queue.startsWith('notify')).map(queueFilter), 'schedule.>'].map(
        names.scoped,
      ),
      retention: RetentionPolicy.Workqueue,
      discard: DiscardPolicy.Old,
      allow_msg_schedules: true,
      allow_rollup_hdrs: true,
    },
    { ...kept, name: names.stream('DEAD'), subjects: ['dead.>'], allow_direct: true },
    {
      ...common,
      ...size,
      name: names.stream('EVENT'),
      subjects: ['event.>'],
      discard: DiscardPolicy.Old,
      max_age: nanos(EVENT_RETENTION_MS),
    },
  ]
}

/** A stream that holds notifications; `origin` is absent for the shared one. */
export type Source = { stream: string; origin?: string }

/** The streams of notifications, the shared one first. */
export const notifySources = (names: Names): [Source, ...Source[]] => [
  { stream: names.stream('NOTIFY') },
  ...names.own.map((tenant) => ({ stream: names.ownStream(tenant), origin: tenant })),
]

/** The streams that hold a queue's messages. */
export const sourcesOf = (names: Names, queue: Queue): [Source, ...Source[]] =>
  queue.startsWith('notify') ? notifySources(names) : [{ stream: names.stream('WORK') }]

/**
 * Creates what is missing and changes what is different. Any number of processes may do so at once. Throws SetupError
 * if a subject is another stream's.
 */
export const declareStreams = async (
  manager: JetStreamManager,
  names: Names,
  options: StreamOptions,
): Promise<void> => {
  for (const declaration of declarations(names, options)) {
    try {
      await manager.streams.add(declaration)
    } catch (error) {
      if (isOverlap(error)) await requireOwnStreams(manager, names)
      if (!(error instanceof JetStreamApiError && error.code === WRONG_CONFIG.stream)) throw error
      await manager.streams.update(declaration.name, declaration)
    }
  }
  const declare = (queue: Queue) =>
    sourcesOf(names, queue).map(({ stream }) => declareConsumer(manager, names, stream, queue, options))
  await Promise.all(QUEUES.flatMap(declare))
}

/** The durable consumer of a stream that all readers of a queue share; it is named after the queue. */
export const declareConsumer = async (
  manager: JetStreamManager,
  names: Names,
  stream: string,
  queue: Queue,
  { ackWaitMs = ACK_WAIT_MS }: StreamOptions,
): Promise<ConsumerInfo> => {
  const changeable = {
    ack_wait: nanos(ackWaitMs),
    max_deliver: -1,
    max_ack_pending: MAX_ACK_PENDING,
    filter_subject: names.scoped(queueFilter(queue)),
  }
  const fixed = {
    durable_name: names.consumer(queue),
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
  }
  try {
    return await manager.consumers.add(stream, { ...fixed, ...changeable })
  } catch (error) {
    if (!(error instanceof JetStreamApiError && WRONG_CONFIG.consumer.includes(error.code))) throw error
    return await manager.consumers.update(stream, names.consumer(queue), changeable)
  }
}
