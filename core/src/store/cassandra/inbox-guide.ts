import { markKey } from '../inbox/mark-key.ts'
import type { Guide, Hint, HintKind, InboxRows, Mark, Revival } from '../inbox/rows.ts'
import type { InboxPlace, Owner } from '../ports/inbox.ts'
import { LEAD_MS, writeClock } from './clock.ts'
import { MONTH_MS } from './inbox-row.ts'
import type { Session, Statement } from './session.ts'
import { ttlUntil } from './ttl.ts'

type StoredHint = [top: number, bottom: [number, string], at: number, candidates: [number, string][]]

const placeOf = ([place, id]: [number, string]): InboxPlace => ({ place, id })

const hintCell = ({ top, bottom, at, candidates }: Hint): string => {
  const stored: StoredHint = [
    top,
    [bottom.place, bottom.id],
    at,
    candidates.map(({ place, id }) => [place, id]),
  ]
  return JSON.stringify(stored)
}

const hintOf = (cell: string): Hint => {
  const [top, bottom, at, candidates] = JSON.parse(cell) as StoredHint
  return { top, bottom: placeOf(bottom), at, candidates: candidates.map(placeOf) }
}

/** Lifetime of a view's hints after the last write. They expire because users can filter by any number of labels. */
const VIEW_MS = 24 * 3_600_000
const hintKind = (view: string) => `hint:${view}`
const revivalKey = ({ kind, place, id, at }: Revival): string => JSON.stringify([kind, place, id, at])

/**
 * Creates the methods of `InboxRows` for the guide: marks, hints and revivals, in one small partition per
 * inbox.
 */
export const cassandraInboxGuide = (session: Session, retention: number) => {
  const guide = session.table('inbox_guide')
  const clock = writeClock()
  const insert = `INSERT INTO ${guide} (tenant, user, kind, key, value) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ? AND TTL ?`
  const remove = `DELETE FROM ${guide} USING TIMESTAMP ? WHERE tenant = ? AND user = ? AND kind = ? AND key = ?`

  /** Expires with the items of that time. */
  const insertion = (
    { tenant, user }: Owner,
    [kind, key, value]: [kind: string, key: string, value: string],
    {
      at,
      written = clock(),
      until = at + LEAD_MS + retention + MONTH_MS,
    }: { at: number; written?: number; until?: number },
  ): Statement => ({
    query: insert,
    params: [tenant, user, kind, key, value, written, ttlUntil(until)],
  })
  const removal = ({ tenant, user }: Owner, kind: string, key: string): Statement => ({
    query: remove,
    params: [clock(), tenant, user, kind, key],
  })

  return {
    guide: async ({ tenant, user }, view) => {
      const kinds = ['folded', 'hint', 'mark', 'revival', ...(view ? [hintKind(view)] : [])]
      const rows = await session.rows(
        `SELECT kind, key, value FROM ${guide} WHERE tenant = ? AND user = ? AND kind IN ?`,
        [tenant, user, kinds],
      )
      const found: Guide = { marks: [], hints: {}, ofView: {}, revivals: [], folded: 0 }
      for (const row of rows) {
        const value = String(row.value)
        if (row.kind === 'mark') found.marks.push(JSON.parse(value) as Mark)
        else if (row.kind === 'revival') found.revivals.push(JSON.parse(value) as Revival)
        else if (row.kind === 'folded') found.folded = Number(value)
        else (row.kind === 'hint' ? found.hints : found.ofView)[row.key as HintKind] = hintOf(value)
      }
      found.marks.sort((one, other) => one.at - other.at)
      return found
    },

    putMark: (owner, mark) =>
      session.write([insertion(owner, ['mark', markKey(mark), JSON.stringify(mark)], mark)]),
    removeMarks: (owner, marks) => session.write(marks.map((mark) => removal(owner, 'mark', markKey(mark)))),

    putHint: (owner, kind, hint, view) =>
      session.write([
        insertion(owner, [view ? hintKind(view) : 'hint', kind, hintCell(hint)], {
          at: hint.at,
          written: hint.at * 1_000,
          ...(view ? { until: hint.at + VIEW_MS } : {}),
        }),
      ]),

    addRevivals: (owner, revivals) =>
      session.write(
        revivals.map((each) =>
          insertion(owner, ['revival', revivalKey(each), JSON.stringify(each)], {
            at: Math.max(each.at, each.place),
          }),
        ),
      ),
    removeRevivals: async (owner, revivals) => {
      const folded = Math.max(...revivals.map(({ at }) => at))
      await session.write([
        insertion(owner, ['folded', '', String(folded)], { at: folded, written: folded * 1_000 }),
      ])
      await session.write(revivals.map((each) => removal(owner, 'revival', revivalKey(each))))
    },

    clear: ({ tenant, user }: Owner) =>
      session.write([
        {
          query: `DELETE FROM ${guide} USING TIMESTAMP ? WHERE tenant = ? AND user = ?`,
          params: [clock(), tenant, user],
        },
      ]),
  } satisfies Partial<InboxRows> & { clear(owner: Owner): Promise<void> }
}
