import type {
  Counts,
  InboxAdded,
  InboxChanged,
  InboxItem,
  InboxPage,
  InboxRemoved,
  ItemState,
  LivePosition,
} from '@carillon/schemas'
import type { Answer } from './api.ts'
import {
  hasNoState,
  matches,
  NONE,
  placeOf,
  type Query,
  sameCounts,
  shifted,
  weight,
  withChange,
} from './items.ts'

export type Live =
  | { event: 'inbox.added'; message: InboxAdded }
  | { event: 'inbox.changed'; message: InboxChanged }
  | { event: 'inbox.removed'; message: InboxRemoved }

/**
 * A change of ours whose call has not ended. `change: null` removes. `rest`: the counts that fall to zero because the
 * change reaches further than the items we know; only what arrived after the newest item known then still counts.
 */
export type Op = {
  ids: readonly string[]
  change: Partial<ItemState> | null
  rest?: readonly ('unread' | 'unseen')[]
  /** The place of the newest item known then. */
  end?: string
}

/** Items by id; null stands where one was removed for good. */
export type Items = ReadonlyMap<string, InboxItem | null>

/**
 * What we know of the inbox: the hub's side, and apart from it the changes that are under way. `log` holds the
 * live messages last applied, so that a page that was read before some of them can be brought up to date.
 * `floor`: down to this place, what the counts were told with is held; older items may be unknown and counted all the same.
 * `news`: items that pages have brought since the counts were told. The hub reads the counts before the items, so one that
 * was stored in between is not in them; the live message that then tells of it leaves open whether it is.
 * `doubtful`: the hub's counts were not what our items say, so something is missing here or there.
 */
export type State = {
  items: Items
  counts: Counts
  last: LivePosition | null
  log: readonly (Live & { fresh: boolean })[]
  pending: readonly Op[]
  floor: string
  news: ReadonlySet<string>
  doubtful: boolean
}

export const INITIAL: State = {
  items: new Map(),
  counts: NONE,
  last: null,
  log: [],
  pending: [],
  floor: '',
  news: new Set(),
  doubtful: false,
}

const LOG_MAX = 500

/** The change applied to known items, and the counts to expect after it. */
const edit = <S extends Pick<State, 'items' | 'counts'>>(
  state: S,
  ids: readonly string[],
  change: (item: InboxItem) => InboxItem | null,
  now: number,
): S => {
  const items = new Map(state.items)
  let { counts } = state
  for (const id of ids) {
    const item = items.get(id)
    if (!item) continue
    const next = change(item)
    counts = shifted(counts, weight(item, now), weight(next, now))
    items.set(id, next)
  }
  return { ...state, items, counts }
}

/** Whether an item that comes anew may have been stored before: others that were accepted later are known. */
const isLate = ({ items, floor }: State, item: InboxItem): boolean =>
  placeOf(item) < floor || (floor !== '' && [...items.keys()].some((id) => id > item.id))

const lacks = (state: State, ids: readonly string[]) => !ids.every((id) => state.items.has(id))

/** The hub's counts, doubted when they differ from what our own items led us to expect. */
const counted = (state: State, counts: Counts, doubtful = false): State => ({
  ...state,
  counts,
  doubtful: state.doubtful || doubtful || !sameCounts(state.counts, counts),
})

const added = (state: State, { item: sent }: InboxAdded, now: number): State => {
  const known = state.items.get(sent.id)
  if (known === null) return state
  // The hub tells again of an item that is stored already: its place stays.
  const item = known && hasNoState(sent) ? known : { ...sent, arrivedAt: known?.arrivedAt ?? sent.arrivedAt }
  const counts = shifted(state.counts, weight(known, now), weight(item, now))
  // Below the floor it may be an item of an older page that comes again, and is in the counts already.
  const doubtful = state.doubtful || (known ? state.news.has(item.id) : isLate(state, item))
  const items = new Map(state.items).set(item.id, item)
  return { ...state, counts, items, doubtful }
}

const changed = (state: State, message: InboxChanged, now: number): State => {
  const { ids, patch, counts } = message
  const part: Query = { ...message, status: 'active' }
  const named = ids ?? [...state.items.values()].flatMap((item) => (matches(item, part, now) ? item.id : []))
  const next = edit(state, named, (item) => withChange(item, patch), now)
  // Of items that we do not hold, we cannot know which lists they now belong to.
  return counted(next, counts, !ids || lacks(state, named))
}

/** Applies a live message, whose turn it is. */
export const applyLive = (state: State, live: Live, now: number): State => {
  const { event, message } = live
  const { epoch, seq } = message
  let next = state
  if (event === 'inbox.added') next = added(state, message, now)
  else if (event === 'inbox.changed') next = changed(state, message, now)
  else
    next = counted(
      edit(state, message.ids, () => null, now),
      message.counts,
    )
  const fresh = event === 'inbox.added' && !state.items.has(message.item.id)
  const log = state.last?.epoch === epoch ? state.log : []
  return { ...next, last: { epoch, seq }, log: [...log, { ...live, fresh }].slice(-LOG_MAX) }
}

/**
 * Takes over a page of a query: everything older than `above` (the first page has none) down to the page's last
 * item, or to the end, is as the page says. Live messages later than the page are applied again on top.
 * `base`: the page also tells counts and position. What is known only from older pages must be fetched after it, for
 * live messages up to its position will be taken for known.
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
  // Above 0: the page is older than messages we never got, and may undo what a newer page has told. Below 0: it may
  // hold items that are yet to come, and that the counts lack. Both are put right by fetching again.
  const apart = !last || !position ? 0 : same ? last.seq - position.seq - later.length : Number.NaN

  const items = new Map(state.items)
  for (const [id, item] of items)
    if (matches(item, query, now) && placeOf(item) >= floor && (above === undefined || placeOf(item) < above))
      items.delete(id)
  const told = new Set<string>()
  for (const { fresh, message } of later)
    if (fresh && 'item' in message) {
      told.add(message.item.id)
      if (items.get(message.item.id)) items.delete(message.item.id)
    }
  const news = new Set(base ? [] : state.news)
  for (const item of page.items) {
    if (!state.items.has(item.id) || (base && told.has(item.id))) news.add(item.id)
    if (items.get(item.id) !== null) items.set(item.id, item)
  }

  const read: State = {
    ...{ ...state, items, counts: page.counts, last: position, floor, news },
    doubtful: !(apart <= 0),
  }
  const next = later.reduce((sofar, live) => applyLive(sofar, live, now), read)
  return base
    ? { ...next, log }
    : { ...state, items: next.items, news, doubtful: state.doubtful || apart !== 0 }
}

/** The place down to which a page is complete: that of its last item, or everything. An empty page that goes on: none. */
export const floorOf = ({ next, items }: InboxPage): string => (next ? placeOf(items.at(-1)) || '~' : '')

/** Whether a page knows of something that no live message told us. */
export const hasMissed = ({ last, counts }: State, { position, ...page }: InboxPage): boolean => {
  if (!last || !position || last.epoch !== position.epoch) return true
  const ahead = position.seq - last.seq
  return ahead > 0 || (ahead === 0 && !sameCounts(counts, page.counts))
}

export const begin = (state: State, op: Op): State => ({ ...state, pending: [...state.pending, op] })

/** Takes an op back. */
export const drop = (state: State, op: Op): State => ({
  ...state,
  pending: state.pending.filter((other) => other !== op),
})

/** The op on top of what is known. */
const applyOp = <S extends Pick<State, 'items' | 'counts'>>(state: S, op: Op, now: number): S => {
  const next = edit(state, op.ids, (item) => op.change && withChange(item, op.change), now)
  const counts = { ...next.counts }
  for (const name of op.rest ?? []) {
    counts[name] = 0
    for (const item of next.items.values())
      if (placeOf(item) > op.end!) counts[name] += weight(item, now)[name]
  }
  if (op.rest?.length === 2) delete counts.more
  return { ...next, counts }
}

/**
 * Ends an op with the hub's answer. When live messages or a page came meanwhile (`since` is where they stood as the
 * call began), they may be newer than the answer: then only what the op itself says is certain.
 */
export const settle = (
  state: State,
  op: Op,
  { item, ids, counts }: Answer,
  since: LivePosition | null,
  now: number,
): State => {
  const next = applyOp(drop(state, op), ids ? { ...op, ids } : op, now)
  const unsure = lacks(state, op.ids)
  if (since !== state.last) return counted(next, next.counts, unsure || op.rest !== undefined)
  const items = item ? new Map(next.items).set(item.id, item) : next.items
  return counted({ ...next, items }, counts ?? next.counts, unsure)
}

/** What a person sees: the hub's side with every op that is under way. */
export const overlay = (state: State, now: number): State =>
  state.pending.reduce((seen, op) => applyOp(seen, op, now), state)
