import type { Stretch, UserPage } from '../ports/walk.ts'
import { userPage } from '../rules/slots.ts'
import type { Session, Value } from './session.ts'

/** Returns rows of a range of slots in the order (slot, user). `from` and `values` select the tenant (and topic). */
export const walk = async (
  session: Session,
  from: string,
  values: Value[],
  stretch: Stretch,
  limit: number,
): Promise<UserPage> => {
  const { slot, user } = stretch.after ?? { slot: stretch.from, user: '' }
  const rows = await session.all<{ user: string }>(
    `SELECT user FROM ${from} AND (slot, user) > (?, ?) AND slot < ? ORDER BY slot, user LIMIT ?`,
    [...values, slot, user, stretch.to, limit + 1],
  )
  return userPage(
    rows.map(({ user }) => user),
    limit,
  )
}
