import type { types } from 'cassandra-driver'
import type { NotificationPage, NotificationProgress, NotificationQuery } from '../ports/notifications.ts'
import { comparePlaces } from '../rules/notification-order.ts'
import { listAbsent } from './notification-absentees.ts'
import { listByTenant } from './notification-buckets.ts'
import { type NotificationIndex, WAIT_MS } from './notification-index.ts'
import type { Session } from './session.ts'

/** Acceptance may be this far ahead of the clock, because ids contain the sender's time. */
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

/** Reads the list of notifications, by tenant or by absent user. */
export const notificationList = ({ session, index, retention, progressOf, columns, find }: ListParts) => {
  /**
   * Returns the records behind pointers. A record that was first accepted at another time is listed there
   * instead.
   */
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

  const ofTenant = listByTenant({ session, index, progressOf, columns, follow })
  const ofAbsent = listAbsent({ session, follow })

  return async (tenant: string, query: NotificationQuery): Promise<NotificationPage> => {
    const { absent, from = 0, limit } = query
    const now = Date.now()
    const oldest = Math.max(from, now - retention - WAIT_MS)
    const newest = { at: now + AHEAD_MS, id: '' }
    const before = query.before && comparePlaces(query.before, newest) < 0 ? query.before : newest
    const { notifications, next } =
      absent === undefined
        ? await ofTenant(tenant, { before, oldest, limit })
        : await ofAbsent(tenant, absent, { before, oldest, limit })
    return {
      notifications: notifications.filter(({ acceptedAt }) => acceptedAt >= from),
      ...(next && next.at >= from ? { next } : {}),
    }
  }
}
