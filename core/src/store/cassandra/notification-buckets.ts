import type { types } from 'cassandra-driver'
import { uuid7Time } from '../../notification/ids.ts'
import type { NotificationPage, NotificationPlace, NotificationProgress } from '../ports/notifications.ts'
import { BUCKET_MS } from '../rules/buckets.ts'
import { comparePlaces, uuid7Bound } from '../rules/notification-order.ts'
import { isDated, type Marked, type NotificationIndex } from './notification-index.ts'
import type { Session } from './session.ts'

/** Maximum buckets per page, and concurrently. */
const BUCKETS_MAX = 256
const WIDEST = 16

type Parts = {
  session: Session
  index: NotificationIndex
  /** Returns the record in a row; undefined if the row has only progress. */
  progressOf(row: types.Row): NotificationProgress | undefined
  columns: string
  /** Returns the records behind pointers. */
  follow(tenant: string, rows: readonly types.Row[]): Promise<NotificationProgress[]>
}

/** A page of notifications before a place, not older than `oldest` (epoch ms). */
export type PageQuery = { before: NotificationPlace; oldest: number; limit: number }

const placeOf = ({ acceptedAt, id }: NotificationProgress): NotificationPlace => ({ at: acceptedAt, id })

/** Newest first. */
const sorted = (found: NotificationProgress[]): NotificationProgress[] =>
  found.sort((one, other) => comparePlaces(placeOf(other), placeOf(one)))

/** Reads one bucket: records in its own partition, and records that it points to. */
const bucketReader = ({ session, progressOf, columns, follow }: Parts) => {
  const readDated = `SELECT id, ${columns} FROM ${session.table('notifications')}
    WHERE tenant = ? AND bucket = ? AND id < ? ORDER BY id DESC LIMIT ?`
  const readPointers = `SELECT at, id FROM ${session.table('notification_pointers')}
    WHERE tenant = ? AND bucket = ? AND (at, id) < (?, ?) LIMIT ?`

  return async (tenant: string, marked: Marked, before: NotificationPlace, limit: number) => {
    const { bucket, dated, pointed } = marked
    const place = [tenant, bucket]
    const [own, pointing] = await Promise.all([
      dated ? session.rows(readDated, [...place, uuid7Bound(before), limit]) : [],
      pointed ? session.rows(readPointers, [...place, before.at, before.id, limit]) : [],
    ])
    const inOrder = own.flatMap((row) => progressOf(row) ?? []).filter(isDated)
    const found = sorted([...inOrder, ...(await follow(tenant, pointing))])
    // A read that stopped at its limit says nothing about older records.
    const ends = [
      ...(own.length === limit ? own.slice(-1) : []).map((row) => ({
        at: uuid7Time(String(row.id)) ?? 0,
        id: String(row.id),
      })),
      ...(pointing.length === limit ? pointing.slice(-1) : []).map((row) => ({
        at: Number(row.at),
        id: String(row.id),
      })),
    ].sort(comparePlaces)
    const end = ends.at(-1)
    return {
      found: end ? found.filter((record) => comparePlaces(placeOf(record), end) >= 0) : found,
      ...(end ? { end } : {}),
    }
  }
}

/** Reads a tenant's notifications bucket by bucket, newest first, with growing concurrency. */
export const listByTenant = (parts: Parts) => {
  const readBucket = bucketReader(parts)
  return async (tenant: string, { before, oldest, limit }: PageQuery): Promise<NotificationPage> => {
    const found: NotificationProgress[] = []
    let asked: Marked[] = []
    let width = 1
    let seen = 0
    /** Reads the collected buckets. Resolves with the place where the page ends, if it is full. */
    const readAsked = async (): Promise<NotificationPlace | undefined> => {
      const read = await Promise.all(asked.map((marked) => readBucket(tenant, marked, before, limit)))
      for (const { found: some, end } of read) {
        for (const record of some) if (found.push(record) === limit) return placeOf(record)
        if (end) return end
      }
      seen += asked.length
      const last = asked.at(-1)
      asked = []
      width = Math.min(width * 2, WIDEST)
      return last && seen >= BUCKETS_MAX ? { at: last.bucket * BUCKET_MS, id: '' } : undefined
    }
    for await (const marked of parts.index.buckets(tenant, { newest: before.at, oldest })) {
      if (asked.push(marked) < width) continue
      const next = await readAsked()
      if (next) return { notifications: found, next }
    }
    const next = await readAsked()
    return { notifications: found, ...(next ? { next } : {}) }
  }
}
