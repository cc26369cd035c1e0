import type { Entry, VirtualListOptions } from './lazy-virtual-list.ts'
import {
  containerOf,
  hasGapNear,
  type ListElements,
  type Measured,
  measureRows,
  removeStaleMarkers,
  visiblePart,
} from './list-geometry.ts'
import type { Row } from './rows.ts'
import { entriesIn, topsOf } from './virtual-rows.ts'

/** Distance from the visible part within which rows are rendered, and within which they must be, px. */
const RENDERED = 800
const NEEDED = 400
/** Height of a row before any row was measured, px. */
const GUESS = 84

/**
 * Creates a virtual list: only the rows near the visible part are in the DOM, and gaps of the same height replace the others.
 * The first and the last row, and those around the focus, stay, so that Tab and assistive technology reach the same rows as in a
 * complete list.
 *
 * Visible rows do not move when rows above them change, because the list adjusts its scroll position. Scroll anchoring of the
 * browser is off: it would also follow the gaps, and some browsers lack it.
 */
export const createVirtualList = ({
  list,
  focusAndHover: { scroller, kept },
  menu,
  update,
}: VirtualListOptions) => {
  /** The heights of all rows that have been rendered, by item id, px. */
  const heights = new Map<string, number>()
  /** The height of rows that were not rendered yet. It is measured once, because a change would move the rows below a gap. */
  let estimate = 0
  let space = 0
  let width = 0
  let measured: ReadonlyMap<string, Measured> = new Map()
  /** The scroll position at the start of the current rendering, px. */
  let rendering: number | undefined
  let known: readonly Row[] | undefined
  let positions = new Map<string, number>()
  let observed: Element | undefined

  const elements = (): ListElements | undefined => {
    const scroll = scroller()
    const rows = scroll?.querySelector<HTMLElement>('.list')
    return scroll && rows ? { scroll, rows } : undefined
  }
  /** Returns the first row that was visible and is among the remaining ones. At the top of the list, new rows may move it. */
  const anchorIn = (
    found: ListElements,
    remaining: ReadonlyMap<string, unknown>,
    scrollTop = containerOf(found).scrollTop,
  ) => {
    if (visiblePart(found).from <= 0) return undefined
    for (const [id, { place, height }] of measured)
      if (remaining.has(id) && place + height > scrollTop) return { id, place, offset: place - scrollTop }
    return undefined
  }
  const follow = (rows: readonly Row[]) => {
    if (rows === known) return
    known = rows
    positions = new Map(rows.map(({ item }, index) => [item.id, index]))
    if (heights.size > 2 * rows.length)
      for (const id of heights.keys()) if (!positions.has(id)) heights.delete(id)
  }

  /** Measures the rows, and scrolls by the distance that the visible ones have moved. */
  const settle = () => {
    const found = elements()
    if (!found) return
    const { clientWidth } = found.rows
    if (clientWidth !== width) {
      width = clientWidth
      heights.clear()
      estimate = 0
    }
    space = Number.parseFloat(getComputedStyle(found.rows).rowGap) || 0
    const container = containerOf(found)
    const now = measureRows(found, container, space)
    for (const [id, { height }] of now) heights.set(id, height)
    estimate ||= [...heights.values()].reduce((sum, each) => sum + each, 0) / heights.size || 0
    const anchor = anchorIn(found, now, rendering)
    // A shorter list may have scrolled already.
    const moved = anchor ? now.get(anchor.id)!.place - anchor.offset - container.scrollTop : 0
    if (Math.abs(moved) >= 1) container.scrollTop += moved
    measured = now
    rendering = undefined
    look()
  }
  const look = () => {
    const found = elements()
    if (found && hasGapNear(found, NEEDED)) update()
  }
  const observer = new ResizeObserver(settle)

  return {
    entries(): readonly Entry[] {
      const { rows } = list
      follow(rows)
      const tops = topsOf(rows, (id) => heights.get(id) ?? (estimate || GUESS))
      const found = elements()
      const part = found ? visiblePart(found) : { from: 0, to: innerHeight }
      rendering = found && containerOf(found).scrollTop
      const anchor = found && anchorIn(found, positions, rendering)
      // The anchor stays where it is on the screen.
      const from = anchor ? tops[positions.get(anchor.id)!]! - anchor.offset : part.from
      const to = from + Math.max(part.to - part.from, 0)
      const opener = menu.opener?.closest('article')?.dataset.id
      const keep = [...kept(), opener].flatMap((id = '') => positions.get(id) ?? [])
      return entriesIn(rows, tops, { from: from - RENDERED, to: to + RENDERED, space }, keep)
    },
    rendered() {
      const found = elements()
      if (!found) return
      if (observed !== found.rows) {
        observed = found.rows
        observer.disconnect()
        observer.observe(found.scroll)
        observer.observe(found.rows)
        found.scroll.style.overflowAnchor = 'none'
      }
      removeStaleMarkers(found)
      settle()
    },
    /** Called when the list, or something around it, has been scrolled. Renders the rows that are needed. */
    scrolled: look,
    stop: () => observer.disconnect(),
  }
}
