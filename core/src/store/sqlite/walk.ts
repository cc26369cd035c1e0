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
  // One JSON text, because an object per row would take four times as long.
  const row = await session.get<{ users: string }>(
    `SELECT json_group_array(user) AS users FROM (
       SELECT user FROM ${from} AND (slot, user) > (?, ?) AND slot < ? ORDER BY slot, user LIMIT ?)`,
    [...values, slot, user, stretch.to, limit + 1],
  )
  return userPage(JSON.parse(row?.users ?? '[]') as string[], limit)
}
