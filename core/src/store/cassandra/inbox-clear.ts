import { HORIZON_MS } from '../../notification/horizon.ts'
import { earliestUuid7 } from '../../notification/ids.ts'
import type { Owner } from '../ports/inbox.ts'
import { LEAD_MS } from './clock.ts'
import { PARTITION } from './inbox-row.ts'
import { monthOf, monthsBetween } from './months.ts'
import { forEach, type Session } from './session.ts'

/** Removes everything in the inbox of an erased user. */
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
  return async (owner: Owner, erasedAt: number): Promise<void> => {
    const { tenant, user } = owner
    const now = Date.now()
    const written = clock()
    // Ids say when their items were accepted, so deleting a range of ids holds whenever those are written.
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
    await clearGuide(owner)
    // Ids may carry a later time than that; their items are removed one by one.
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
