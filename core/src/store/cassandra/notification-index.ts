import { LRUCache } from 'lru-cache'
import { grouped, slices } from '../../group-by.ts'
import { uuid7Time } from '../../notification/ids.ts'
import type { NotificationRecord } from '../ports/notifications.ts'
import { bucketAt } from '../rules/buckets.ts'
import { keptUntil } from '../rules/notification-state.ts'
import { monthOf, monthsBetween } from './months.ts'
import { forEach, type Session, type Statement } from './session.ts'
import { ttlUntil } from './ttl.ts'

const HOUR_MS = 3_600_000
/** Maximum number of written marks that a process remembers. */
const MARKS_MAX = 50_000
/** Hours whose marks are read together, at most 360 rows each. */
const HOURS_AT_ONCE = 8

/** Maximum wait for `deliverAt`, which adds to the retention of a record. */
export const WAIT_MS = 367 * 86_400_000

const hourOf = (ms: number): number => Math.floor(ms / HOUR_MS)
const yearOf = (ms: number): number => new Date(ms).getUTCFullYear()

/**
 * A non-empty bucket. `dated`: it contains records in its own partition. `pointed`: it has pointers to
 * records.
 */
export type Marked = { bucket: number; dated: boolean; pointed: boolean }
type Kind = 'dated' | 'pointed'

/** Reports whether a record lies in the bucket of its acceptance, because its id is a UUIDv7 with that time. */
export const isDated = ({ id, acceptedAt }: NotificationRecord): boolean => uuid7Time(id) === acceptedAt

/**
 * Indexes notifications by time and by user.
 *
 * - Records with dated ids are clustered in buckets of ten seconds. Non-empty buckets are marked by hour, and
 *   hours by year. A process marks a bucket once, so marks cost few writes at any rate.
 * - Every other record has a pointer in the bucket of its acceptance, one mutation per batch and tenant.
 * - Users who are named but have no item have a row each, by month.
 *
 * A mark outlives the records of its bucket: its write timestamp is its expiry, so the latest expiry wins.
 */
export const notificationIndex = (session: Session, retention: number) => {
  const years = session.table('notification_hours')
  const hours = session.table('notification_buckets')
  const pointers = session.table('notification_pointers')
  const absentees = session.table('notification_absentees')
  const written = new LRUCache<string, number>({ max: MARKS_MAX })

  const markStatements = (tenant: string, at: number, kind: Kind, until: number): Statement[] => {
    const cell = { dated: 'dated', pointed: 'pointed' }[kind]
    return [
      {
        query: `INSERT INTO ${hours} (tenant, hour, bucket, ${cell}) VALUES (?, ?, ?, true) USING TIMESTAMP ? AND TTL ?`,
        params: [tenant, hourOf(at), bucketAt(at), until * 1_000, ttlUntil(until)],
      },
      {
        query: `INSERT INTO ${years} (tenant, year, hour) VALUES (?, ?, ?) USING TIMESTAMP ? AND TTL ?`,
        params: [tenant, yearOf(at), hourOf(at), until * 1_000, ttlUntil(until)],
      },
    ]
  }

  const mark = async (records: readonly NotificationRecord[]) => {
    const missing = new Map<string, { tenant: string; at: number; kind: Kind; until: number }>()
    for (const record of records) {
      const { tenant, acceptedAt: at } = record
      const kind: Kind = isDated(record) ? 'dated' : 'pointed'
      // Rounded up to whole hours, so that later records of a bucket do not each renew its mark.
      const until = (hourOf(keptUntil(record, retention)) + 1) * HOUR_MS
      const key = `${tenant}\n${bucketAt(at)}\n${kind}`
      if (Math.max(written.get(key) ?? 0, missing.get(key)?.until ?? 0) < until)
        missing.set(key, { tenant, at, kind, until })
    }
    await forEach([...missing], async ([key, { tenant, at, kind, until }]) => {
      const hourKey = `${tenant}\n${hourOf(at)}`
      const [bucketMark, hourMark] = markStatements(tenant, at, kind, until)
      const hourKnown = (written.get(hourKey) ?? 0) >= until
      await Promise.all([
        session.write([bucketMark as Statement]),
        hourKnown ? undefined : session.write([hourMark as Statement]),
      ])
      written.set(key, until)
      written.set(hourKey, Math.max(until, written.get(hourKey) ?? 0))
    })
  }

  const point = (records: readonly NotificationRecord[]) => {
    const query = `INSERT INTO ${pointers} (tenant, bucket, at, id) VALUES (?, ?, ?, ?) USING TTL ?`
    const undated = records.filter((record) => !isDated(record))
    const partitions = grouped(undated, ({ tenant, acceptedAt }) => `${tenant}\n${bucketAt(acceptedAt)}`)
    return forEach([...partitions.values()], (together) =>
      session.write(
        together.map((record) => {
          const { tenant, acceptedAt: at, id } = record
          return { query, params: [tenant, bucketAt(at), at, id, ttlUntil(keptUntil(record, retention))] }
        }),
      ),
    )
  }

  const listAbsent = (records: readonly NotificationRecord[]) => {
    const query = `INSERT INTO ${absentees} (tenant, user, month, at, id) VALUES (?, ?, ?, ?, ?) USING TTL ?`
    const rows = records.flatMap((record) => (record.absent ?? []).map((user) => ({ record, user })))
    return forEach(rows, ({ record, user }) => {
      const { tenant, acceptedAt: at, id } = record
      const until = ttlUntil(keptUntil(record, retention))
      return session.write([{ query, params: [tenant, user, monthOf(at), at, id, until] }])
    })
  }

  return {
    add: async (records: readonly NotificationRecord[]): Promise<void> => {
      await Promise.all([mark(records), point(records), listAbsent(records)])
    },

    /** Removes an absent user from the index. */
    forget: (tenant: string, user: string): Promise<void> => {
      const now = Date.now()
      const query = `DELETE FROM ${absentees} WHERE tenant = ? AND user = ? AND month = ?`
      const months = monthsBetween(monthOf(now + HOUR_MS), monthOf(now - retention - WAIT_MS))
      return forEach(months, (month) => session.write([{ query, params: [tenant, user, month] }]))
    },

    /** Returns the non-empty buckets of a tenant between two times of acceptance (epoch ms), newest first. */
    async *buckets(tenant: string, { newest, oldest }: { newest: number; oldest: number }) {
      const inYear = `SELECT hour FROM ${years} WHERE tenant = ? AND year = ? AND hour <= ? AND hour >= ?`
      const inHour = `SELECT bucket, dated, pointed FROM ${hours}
        WHERE tenant = ? AND hour = ? AND bucket <= ? AND bucket >= ?`
      for (let year = yearOf(newest); year >= yearOf(oldest); year--)
        for await (const rows of session.scan(inYear, [[tenant, year, hourOf(newest), hourOf(oldest)]], 64))
          for (const some of slices(rows, HOURS_AT_ONCE)) {
            const range = [bucketAt(newest), bucketAt(oldest)]
            const found = await Promise.all(
              some.map(({ hour }) => session.rows(inHour, [tenant, hour, ...range])),
            )
            for (const row of found.flat())
              yield {
                bucket: Number(row.bucket),
                dated: row.dated === true,
                pointed: row.pointed === true,
              } satisfies Marked
          }
    },
  }
}

export type NotificationIndex = ReturnType<typeof notificationIndex>
