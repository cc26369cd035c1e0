import { type Queue, queueFilter, WAIT_REASONS, type WaitReason, waitFilter } from '@carillon/schemas'
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

/** Maximum unacknowledged messages per queue, over all processes. */
const MAX_ACK_PENDING = 20_000

const WRONG_CONFIG = { stream: 10058, consumer: [10013, 10148] }

/** `replicas` and `maxBytes` (per stream) keep an operator's values unless given. */
export type StreamOptions = { replicas?: number; maxBytes?: number; ackWaitMs?: number; sweepMs?: number }

type Declaration = Partial<StreamConfig> & { name: string }

/**
 * The configuration of the four streams, and of tenants' own streams.
 *
 * - NOTIFY accepts every subject below `notify`; unroutable messages are swept to the dead letters. It keeps
 *   acknowledged messages for RETENTION_MS. Publishers choose their own `Nats-Msg-Id`s, so its deduplication
 *   window is the minimum.
 * - A tenant's own stream is another NOTIFY. A subject belongs to one stream, so its messages arrive on
 *   `own.<tenant>.>` and are stored as `notify.<tenant>.>`.
 * - WORK drops acknowledged messages and has no age limit, because a schedule may wait for a year.
 *   nats-server rejects `discard: new` together with schedules, so WORK has no size limit of its own:
 *   `discard: old` would drop waiting messages. After a server restart, it no longer deduplicates messages
 *   that were acknowledged before.
 * - DEAD rejects messages when full; EVENT drops the oldest.
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
      allow_direct: true,
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

/** A stream of notifications; `origin` is absent for the shared one. */
export type Source = { stream: string; origin?: string }

/** Returns the streams of notifications, the shared one first. */
export const notifySources = (names: Names): [Source, ...Source[]] => [
  { stream: names.stream('NOTIFY') },
  ...names.own.map((tenant) => ({ stream: names.ownStream(tenant), origin: tenant })),
]

/** Returns the streams that hold a queue's messages. */
export const sourcesOf = (names: Names, queue: Queue): [Source, ...Source[]] =>
  queue.startsWith('notify') ? notifySources(names) : [{ stream: names.stream('WORK') }]

/**
 * Creates missing streams and updates changed ones. Safe to run concurrently. Throws SetupError if another stream holds one
 * of the subjects.
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
  await Promise.all(WAIT_REASONS.map((reason) => declareCounter(manager, names, reason)))
}

/** Returns the consumer that counts the messages that wait for a reason. It is never read. */
export const declareCounter = (
  manager: JetStreamManager,
  names: Names,
  reason: WaitReason,
): Promise<ConsumerInfo> =>
  manager.consumers.add(names.stream('WORK'), {
    durable_name: names.counter(reason),
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    filter_subject: names.scoped(waitFilter(reason)),
  })

/** Returns the durable consumer that all readers of a queue share; its name is the queue's. */
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
