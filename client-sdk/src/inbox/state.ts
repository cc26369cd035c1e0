import type {
  Counts,
  InboxAdded,
  InboxChanged,
  InboxItem,
  InboxRemoved,
  ItemState,
  LivePosition,
} from '@carillon/schemas'
import { NONE, sameCounts, shifted, weight } from './counts.ts'

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

/** The change applied to known items, and the counts to expect after it. */
export const edit = <S extends Pick<State, 'items' | 'counts'>>(
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

export const lacks = (state: State, ids: readonly string[]) => !ids.every((id) => state.items.has(id))

/** The hub's counts, doubted when they differ from what our own items led us to expect. */
export const counted = (state: State, counts: Counts, doubtful = false): State => ({
  ...state,
  counts,
  doubtful: state.doubtful || doubtful || !sameCounts(state.counts, counts),
})
