import { expect, it } from 'vitest'
import { newItem } from '../../testing/items.ts'
import type { Row } from './rows.ts'
import { entriesIn, topsOf } from './virtual-rows.ts'

const SPACE = 2
const rows = Array.from(
  { length: 100 },
  (): Row => ({ item: newItem(), isMember: false, isFirstSeen: false }),
)
/** Every tenth row is higher. */
const heightOf = (id: string) => (rows.findIndex(({ item }) => item.id === id) % 10 === 0 ? 150 : 50)
const tops = topsOf(rows, heightOf)

/** Returns the positions of the rows, and the heights of the gaps as strings. */
const shown = (from: number, to: number, keep: number[] = []) =>
  entriesIn(rows, tops, { from, to, space: SPACE }, keep).map((entry) =>
    entry.row ? entry.index : `${entry.height} px`,
  )

it('renders the rows of a range, and the first and the last row', () => {
  expect(tops.slice(0, 3)).toEqual([0, 150, 200])
  expect(tops.at(-1)).toBe(6_000)
  expect(shown(1_210, 1_390)).toEqual([0, '1048 px', 20, 21, '4548 px', 99])
  expect(shown(-500, 160)).toEqual([0, 1, '5748 px', 99])
  expect(shown(5_940, 9_000)).toEqual([0, '5748 px', 98, 99])
})

it('keeps rows outside of the range, and their neighbours', () => {
  expect(shown(-500, 160, [50, 99, 0])).toEqual([0, 1, '2748 px', 49, 50, 51, '2698 px', 98, 99])
})

it('adds up to the height of the whole list', () => {
  for (const from of [0, 777, 3_000, 5_999]) {
    const entries = entriesIn(rows, tops, { from, to: from + 700, space: SPACE }, [33, 66])
    const sum = entries.reduce(
      (sofar, { row, ...gap }) =>
        sofar + (row ? heightOf(row.item.id) : (gap as { height: number }).height + SPACE),
      0,
    )
    expect(sum).toBe(6_000)
    expect(new Set(entries.map(({ key }) => key)).size).toBe(entries.length)
  }
})

it('renders nothing for an empty list', () => {
  expect(entriesIn([], topsOf([], heightOf), { from: 0, to: 100, space: SPACE }, [])).toEqual([])
})
