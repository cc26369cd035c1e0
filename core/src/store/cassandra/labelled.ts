import { LRUCache } from 'lru-cache'
import { grouped } from '../../group-by.ts'
import type { Labelled, LabelledPlace } from '../ports/labelled.ts'
import { whole } from './inbox-row.ts'
import { forEach, type Session } from './session.ts'
import { ttlUntil } from './ttl.ts'

/** The notifications of a label that were accepted within this time share a partition, in ms. */
const BUCKET_MS = 10 * 60_000
/** Maximum buckets that one call reads. */
const BUCKETS_READ = 64
/** Maximum buckets whose expiry a process remembers. */
const KNOWN_MAX = 10_000
/** Buckets expire on multiples of this, in ms, so that later notifications of a bucket rarely have to extend its expiry. */
const EXPIRY_STEP_MS = 3_600_000

/** The maximum of `int` in Cassandra. */
const BUCKET_MAX = 2 ** 31 - 1

const bucketOf = (at: number): number => Math.min(Math.floor(at / BUCKET_MS), BUCKET_MAX)

/**
 * Stores the notifications of a label in buckets of ten minutes, so that a frequent label does not create a large partition.
 * `label_buckets` lists the buckets that are not empty, so that reads skip the others. Each process writes a bucket there once,
 * and again to extend its expiry. The time up to which a label is recalled is its own write timestamp, so the latest one wins
 * in any order of writes.
 */
export const cassandraLabelled = (session: Session, retention: number): Labelled => {
  const labelled = session.table('labelled')
  const buckets = session.table('label_buckets')
  const recalls = session.table('label_recalls')
  const enter = `INSERT INTO ${labelled} (tenant, label, bucket, at, notification, context) VALUES (?, ?, ?, ?, ?, ?)
    USING TTL ?`
  const enterBucket = `INSERT INTO ${buckets} (tenant, label, bucket) VALUES (?, ?, ?) USING TTL ?`
  const recalled = `SELECT recalled_at FROM ${recalls} WHERE tenant = ? AND label = ? AND context IN ('', ?)`
  const recall = `INSERT INTO ${recalls} (tenant, label, context, recalled_at) VALUES (?, ?, ?, ?)
    USING TIMESTAMP ? AND TTL ?`
  const listed = `SELECT at, notification, context FROM ${labelled}
    WHERE tenant = ? AND label = ? AND bucket = ? AND (at, notification) < (?, ?) LIMIT ?`
  const listBuckets = `SELECT bucket FROM ${buckets} WHERE tenant = ? AND label = ? AND bucket <= ? LIMIT ?`
  /** When the row of each bucket expires, by name, epoch ms. */
  const known = new LRUCache<string, number>({ max: KNOWN_MAX })

  return {
    enter: async (tenant, notifications) => {
      const recalledAt = new Map<string, number>()
      const nameOf = (label: string, context: string) => `${label}\n${context}`
      const together = grouped(notifications, ({ label, at }) => `${bucketOf(at)} ${label}`)
      await forEach([...together.values()], async (some) => {
        const { label, at } = some[0]!
        const bucket = bucketOf(at)
        const last = Math.max(...some.map(({ dueAt }) => dueAt))
        const until = Math.ceil(last / EXPIRY_STEP_MS) * EXPIRY_STEP_MS + retention
        const name = JSON.stringify([tenant, bucket, label])
        // The bucket is written first, so that every stored notification is in a listed bucket.
        if ((known.get(name) ?? 0) < until) {
          await session.write([{ query: enterBucket, params: [tenant, label, bucket, ttlUntil(until)] }])
          known.set(name, until)
        }
        await session.write(
          some.map(({ notification, context, at, dueAt }) => ({
            query: enter,
            params: [tenant, label, bucket, at, notification, context, ttlUntil(dueAt + retention)],
          })),
        )
      })
      const asked = new Map(notifications.map((each) => [nameOf(each.label, each.context), each]))
      await forEach([...asked], async ([name, { label, context }]) => {
        const rows = await session.rows(recalled, [tenant, label, context])
        recalledAt.set(name, Math.max(-1, ...rows.map((row) => whole(row.recalled_at) ?? -1)))
      })
      return notifications.map(
        ({ label, context, at }) => at <= (recalledAt.get(nameOf(label, context)) ?? -1),
      )
    },

    recall: (tenant, label, { at, context = '' }) => {
      const written = [at * 1_000, ttlUntil(at + retention)]
      return session.write([{ query: recall, params: [tenant, label, context, at, ...written] }])
    },

    list: async (tenant, label, { before, limit }) => {
      const page = await session.rows(listBuckets, [tenant, label, bucketOf(before.at), BUCKETS_READ])
      const found: (LabelledPlace & { context: string })[] = []
      for (const { bucket } of page) {
        const { at, notification } = before
        const values = [tenant, label, bucket, at, notification, limit - found.length]
        for (const row of await session.rows(listed, values))
          found.push({
            at: whole(row.at) ?? 0,
            notification: String(row.notification),
            context: String(row.context ?? ''),
          })
        if (found.length >= limit) {
          const last = found.at(-1)!
          return { found, next: { at: last.at, notification: last.notification } }
        }
      }
      const lowest = page.at(-1)
      if (!lowest || page.length < BUCKETS_READ) return { found }
      return { found, next: { at: Number(lowest.bucket) * BUCKET_MS, notification: '' } }
    },
  }
}
