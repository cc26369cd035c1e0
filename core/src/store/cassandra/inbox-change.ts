import { groupedSlices } from '../../group-by.ts'
import type { InboxRows, StateCells } from '../inbox/rows.ts'
import { LEAD_MS } from './clock.ts'
import { MONTH_MS, PARTITION, STATE_COLUMNS } from './inbox-row.ts'
import { datedIds } from './months.ts'
import { forEach, type Session, type Statement } from './session.ts'
import { ttlUntil } from './ttl.ts'

const IDS_PER_QUERY = 100

const assignments = (cells: Partial<StateCells>, acted?: Record<string, number>) => {
  const entries = Object.entries(cells).filter(([, value]) => value !== undefined)
  const set = entries.map(([cell]) => `${STATE_COLUMNS[cell as keyof StateCells]} = ?`)
  const values: unknown[] = entries.map(([, value]) => value)
  if (acted) {
    set.push('acted = acted + ?')
    values.push(new Map(Object.entries(acted).map(([name, at]) => [name, new Date(at)])))
  }
  return { set, values }
}

/** Changes the state of items. `clock` gives the write timestamps. */
export const createChange = (
  session: Session,
  retention: number,
  clock: () => number,
): InboxRows['change'] => {
  const inbox = session.table('inbox')
  return async ({ tenant, user }, changes) => {
    const now = Date.now()
    const written = clock()
    const byId = new Map(changes.map((change) => [change.id, change]))
    // One statement changes all items of a month that change in the same way.
    const alike = groupedSlices(
      datedIds([...byId.keys()]),
      ({ id, month }) => {
        const { cells, acted, settled, settledAt } = byId.get(id)!
        return JSON.stringify([month, cells, acted, settled, settled && settledAt])
      },
      IDS_PER_QUERY,
    )
    await forEach(alike, async ([, some]) => {
      const [{ id: first, month }] = some as [(typeof some)[number]]
      const { cells, acted, settled = {}, settledAt } = byId.get(first)!
      const ids = some.map(({ id }) => id)
      const place = Math.max(...ids.map((id) => byId.get(id)!.place))
      const ttl = ttlUntil(place + retention + MONTH_MS, now)
      const update = ({ set, values }: ReturnType<typeof assignments>, time: number): Statement[] =>
        set.length === 0
          ? []
          : [
              {
                query: `UPDATE ${inbox} USING TIMESTAMP ? AND TTL ? SET ${set.join(', ')} WHERE ${PARTITION} AND place = 0 AND id IN ?`,
                params: [time, ttl, ...values, tenant, user, month, ids],
              },
            ]
      await session.write([
        ...update(assignments(cells, acted), written),
        ...update(assignments(settled), (settledAt + LEAD_MS) * 1_000),
      ])
    })
  }
}
