import type { types } from 'cassandra-driver'
import { uuid7Time } from '../../notification/ids.ts'
import { BUCKET_MS } from '../buckets.ts'
import { comparePlaces, uuid7Bound } from '../notification-order.ts'
import type {
  NotificationPage,
  NotificationPlace,
  NotificationProgress,
  NotificationQuery,
} from '../ports/notifications.ts'
import { monthOf, monthsBetween } from './months.ts'
import { isDated, type Marked, type NotificationIndex, WAIT_MS } from './notification-index.ts'
import type { Session } from './session.ts'

/** Maximum buckets per page, and concurrently. */
const BUCKETS_MAX = 256
const WIDEST = 16
/** Months read concurrently. */
const MONTHS_AT_ONCE = 6
/** Acceptance may be this far ahead of the clock, because ids carry the sender's time. */
const AHEAD_MS = 86_400_000

export type ListParts = {
  session: Session
  index: NotificationIndex
  retention: number
  /** Returns the record in a row; undefined if the row has only progress. */
  progressOf(row: types.Row): NotificationProgress | undefined
  columns: string
  find(tenant: string, ids: readonly string[]): Promise<Map<string, NotificationProgress>>
}

const placeOf = ({ acceptedAt, id }: NotificationProgress): NotificationPlace => ({ at: acceptedAt, id })

/** Newest first. */
const sorted = (found: NotificationProgress[]): NotificationProgress[] =>
  found.sort((one, other) => comparePlaces(placeOf(other), placeOf(one)))

/** Reads the list of notifications, by tenant or by absent user. */
export const notificationList = ({ session, index, retention, progressOf, columns, find }: ListParts) => {
  const records = session.table('notifications')
  const pointers = session.table('notification_pointers')
  const absentees = session.table('notification_absentees')
  const readDated = `SELECT id, ${columns} FROM ${records}
    WHERE tenant = ? AND bucket = ? AND id < ? ORDER BY id DESC LIMIT ?`
  const readPointers = `SELECT at, id FROM ${pointers}
    WHERE tenant = ? AND bucket = ? AND (at, id) < (?, ?) LIMIT ?`
  const readAbsent = `SELECT at, id FROM ${absentees}
    WHERE tenant = ? AND user = ? AND month = ? AND (at, id) < (?, ?) LIMIT ?`

  /** Returns the records behind pointers. A record first accepted at another time is listed there instead. */
  const follow = async (tenant: string, rows: readonly types.Row[]) => {
    const known = await find(
      tenant,
      rows.map((row) => String(row.id)),
    )
    return rows.flatMap((row) => {
      const record = known.get(String(row.id))
      return record && record.acceptedAt === Number(row.at) ? [record] : []
    })
  }

  const readBucket = async (tenant: string, marked: Marked, before: NotificationPlace, limit: number) => {
    const { bucket, dated, pointed } = marked
    const place = [tenant, bucket]
    const [own, pointing] = await Promise.all([
      dated ? session.rows(readDated, [...place, uuid7Bound(before), limit]) : [],
      pointed ? session.rows(readPointers, [...place, before.at, before.id, limit]) : [],
    ])
    const inOrder = own.flatMap((row) => progressOf(row) ?? []).filter(isDated)
    const found = sorted([...inOrder, ...(await follow(tenant, pointing))])
    // Beyond a read that stopped at its limit, nothing is known.
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

  const ofTenant = async (
    tenant: string,
    before: NotificationPlace,
    oldest: number,
    limit: number,
  ): Promise<NotificationPage> => {
    const found: NotificationProgress[] = []
    let asked: Marked[] = []
    let width = 1
    let seen = 0
    /** Reads the buckets asked for; resolves with where the page ends, if it does. */
    const read = async (): Promise<NotificationPlace | undefined> => {
      const parts = await Promise.all(asked.map((marked) => readBucket(tenant, marked, before, limit)))
      for (const { found: some, end } of parts) {
        for (const record of some) if (found.push(record) === limit) return placeOf(record)
        if (end) return end
      }
      seen += asked.length
      const last = asked.at(-1)
      asked = []
      width = Math.min(width * 2, WIDEST)
      return last && seen >= BUCKETS_MAX ? { at: last.bucket * BUCKET_MS, id: '' } : undefined
    }
    for await (const marked of index.buckets(tenant, { newest: before.at, oldest })) {
      if (asked.push(marked) < width) continue
      const next = await read()
      if (next) return { notifications: found, next }
    }
    const next = await read()
    return { notifications: found, ...(next ? { next } : {}) }
  }

  const ofAbsent = async (
    tenant: string,
    user: string,
    before: NotificationPlace,
    oldest: number,
    limit: number,
  ): Promise<NotificationPage> => {
    const rows: types.Row[] = []
    const months = monthsBetween(monthOf(before.at), monthOf(oldest))
    for (let from = 0; from < months.length && rows.length < limit; from += MONTHS_AT_ONCE) {
      const some = months.slice(from, from + MONTHS_AT_ONCE)
      const found = await Promise.all(
        some.map((month) => session.rows(readAbsent, [tenant, user, month, before.at, before.id, limit])),
      )
      rows.push(...found.flat())
    }
    const page = rows.slice(0, limit)
    const last = page.at(-1)
    return {
      notifications: await follow(tenant, page),
      ...(last && page.length === limit ? { next: { at: Number(last.at), id: String(last.id) } } : {}),
    }
  }

  return async (tenant: string, query: NotificationQuery): Promise<NotificationPage> => {
    const { absent, from = 0, limit } = query
    const now = Date.now()
    const oldest = Math.max(from, now - retention - WAIT_MS)
    const newest = { at: now + AHEAD_MS, id: '' }
    const before = query.before && comparePlaces(query.before, newest) < 0 ? query.before : newest
    const { notifications, next } =
      absent === undefined
        ? await ofTenant(tenant, before, oldest, limit)
        : await ofAbsent(tenant, absent, before, oldest, limit)
    return {
      notifications: notifications.filter(({ acceptedAt }) => acceptedAt >= from),
      ...(next && next.at >= from ? { next } : {}),
    }
  }
}
