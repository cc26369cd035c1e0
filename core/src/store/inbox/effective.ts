import { hasLabels, type ItemLabels } from '@carillon/schemas'
import type { Mark, MarkKind, Row, StateCells } from './rows.ts'

/** An item's state: times in epoch ms, null for a state that the item is not in. */
export type Cells = StateCells

type MarkedCell = 'readAt' | 'seenAt' | 'archivedAt'

const MARKED_CELLS: readonly MarkedCell[] = ['archivedAt', 'readAt', 'seenAt']

const KINDS: Record<MarkedCell, readonly MarkKind[]> = {
  readAt: ['read'],
  // Reading an item also marks it as seen.
  seenAt: ['read', 'seen'],
  archivedAt: ['archived'],
}

const held = (cell: number | null): number | null => (cell !== null && cell > 0 ? cell : null)

type Judged = Pick<Row, 'place' | 'cells'> & ItemLabels

/**
 * Reports whether a mark set the cell: the item was stored below its floor, matches its filter, was not
 * changed back since, and was active at the time, neither snoozed nor archived.
 */
const covers = (mark: Mark, cell: MarkedCell, row: Judged, archivedAt: number | null): boolean =>
  row.place <= mark.floor &&
  KINDS[cell].includes(mark.kind) &&
  hasLabels(row, mark) &&
  -(row.cells[cell] ?? 0) <= mark.at &&
  (row.cells.snoozedUntil ?? 0) <= mark.at &&
  (cell === 'archivedAt' || archivedAt === null || archivedAt > mark.at)

/** Reports whether the item had been read, by its own cell or by an earlier mark, when the mark was written. */
const wasRead = (mark: Mark, row: Judged, marks: readonly Mark[]): boolean => {
  const own = held(row.cells.readAt)
  if (own !== null) return own <= mark.at
  return marks.some((other) => other.at < mark.at && covers(other, 'readAt', row, null))
}

const markedCell = (
  cell: MarkedCell,
  row: Judged,
  marks: readonly Mark[],
  archivedAt: number | null,
): number | null =>
  held(row.cells[cell]) ??
  marks.find((mark) => covers(mark, cell, row, archivedAt) && (!mark.status || wasRead(mark, row, marks)))
    ?.at ??
  null

/** Returns the state of an item: its own cells, or else the earliest mark that covers it. */
export const marked = (row: Judged, marks: readonly Mark[]): Pick<Cells, MarkedCell> => {
  const archivedAt = markedCell('archivedAt', row, marks, null)
  return {
    archivedAt,
    readAt: markedCell('readAt', row, marks, archivedAt),
    seenAt: markedCell('seenAt', row, marks, archivedAt),
  }
}

/**
 * Returns the item's state. `marks` are ordered by time. A read item counts as seen; an expired snooze is
 * ignored.
 */
export const effective = (row: Judged, marks: readonly Mark[], now: number): Cells => {
  const { archivedAt, readAt, seenAt } = marked(row, marks)
  const { receivedAt, snoozedUntil, clickedAt } = row.cells
  return {
    receivedAt: held(receivedAt),
    seenAt: seenAt ?? readAt,
    readAt,
    archivedAt,
    snoozedUntil: snoozedUntil !== null && snoozedUntil > now ? snoozedUntil : null,
    clickedAt,
  }
}

/** Returns the time of the latest mark; 0 without marks. */
export const latestMark = (marks: readonly Mark[]): number => marks.at(-1)?.at ?? 0

/**
 * Returns the cells that marks would set differently after the change, with their present values. An item
 * that was marked as read with all others stays read when it is snoozed; one that was archived at that time
 * stays unread when it is unarchived. `labels`: those after the change.
 */
export const settledCells = (
  row: Judged,
  change: Partial<StateCells>,
  marks: readonly Mark[],
  labels: ItemLabels = row,
): Partial<StateCells> | undefined => {
  if (marks.length === 0) return undefined
  const before = marked(row, marks)
  const cells = { ...row.cells, ...change }
  const { place } = row
  const { category, tags, context, group, type } = labels
  const after = { place, category, tags, context, group, type }
  const settled: Partial<StateCells> = {}
  let any = false
  // `archived` comes first, because a mark does not set read or seen on archived items.
  for (const cell of MARKED_CELLS) {
    if (cell in change || before[cell] === marked({ ...after, cells }, marks)[cell]) continue
    cells[cell] = settled[cell] = before[cell] ?? -(latestMark(marks) + 1)
    any = true
  }
  return any ? settled : undefined
}
