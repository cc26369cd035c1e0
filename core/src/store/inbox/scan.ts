import { hasStatus } from '@carillon/schemas'
import type { InboxPlace, Owner } from '../ports/inbox.ts'
import { type Cells, effective } from './effective.ts'
import { hintIn } from './hints.ts'
import { above, comparePlaces, LOWEST } from './places.ts'
import { withRevivals } from './revivals.ts'
import type { Guide, Hint, HintKind, InboxRows, Opened, Range, Row } from './rows.ts'
import type { View } from './view.ts'

/** Rows per read after the first one. Grows to CHUNK_MAX. */
const CHUNK_MIN = 250
const CHUNK_MAX = 500

export type Query = {
  /** The list to scan. Its hint is used if it exists. Undefined scans every row. */
  kind: HintKind | undefined
  below?: InboxPlace | undefined
  /** Maximum rows to read. */
  most: number
}

/**
 * The result of a scan. `done`: the inbox has no more items; `full`: the visitor has enough; `cut`: `most`
 * rows were read. `last`: the lowest place that was read. `read`: the number of log rows.
 */
export type Scanned = {
  end: 'done' | 'full' | 'cut'
  last: InboxPlace | undefined
  read: number
  trail: Trail
}

/** The findings of a scan, from which the next hint is made. */
type Trail = {
  /** Items in the list, newest first. */
  candidates: InboxPlace[]
  /** Number of rows read that are not in the list: from the log, and from the hint. */
  dead: { log: number; hint: number }
  /** Where the scan ended: above, within or below its hint. */
  segment: 'above' | 'within' | 'below'
  /** Items in the range of the hint that the hint does not contain. */
  leftovers: Row[]
}

/** Called with each item of the view that is neither removed nor expired, newest first. Returns true to stop the scan. */
type Visit = (row: Row, cells: Cells) => boolean

/** Returns the candidates of a hint and the revivals in its range, newest first, each once. */
const hinted = (
  hint: Hint,
  kind: HintKind,
  { revivals }: Guide,
  leftovers: readonly InboxPlace[],
  now: number,
): InboxPlace[] => {
  const back = revivals.filter(({ kind: of, at }) => of === kind || (of === 'snoozed' && at <= now))
  return withRevivals(hint, [...back, ...leftovers])
}

/** Returns the hint for a scan from `below`; undefined if the scan starts below the hint. */
const hintFor = (
  kind: HintKind | undefined,
  guide: Guide,
  view: View | undefined,
  below: InboxPlace | undefined,
): Hint | undefined => {
  const hint = kind && hintIn(guide, kind, view)
  return hint && below && comparePlaces(below, hint.bottom) < 0 ? undefined : hint
}

/** Returns the ids of the items that a scan from the top reads by id. */
export const namedBy = (
  guide: Guide,
  kind: HintKind | undefined,
  view: View | undefined,
  now: number,
): string[] => {
  const hint = hintFor(kind, guide, view, undefined)
  return hint && kind ? hinted(hint, kind, guide, [], now).map(({ id }) => id) : []
}

/** The first read of a call: the guide, and the log above `downTo`. Scans see only items of the view. */
export type Begun = Opened & {
  kinds: readonly (HintKind | undefined)[]
  downTo: number | undefined
  view: View | undefined
}

/** Reads the guide of an inbox and the first rows for scans of these kinds, together. */
export const openScans = async (
  rows: InboxRows,
  owner: Owner,
  kinds: readonly (HintKind | undefined)[],
  range: Range,
  now: number,
  view?: View,
): Promise<Begun> => {
  let downTo: number | undefined
  const opened = await rows.open(owner, { ...range, view: view?.name }, (guide) => {
    const named = new Set<string>()
    let lowest = Number.POSITIVE_INFINITY
    for (const kind of kinds) {
      const hint = hintFor(kind, guide, view, range.below)
      // A scan without a hint continues in the log.
      lowest = Math.min(lowest, hint?.top ?? -1)
      if (hint && kind) for (const { id } of hinted(hint, kind, guide, [], now)) named.add(id)
    }
    downTo = lowest < 0 ? undefined : lowest
    return { downTo, named: [...named] }
  })
  return { ...opened, kinds, downTo, view }
}

/** Scans an inbox from the newest item, or from `below`, to older items. Skips rows that the hint excludes. */
export const scan = async (
  rows: InboxRows,
  owner: Owner,
  { kind, below, most }: Query,
  { guide, first, named: known, whole, kinds, downTo: reached, view }: Begun,
  now: number,
  visit: Visit,
): Promise<Scanned> => {
  const hint = whole ? undefined : hintFor(kind, guide, view, below)
  const trail: Trail = {
    candidates: [],
    dead: { log: 0, hint: 0 },
    segment: hint ? 'above' : 'below',
    leftovers: [],
  }
  let read = 0
  let last = below
  let size = CHUNK_MIN

  /** Visits a row. Returns true when the visitor has enough. */
  const look = (row: Row, source: 'log' | 'hint'): boolean => {
    last = { place: row.place, id: row.id }
    const gone = row.removed || row.expiresAt <= now
    const cells = gone || view?.has(row) === false ? undefined : effective(row, guide.marks, now)
    if (cells && (kind === undefined || hasStatus(kind, cells, now))) trail.candidates.push(last)
    else trail.dead[source]++
    return cells !== undefined && visit(row, cells)
  }

  /** Reads the log downwards between two places, both exclusive. */
  const log = async (from: InboxPlace | undefined, downTo?: number): Promise<'full' | 'cut' | undefined> => {
    let at = from
    for (let begun = from === below ? first : undefined; ; begun = undefined) {
      const chunkRead =
        begun ??
        (await rows.log(owner, {
          ...(at ? { below: at } : {}),
          ...(downTo === undefined ? {} : { downTo }),
          limit: size,
          contents: 0,
        }))
      read += chunkRead.read
      trail.dead.log += chunkRead.read - chunkRead.rows.length
      if (!begun) size = Math.min(size * 4, CHUNK_MAX)
      if (hint && downTo !== undefined)
        trail.leftovers.push(...chunkRead.leftovers.filter((row) => row.place <= downTo))
      for (const row of chunkRead.rows) {
        if (downTo !== undefined && row.place <= downTo) return undefined
        if (look(row, 'log')) return 'full'
      }
      // The first read may end higher than this scan has to go.
      const goesOn = begun && !begun.next && reached !== undefined && (downTo ?? -1) < reached
      const next = goesOn ? above(reached) : chunkRead.next
      if (!next || (downTo !== undefined && next.place <= downTo)) return undefined
      at = next
      last = next
      if (read >= most) return 'cut'
    }
  }

  /** Visits the items that the hint names. */
  const named = async (places: readonly InboxPlace[]): Promise<'full' | undefined> => {
    if (places.length === 0) return undefined
    const ids = new Set(places.map(({ id }) => id))
    const read = (kinds.includes(kind) && known) || (await rows.items(owner, [...ids], false))
    const found = new Map([...read, ...trail.leftovers].map((row) => [row.id, row]))
    const sorted = [...found.values()].filter(({ id }) => ids.has(id))
    trail.dead.hint += places.length - sorted.length
    sorted.sort((one, other) => comparePlaces(other, one))
    for (const [index, row] of sorted.entries())
      if (look(row, 'hint')) {
        trail.candidates.push(...sorted.slice(index + 1).map(({ place, id }) => ({ place, id })))
        return 'full'
      }
    return undefined
  }

  const ended = (end: Scanned['end']): Scanned => ({ end, last, read, trail })
  if (!hint || !kind) return ended((await log(below)) ?? 'done')

  if (!below || below.place > hint.top) {
    const end = await log(below, hint.top)
    if (end) return ended(end)
  }
  trail.segment = 'within'
  const places = hinted(hint, kind, guide, trail.leftovers, now)
  const end = await named(below ? places.filter((each) => comparePlaces(each, below) < 0) : places)
  if (end) return ended(end)
  trail.segment = 'below'
  if (comparePlaces(hint.bottom, LOWEST) <= 0) return ended('done')
  last = hint.bottom
  if (read >= most) return ended('cut')
  return ended((await log(last)) ?? 'done')
}
