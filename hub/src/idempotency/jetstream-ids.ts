import { type ConnectionState, TIME_LIMIT_MS } from '@carillon/core/nats/connection'
import { ownership } from '@carillon/core/stream/jetstream/ownership'
import { windowed } from '@carillon/core/stream/jetstream/publish'
import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  jetstream,
  jetstreamManager,
  StorageType,
} from '@nats-io/jetstream'
import { type NatsConnection, nanos } from '@nats-io/transport-node'
import { IDS_MAX, type Idempotency, type IdUse, KEY_RETENTION_MS } from './port.ts'

/**
 * Registers ids chosen by senders, each as the only message of its own subject. JetStream accepts a message only as the first
 * of its subject, so one of any number of concurrent registrations wins. A stream rather than a key-value bucket, because a
 * full bucket rejects new keys, whereas a stream drops the oldest.
 */
export const jetstreamIds = async ({
  connection,
  namespace,
  connectionState,
  replicas,
}: {
  connection: NatsConnection
  namespace: string
  connectionState: ConnectionState
  replicas?: number
}): Promise<Pick<Idempotency, 'register' | 'isRegistered'>> => {
  const client = jetstream(connection, { timeout: TIME_LIMIT_MS })
  const manager = await jetstreamManager(connection, { timeout: TIME_LIMIT_MS, checkAPI: false })
  const stream = `IDS_${namespace}`
  const subjectOf = (key: string) => `ids.${namespace}.${key}`
  const declaration = {
    name: stream,
    subjects: [subjectOf('*')],
    metadata: ownership(namespace),
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_age: nanos(KEY_RETENTION_MS),
    max_msgs: IDS_MAX,
    max_msgs_per_subject: 1,
    // A lagging replica would report an id as new.
    allow_direct: false,
    ...(replicas !== undefined && { num_replicas: replicas }),
  }
  await connectionState.whileUp(async () => {
    try {
      await manager.streams.add(declaration)
    } catch (error) {
      if (!isOtherConfig(error)) throw error
      await manager.streams.update(stream, declaration)
    }
  })

  const first = (key: string) => manager.streams.getMessage(stream, { last_by_subj: subjectOf(key) })

  const enter = async ({ key, fingerprint }: IdUse): Promise<string> => {
    for (;;) {
      try {
        await client.publish(subjectOf(key), fingerprint, {
          expect: { lastSubjectSequence: 0 },
          timeout: TIME_LIMIT_MS,
        })
        return fingerprint
      } catch (error) {
        if (!isConflict(error)) throw error
      }
      const found = await first(key)
      // Without it, it was dropped between the two requests, so this registration is the first.
      if (found) return found.string()
    }
  }

  return {
    isRegistered: (key) => connectionState.whileUp(async () => (await first(key)) !== null),
    register: (uses) =>
      connectionState.whileUp(async () => {
        const firsts = new Map<string, IdUse>()
        for (const use of uses) if (!firsts.has(use.key)) firsts.set(use.key, use)
        const distinct = [...firsts.values()]
        const found = await windowed(distinct, enter)
        const standing = new Map(distinct.map(({ key }, index) => [key, found[index]]))
        return uses.map(({ key, fingerprint }) => standing.get(key) ?? fingerprint)
      }),
  }
}

const CONFLICTS: number[] = [
  JetStreamApiCodes.StreamWrongLastSequence,
  JetStreamApiCodes.StreamWrongLastSequenceUnknown,
]

/** API error: a stream of this name exists with another configuration. */
const NAME_IN_USE = 10058
const isOtherConfig = (error: unknown): boolean =>
  error instanceof JetStreamApiError && error.code === NAME_IN_USE

/** Reports whether another change came first. */
export const isConflict = (error: unknown): boolean =>
  error instanceof JetStreamApiError && CONFLICTS.includes(error.code)
