import { HORIZON_MS } from '../../notification/horizon.ts'
import { earliestUuid7 } from '../../notification/ids.ts'
import type { Owner } from '../ports/inbox.ts'
import { LEAD_MS } from './clock.ts'
import { PARTITION } from './inbox-row.ts'
import { monthOf, monthsBetween } from './months.ts'
import { forEach, type Session } from './session.ts'

/** Removes all items of an erased user's inbox. */
export const createClear = (
  session: Session,
  retention: number,
  {
    clock,
    remove,
    clearGuide,
  }: {
    clock: () => number
    remove: (owner: Owner, ids: readonly string[]) => Promise<void>
    clearGuide: (owner: Owner) => Promise<void>
  },
) => {
  const inbox = session.table('inbox')
  const groups = session.table('inbox_groups')
  const claims = session.table('entity_claims')
  return async (owner: Owner, erasedAt: number): Promise<void> => {
    const { tenant, user } = owner
    const now = Date.now()
    const written = clock()
    // Ids contain the time of acceptance, so deleting a range of ids also removes items that are written
    // later.
    const end = earliestUuid7(erasedAt + 1)
    await forEach(
      monthsBetween(monthOf(now + LEAD_MS), monthOf(now - retention - HORIZON_MS)),
      async (month) => {
        const key = [tenant, user, month]
        await session.write([
          {
            query: `DELETE FROM ${inbox} USING TIMESTAMP ? WHERE ${PARTITION} AND (place) > (0)`,
            params: [erasedAt * 1_000, ...key],
          },
          {
            query: `DELETE FROM ${inbox} USING TIMESTAMP ? WHERE ${PARTITION} AND place = 0 AND id < ?`,
            params: [written, ...key, end],
          },
        ])
      },
    )
    await session.write([
      {
        query: `DELETE FROM ${groups} USING TIMESTAMP ? WHERE tenant = ? AND user = ?`,
        params: [erasedAt * 1_000, tenant, user],
      },
    ])
    await session.write([
      { query: `DELETE FROM ${claims} WHERE tenant = ? AND user = ?`, params: [tenant, user] },
    ])
    await clearGuide(owner)
    // The time in an id may be later than that; such items are removed one by one.
    const ahead = await Promise.all(
      monthsBetween(monthOf(now + LEAD_MS), monthOf(erasedAt)).map((month) =>
        session.rows(`SELECT id FROM ${inbox} WHERE ${PARTITION} AND place = 0 AND id >= ?`, [
          ...[tenant, user, month],
          end,
        ]),
      ),
    )
    await remove(
      owner,
      ahead.flat().map((row) => String(row.id)),
    )
  }
}
