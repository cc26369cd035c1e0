import { JetStreamApiCodes, JetStreamApiError, jetstream } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/transport-node'
import { LRUCache } from 'lru-cache'
import { failure, linkOf, TIME_LIMIT_MS } from '../stream/jetstream/connection.ts'
import { type Answer, type Idempotency, IN_FLIGHT_MS, KEY_RETENTION_MS } from './port.ts'

const BUCKET = 'IDEMPOTENCY'
/** Claims in flight whose revision is remembered. */
const CLAIMS_MAX = 10_000

/** `at`: when the claim was made, epoch ms. */
type Record = { id: string; body: string; at: number; answer?: Answer }
type Entry = { record: Record; revision: number }

/**
 * Keys in a NATS key-value bucket. Every change names the revision it follows (compare and set), so of all
 * concurrent claims, on all hubs, one wins. Rejects with UnavailableError while NATS is out of reach. The
 * connection stays the caller's to close.
 */
export const jetstreamIdempotency = async ({
  connection,
  replicas,
  now = Date.now,
}: {
  connection: NatsConnection
  replicas?: number
  now?: () => number
}): Promise<Idempotency> => {
  const link = linkOf(connection)
  const kvm = new Kvm(jetstream(connection, { timeout: TIME_LIMIT_MS }))
  const bucket = await kvm
    .create(BUCKET, {
      ttl: KEY_RETENTION_MS,
      // A replica that lags would show a key as free.
      allow_direct: false,
      ...(replicas !== undefined && { replicas }),
    })
    .catch(rethrow)
  const mine = new LRUCache<string, Entry>({ max: CLAIMS_MAX })

  /** Undefined if another change came first. */
  const change = async (write: () => Promise<number>): Promise<number | undefined> => {
    link.require()
    try {
      return await write()
    } catch (error) {
      if (isConflict(error)) return
      throw failure(error)
    }
  }
  const store = (key: string, record: Record, revision: number) =>
    change(() =>
      revision === 0
        ? bucket.create(key, JSON.stringify(record))
        : bucket.update(key, JSON.stringify(record), revision, TIME_LIMIT_MS),
    )

  const find = async (key: string): Promise<Entry | undefined> => {
    link.require()
    const entry = await bucket.get(key).catch(rethrow)
    if (entry?.operation === 'PUT') return { record: entry.json<Record>(), revision: entry.revision }
  }

  const claimed = async (key: string, record: Record, revision: number) => {
    const next = await store(key, record, revision)
    if (next === undefined) return
    mine.set(key, { record, revision: next })
    return { outcome: 'first', id: record.id } as const
  }

  return {
    claim: async (key, body, newId) => {
      const first = await claimed(key, { id: newId(), body, at: now() }, 0)
      if (first) return first
      const found = await find(key)
      // Freed between the two: whoever asks again will get it.
      if (!found) return { outcome: 'in_flight' }
      const { record, revision } = found
      if (record.body !== body) return { outcome: 'reused' }
      if (record.answer) return { outcome: 'replay', answer: record.answer }
      const stale = now() - record.at >= IN_FLIGHT_MS
      const taken = stale && (await claimed(key, { ...record, at: now() }, revision))
      return taken || { outcome: 'in_flight' }
    },

    finish: async (key, answer) => {
      let entry = mine.get(key) ?? (await find(key))
      mine.delete(key)
      // A conflict means that another took over; it did the same work under the same id, so either answer is true.
      while (entry && !entry.record.answer) {
        if (await store(key, { ...entry.record, answer }, entry.revision)) return
        entry = await find(key)
      }
    },

    release: async (key) => {
      const entry = mine.get(key)
      mine.delete(key)
      if (!entry) return
      // A conflict means that another took over, and then the key is theirs.
      await change(async () => {
        await bucket.delete(key, { previousSeq: entry.revision })
        return 0
      })
    },
  }
}

const CONFLICTS: number[] = [
  JetStreamApiCodes.StreamWrongLastSequence,
  JetStreamApiCodes.StreamWrongLastSequenceUnknown,
]
const isConflict = (error: unknown) => error instanceof JetStreamApiError && CONFLICTS.includes(error.code)

const rethrow = (error: unknown): never => {
  throw failure(error)
}
