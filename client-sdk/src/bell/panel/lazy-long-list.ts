import type { createFocusAndHover } from './focus-and-hover.ts'
import { lazily } from './lazily.ts'
import type { List } from './list.ts'
import type { createMenu } from './menu.ts'
import type { Row } from './rows.ts'

/** Maximum number of rows of a list that is in the DOM as a whole. */
const SHORT_MAX = 60

/** A rendered row with its position, from 0, or a gap with the height of the rows that it stands for, px. */
export type Entry = { key: string; row: Row; index: number } | { key: string; row?: never; height: number }

export type LongListOptions = {
  list: List
  focusAndHover: ReturnType<typeof createFocusAndHover>
  menu: ReturnType<typeof createMenu>
  update: () => void
}

const entriesOf = (rows: readonly Row[]): readonly Entry[] =>
  rows.map((row, index) => ({ key: row.item.id, row, index }))

/** Chooses the rows that are in the DOM: all of them in a short list. The code for long lists is loaded with the first one. */
export const createLazyLongList = (options: LongListOptions) => {
  const { list, update } = options
  const load = lazily(async () => (await import('./long-list.ts')).createLongList(options), update)
  const long = () => (list.rows.length > SHORT_MAX ? load() : undefined)
  return {
    entries: () => long()?.entries() ?? entriesOf(list.rows),
    rendered: () => long()?.rendered(),
    scrolled: () => long()?.scrolled(),
    stop: () => long()?.stop(),
  }
}
