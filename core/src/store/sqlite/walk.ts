import type { Stretch, UserPage } from '../ports/walk.ts'
import type { Session, Value } from './session.ts'

type Row = { slot: number; user: string }

/** Returns rows of a range of slots in the order (slot, user). `from` and `values` select the tenant (and topic). */
export const walk = async (
  session: Session,
  from: string,
  values: Value[],
  stretch: Stretch,
  limit: number,
): Promise<UserPage> => {
  const { slot, user } = stretch.after ?? { slot: stretch.from, user: '' }
  const rows = await session.all<Row>(
    `SELECT slot, user FROM ${from} AND (slot, user) > (?, ?) AND slot < ? ORDER BY slot, user LIMIT ?`,
    [...values, slot, user, stretch.to, limit],
  )
  const last = rows.at(-1)
  return {
    users: rows.map(({ user }) => user),
    ...(last && rows.length === limit ? { next: { slot: last.slot, user: last.user } } : {}),
  }
}
