import type { types } from 'cassandra-driver'
import type { NotificationPage, NotificationProgress } from '../ports/notifications.ts'
import { monthOf, monthsBetween } from './months.ts'
import type { PageQuery } from './notification-buckets.ts'
import type { Session } from './session.ts'

/** Months read concurrently. */
const MONTHS_AT_ONCE = 6

type Parts = {
  session: Session
  /** Returns the records behind pointers. */
  follow(tenant: string, rows: readonly types.Row[]): Promise<NotificationProgress[]>
}

/** Reads the notifications that name a user who has no item, month by month, newest first. */
export const listAbsent = ({ session, follow }: Parts) => {
  const readAbsent = `SELECT at, id FROM ${session.table('notification_absentees')}
    WHERE tenant = ? AND user = ? AND month = ? AND (at, id) < (?, ?) LIMIT ?`
  return async (
    tenant: string,
    user: string,
    { before, oldest, limit }: PageQuery,
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
}
