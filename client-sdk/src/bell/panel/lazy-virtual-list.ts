import type { createFocusAndHover } from './focus-and-hover.ts'
import { lazily } from './lazily.ts'
import type { List } from './list.ts'
import type { createMenu } from './menu.ts'
import type { Row } from './rows.ts'

/** Maximum number of rows of a list that is not virtual. */
const SHORT_MAX = 60

/** A rendered row with its position, from 0, or a gap with the height of the rows that it replaces, px. */
export type Entry = { key: string; row: Row; index: number } | { key: string; row?: never; height: number }

export type VirtualListOptions = {
  list: List
  focusAndHover: ReturnType<typeof createFocusAndHover>
  menu: ReturnType<typeof createMenu>
  update: () => void
}

const entriesOf = (rows: readonly Row[]): readonly Entry[] =>
  rows.map((row, index) => ({ key: row.item.id, row, index }))

/** Returns the rows that are in the DOM: all of a short list. The code of the virtual list is loaded with the first long one. */
export const createLazyVirtualList = (options: VirtualListOptions) => {
  const { list, update } = options
  const load = lazily(async () => (await import('./virtual-list.ts')).createVirtualList(options), update)
  const long = () => (list.rows.length > SHORT_MAX ? load() : undefined)
  return {
    entries: () => long()?.entries() ?? entriesOf(list.rows),
    rendered: () => long()?.rendered(),
    scrolled: () => long()?.scrolled(),
    stop: () => long()?.stop(),
  }
}
