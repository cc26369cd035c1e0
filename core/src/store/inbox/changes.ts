import { changed, type InboxItem, type StateChange } from '@carillon/schemas'
import type { ChangedItem, Owner } from '../ports/inbox.ts'
import { effective, latestMark, settledCells } from './effective.ts'
import { cellsOf, inboxItem } from './items.ts'
import { revivalsOf } from './revivals.ts'
import type { Guide, InboxRows, Revival, Row, RowChange } from './rows.ts'

/** Returns the time of a change: always later than every mark, whatever the clocks of other processes. */
const timeOf = ({ marks }: Guide, now: number): number => Math.max(now, latestMark(marks) + 1)

/** Applies `changeFor` to rows that were read with their content. Empty changes are not written. */
export const changeRows = async (
  rows: InboxRows,
  owner: Owner,
  found: readonly Row[],
  guide: Guide,
  changeFor: (item: InboxItem) => StateChange,
  now: number,
): Promise<ChangedItem[]> => {
  const at = timeOf(guide, now)
  const changes: RowChange[] = []
  const revivals: Revival[] = []
  const answers: ChangedItem[] = []
  for (const row of found) {
    if (row.removed || row.expiresAt <= now || row.content === undefined) continue
    const { place, id } = row
    const item = inboxItem(row, row.content, effective(row, guide.marks, now))
    const change = changeFor(item)
    answers.push({ item: changed(item, change), change })
    if (Object.keys(change).length === 0) continue
    revivals.push(...revivalsOf(row, change, at))
    const cells = cellsOf(change, at)
    changes.push({
      place,
      id,
      cells,
      acted: change.acted && times(change.acted),
      settled: settledCells(row, cells, guide.marks),
      from: row.cells,
      settledAt: latestMark(guide.marks) + 1,
    })
  }
  if (revivals.length > 0) await rows.addRevivals(owner, revivals)
  if (changes.length > 0) await rows.change(owner, changes)
  return answers
}

const times = (acted: Record<string, string>): Record<string, number> =>
  Object.fromEntries(Object.entries(acted).map(([name, at]) => [name, Date.parse(at)]))
