import type { Entry } from './lazy-virtual-list.ts'
import type { Row } from './rows.ts'

/** Returns the distance of each row from the start of the list, and last the height of the list, px. */
export const topsOf = (rows: readonly Row[], heightOf: (id: string) => number): number[] => {
  const tops = [0]
  for (const [index, { item }] of rows.entries()) tops.push(tops[index]! + heightOf(item.id))
  return tops
}

/** Returns the index of the row at a distance from the start of the list. */
const rowAt = (tops: readonly number[], distance: number): number => {
  let [low, high] = [0, tops.length - 2]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (tops[middle]! <= distance) low = middle
    else high = middle - 1
  }
  return low
}

/**
 * Returns the rows between two distances from the start of the list, the first and the last row, and the rows at the positions
 * `keep` with their neighbours. Gaps replace the others. Rows are `space` px apart, which their heights include.
 */
export const entriesIn = (
  rows: readonly Row[],
  tops: readonly number[],
  { from, to, space }: { from: number; to: number; space: number },
  keep: readonly number[],
): Entry[] => {
  const last = rows.length - 1
  const chosen = new Set([0, last, ...keep.flatMap((index) => [index - 1, index, index + 1])])
  const end = rowAt(tops, to)
  for (let index = rowAt(tops, from); index <= end; index++) chosen.add(index)
  const entries: Entry[] = []
  let next = 0
  for (const index of [...chosen].sort((a, b) => a - b)) {
    const row = rows[index]
    if (!row) continue
    const { id } = row.item
    // Entries must never change their order: a row that is moved in the DOM loses the focus.
    if (index > next) entries.push({ key: `before ${id}`, height: tops[index]! - tops[next]! - space })
    entries.push({ key: id, row, index })
    next = index + 1
  }
  return entries
}
