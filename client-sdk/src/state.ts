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
  isActive,
  matches,
  NONE,
  type Query,
  sameCounts,
  shifted,
  stateOf,
  weight,
  withChange,
  withState,
} from './items.ts'

export type Live =
  | { event: 'inbox.added'; message: InboxAdded }
  | { event: 'inbox.changed'; message: InboxChanged }
  | { event: 'inbox.removed'; message: InboxRemoved }

/**
 * A change of ours whose call has not ended. `change: null` removes. `unloaded` is what it takes from the counts
 * beyond the items we know.
 */
export type Op = { ids: readonly string[]; change: Partial<ItemState> | null; unloaded: Counts }

/**
 * What we know of the inbox: the hub's side, and on top of it the changes that are under way. `log` holds the
 * live messages last applied, so that a page that was read before some of them can be brought up to date.
 * `doubtful`: the hub's counts were not what our items say, so something is missing here or there.
 */
export type State = {
  items: ReadonlyMap<string, InboxItem>
  gone: ReadonlySet<string>
  counts: Counts
  last: LivePosition | null
  log: readonly (Live & { fresh: boolean })[]
  pending: readonly Op[]
  doubtful: boolean
}

export const INITIAL: State = {
  items: new Map(),
  gone: new Set(),
  counts: NONE,
  last: null,
  log: [],
  pending: [],
  doubtful: false,
}

const REMEMBERED = 500
const COUNTED = ['readAt', 'seenAt', 'archivedAt', 'snoozedUntil'] as const

/** The hub's counts, doubted when they differ from what our own items led us to expect. */
const counted = (state: State, expected: Counts, counts: Counts): State =>
  sameCounts(expected, counts) ? { ...state, counts } : { ...state, counts, doubtful: true }

/** Replaces known items; undefined removes. Returns the counts to expect after it. */
const edit = (
  state: State,
  ids: Iterable<string>,
  change: (item: InboxItem) => InboxItem | undefined,
  now: number,
): { items: Map<string, InboxItem>; counts: Counts } => {
  const items = new Map(state.items)
  let { counts } = state
  for (const id of ids) {
    const item = items.get(id)
    if (!item) continue
    const next = change(item)
    counts = shifted(counts, weight(item, now), weight(next, now))
    if (next) items.set(id, next)
    else items.delete(id)
  }
  return { items, counts }
}

const bury = (gone: ReadonlySet<string>, ids: readonly string[]): ReadonlySet<string> =>
  new Set([...gone, ...ids].slice(-REMEMBERED))

const added = (state: State, { item: sent }: InboxAdded, now: number): State => {
  if (state.gone.has(sent.id)) return state
  const known = state.items.get(sent.id)
  const item = known && hasNoState(sent) ? { ...sent, ...stateOf(known) } : sent
  const counts = shifted(state.counts, weight(known, now), weight(item, now))
  return { ...state, counts, items: new Map(state.items).set(item.id, item) }
}

const changed = (state: State, { ids, patch, counts }: InboxChanged, now: number): State => {
  const named = ids ?? [...state.items.values()].filter((item) => isActive(item, now)).map(({ id }) => id)
  const edited = edit(state, named, (item) => withState(item, patch), now)
  const next = { ...state, items: edited.items }
  // Counts are read a moment before or after the message gets its number; one that changes none is no reason
  // to take them over, nor to ask whether an item we do not hold now belongs into a list of ours.
  if (!COUNTED.some((cell) => cell in patch)) return next
  const unknown = named.some((id) => !state.items.has(id) && !state.gone.has(id))
  return counted(unknown ? { ...next, doubtful: true } : next, edited.counts, counts)
}

const removed = (state: State, { ids, counts }: InboxRemoved, now: number): State => {
  const edited = edit(state, ids, () => undefined, now)
  return counted({ ...state, items: edited.items, gone: bury(state.gone, ids) }, edited.counts, counts)
}

/** Applies a live message, whose turn it is. */
export const applyLive = (state: State, live: Live, now: number): State => {
  const { epoch, seq } = live.message
  const fresh = live.event === 'inbox.added' && !state.items.has(live.message.item.id)
  const next =
    live.event === 'inbox.added'
      ? added(state, live.message, now)
      : live.event === 'inbox.changed'
        ? changed(state, live.message, now)
        : removed(state, live.message, now)
  const log = state.last?.epoch === epoch ? state.log : []
  return { ...next, last: { epoch, seq }, log: [...log, { ...live, fresh }].slice(-REMEMBERED) }
}

/**
 * Takes over a page of a query: everything older than `above` (the first page has none) down to the page's last
 * item, or to the end, is as the page says. Live messages later than the page are applied again on top.
 * `base`: the page also tells counts and position, because whatever they cover shows up in such a page.
 */
export const applyPage = (
  state: State,
  query: Query,
  page: InboxPage,
  { above, base, now }: { above?: string | undefined; base: boolean; now: number },
): State => {
  const { position } = page
  const later =
    position && state.last?.epoch === position.epoch
      ? state.log.filter(({ message }) => message.seq > position.seq)
      : []
  const bottom = floorOf(page)
  const items = new Map(state.items)
  for (const item of state.items.values())
    if (item.id >= bottom && (above === undefined || item.id < above) && matches(item, query, now))
      items.delete(item.id)
  for (const live of later) if (live.event === 'inbox.added' && live.fresh) items.delete(live.message.item.id)
  for (const item of page.items) if (!state.gone.has(item.id)) items.set(item.id, item)

  const read: State = { ...state, items, counts: page.counts, last: position, log: [], doubtful: false }
  const next = later.reduce((sofar, live) => applyLive(sofar, live, now), read)
  if (!base) return { ...state, items: next.items }
  const log = position && state.last?.epoch === position.epoch ? state.log : []
  // Messages that have fallen out of the log cannot be applied again.
  const [first] = later
  const hole = first !== undefined && position !== null && first.message.seq > position.seq + 1
  return { ...next, log, doubtful: next.doubtful || hole }
}

/** The id down to which a page is complete: that of its last item, or everything. */
export const floorOf = (page: InboxPage): string => (page.next === null ? '' : (page.items.at(-1)?.id ?? ''))

/** Whether a page knows of something that no live message told us. */
export const hasMissed = ({ last, counts }: State, page: InboxPage): boolean =>
  !last ||
  !page.position ||
  last.epoch !== page.position.epoch ||
  last.seq < page.position.seq ||
  (last.seq === page.position.seq && !sameCounts(counts, page.counts))

export const begin = (state: State, op: Op): State => ({ ...state, pending: [...state.pending, op] })

/** Takes an op back. */
export const drop = (state: State, op: Op): State => ({
  ...state,
  pending: state.pending.filter((other) => other !== op),
})

/**
 * Ends an op with the hub's answer. When live messages came meanwhile (`since` is where they stood as the call
 * began), they may be newer than the answer: then only what the op itself says is certain.
 */
export const settle = (
  state: State,
  op: Op,
  answer: Answer,
  { since, now }: { since: LivePosition | null; now: number },
): State => {
  const { change } = op
  const settled = drop(state, op)
  const quiet = since?.seq === state.last?.seq && since?.epoch === state.last?.epoch
  const edited = edit(
    settled,
    answer.ids ?? op.ids,
    (item) => {
      if (!change) return undefined
      return quiet && answer.item?.id === item.id ? answer.item : withChange(item, change)
    },
    now,
  )
  const next: State = {
    ...settled,
    items: edited.items,
    gone: change ? settled.gone : bury(settled.gone, op.ids),
    doubtful: settled.doubtful || op.ids.some((id) => !state.items.has(id)),
  }
  if (quiet) return counted(next, shifted(edited.counts, op.unloaded, NONE), answer.counts)
  return { ...next, counts: edited.counts, doubtful: next.doubtful || op.unloaded !== NONE }
}

/** What a person sees: the hub's side with every op that is under way. */
export const overlay = (
  state: State,
  now: number,
): { items: ReadonlyMap<string, InboxItem>; counts: Counts } =>
  state.pending.reduce<{ items: ReadonlyMap<string, InboxItem>; counts: Counts }>(
    (seen, { ids, change, unloaded }) => {
      const edited = edit(
        { ...state, ...seen },
        ids,
        (item) => (change ? withChange(item, change) : undefined),
        now,
      )
      return { items: edited.items, counts: shifted(edited.counts, unloaded, NONE) }
    },
    { items: state.items, counts: state.counts },
  )
