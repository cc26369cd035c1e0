import { readJson } from '@carillon/core/json/json'
import { TIME_LIMIT_MS, watchConnection } from '@carillon/core/nats/connection'
import { ownership } from '@carillon/core/stream/jetstream/ownership'
import { jetstream } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/transport-node'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { isConflict, jetstreamIds } from './jetstream-ids.ts'
import { Answer, type Idempotency, IN_FLIGHT_MS, KEY_RETENTION_MS } from './port.ts'

const bucketOf = (namespace: string) => `IDEMPOTENCY_${namespace}`
/** Maximum claims in flight whose revision is remembered. */
const CLAIMS_MAX = 10_000

/** A stored claim. `at`: time of the claim, epoch ms. */
const Kept = z.object({ id: z.string(), body: z.string(), at: z.number(), answer: Answer.optional() })
type Kept = z.infer<typeof Kept>
type Entry = { record: Kept; revision: number }

/**
 * Returns idempotency keys in a NATS key-value bucket of the installation. Every write is a compare-and-set on the revision,
 * so one of any number of concurrent claims wins. Rejects with UnavailableError while NATS is unreachable. The caller owns
 * the connection.
 */
export const jetstreamIdempotency = async ({
  connection,
  namespace,
  replicas,
  now = Date.now,
}: {
  connection: NatsConnection
  namespace: string
  replicas?: number
  now?: () => number
}): Promise<Idempotency> => {
  const connectionState = watchConnection(connection)
  const kvm = new Kvm(jetstream(connection, { timeout: TIME_LIMIT_MS }))
  const bucket = await connectionState.whileUp(() =>
    kvm.create(bucketOf(namespace), {
      metadata: ownership(namespace),
      ttl: KEY_RETENTION_MS,
      // A lagging replica would report a key as free.
      allow_direct: false,
      ...(replicas !== undefined && { replicas }),
    }),
  )
  const ids = await jetstreamIds({ connection, namespace, connectionState, replicas })
  const mine = new LRUCache<string, Entry>({ max: CLAIMS_MAX })

  /** Returns the new revision; undefined if another write came first. */
  const changed = async (change: () => Promise<number>) =>
    await connectionState.whileUp(change).catch((error: unknown) => {
      if (!isConflict(error)) throw error
    })
  const store = (key: string, record: Kept, revision: number) =>
    changed(() => bucket.put(key, JSON.stringify(record), { previousSeq: revision, timeout: TIME_LIMIT_MS }))

  /** Returns a key's entry. An entry without a record was released. */
  const find = async (key: string): Promise<{ record?: Kept; revision: number } | undefined> => {
    const entry = await connectionState.whileUp(() => bucket.get(key))
    if (!entry) return
    // An invalid record counts as released.
    const record = entry.operation === 'PUT' ? readJson(entry.string(), Kept) : undefined
    return { revision: entry.revision, ...(record && { record }) }
  }

  const claimed = async (key: string, record: Kept, revision: number) => {
    const next = await store(key, record, revision)
    if (next === undefined) return
    mine.set(key, { record, revision: next })
    return { outcome: 'first', id: record.id } as const
  }

  return {
    claim: async (key, body, newId) => {
      const fresh = { id: newId(), body, at: now() }
      const first = await claimed(key, fresh, 0)
      if (first) return first
      const found = await find(key)
      if (found && !found.record)
        return (await claimed(key, fresh, found.revision)) ?? { outcome: 'in_flight' }
      // Expired between the two requests: the client retries and gets it.
      if (!found?.record) return { outcome: 'in_flight' }
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
      // On a conflict another request took over. It did the same work with the same id, so either answer is correct.
      while (entry?.record && !entry.record.answer) {
        if (await store(key, { ...entry.record, answer }, entry.revision)) return
        entry = await find(key)
      }
    },

    release: async (key) => {
      const entry = mine.get(key)
      mine.delete(key)
      if (!entry) return
      // On a conflict another request took over and owns the key.
      await changed(async () => {
        await bucket.delete(key, { previousSeq: entry.revision })
        return 0
      })
    },

    ...ids,
  }
}
