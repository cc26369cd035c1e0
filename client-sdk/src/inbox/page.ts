import type { InboxItem, InboxPage } from '@carillon/schemas'
import { sameCounts } from './counts.ts'
import { groupOf, isCollapsed } from './groups.ts'
import { applyLive } from './live-message.ts'
import { type Maybe, matches, placeOf, type Query } from './query.ts'
import type { State } from './state.ts'

/** Returns the item with the known summary of its group, which the page of a single group lacks. */
const withSummary = (item: InboxItem, known: Maybe): InboxItem =>
  item.group && !item.group.count && known?.group ? { ...item, group: known.group } : item

/**
 * Merges a page of a query. It replaces everything from `above` (undefined for the first page) down to its last item, or
 * to the end. Live messages later than the page are applied again on top.
 * `base`: the page also supplies counts and position. Other lists have to be fetched after it, because live messages up to
 * its position are then dropped as covered.
 */
export const applyPage = (
  state: State,
  query: Query,
  page: InboxPage,
  above: string | undefined,
  base: boolean,
  now: number,
): State => {
  const { position } = page
  const { last } = state
  const floor = floorOf(page)
  const same = last?.epoch === position?.epoch
  const log = same ? state.log : []
  const later = log.filter(({ message }) => position && message.seq > position.seq)
  // Above 0, the page is older than messages that never arrived, and may undo a newer page. Below 0, it may
  // contain items whose messages have not arrived yet and which the counts lack. NaN: it may undo messages. A
  // refetch repairs all three.
  const apart = !last ? 0 : same ? last.seq - position!.seq - later.length : Number.NaN

  const items = new Map(state.items)
  const listed = [...items.values()].filter((item) => matches(item, query, now))
  const isBelow = (item: Maybe) => placeOf(item) < (above ?? '~')
  const newer = [...page.items, ...listed.filter((item) => !isBelow(item))]
  for (const item of listed) {
    if (placeOf(item) < floor || !isBelow(item)) continue
    const group = isCollapsed(query) && groupOf(item)
    // A page does not contain items for which a newer one stands.
    const isHidden =
      group && newer.some((other) => groupOf(other) === group && placeOf(other) > placeOf(item))
    if (!isHidden) items.delete(item.id)
  }
  const told = new Set<string>()
  for (const live of later)
    if (live.fresh && live.event === 'inbox.added') {
      const { id } = live.message.item
      told.add(id)
      if (items.get(id)) items.delete(id)
    }
  const news = new Set(base ? [] : state.news)
  const unplaced = new Set(state.unplaced)
  for (const item of page.items) {
    unplaced.delete(item.id)
    if (!state.items.has(item.id) || (base && told.has(item.id))) news.add(item.id)
    if (items.get(item.id) !== null) items.set(item.id, withSummary(item, state.items.get(item.id)))
  }

  const read: State = {
    ...{ ...state, items, counts: page.counts, last: position, floor, news, unplaced },
    doubtful: !(apart <= 0),
  }
  const next = later.reduce((sofar, live) => applyLive(sofar, live, now), read)
  // An item that the page lacks was stored before the time in its message, so an older page of a list may contain it.
  const doubtful = [...next.unplaced].some((id) => state.items.has(id) && !next.items.has(id))
  return base
    ? { ...next, log, doubtful: next.doubtful || doubtful }
    : { ...state, items: next.items, news, unplaced, doubtful: state.doubtful || doubtful || apart !== 0 }
}

/**
 * Returns the place down to which a page is complete: the place of its last item, '' for the last page, '~'
 * for an empty page with a cursor.
 */
export const floorOf = ({ next, items }: InboxPage): string => (next ? placeOf(items.at(-1)) || '~' : '')

/** Reports whether a page contains a change that was not announced by a live message. */
export const hasMissed = ({ last, counts }: State, { position, ...page }: InboxPage): boolean => {
  if (!last || !position || last.epoch !== position.epoch) return true
  const ahead = position.seq - last.seq
  return ahead > 0 || (ahead === 0 && !sameCounts(counts, page.counts))
}
