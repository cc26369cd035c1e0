import type {
  Counts,
  InboxAdded,
  InboxChanged,
  InboxItem,
  InboxRemoved,
  ItemState,
  LivePosition,
  PreferencesChanged,
} from '@carillon/schemas'
import { NONE, sameCounts, shifted, weight } from './counts.ts'

export type LiveMessage =
  | { event: 'inbox.added'; message: InboxAdded }
  | { event: 'inbox.changed'; message: InboxChanged }
  | { event: 'inbox.removed'; message: InboxRemoved }
  | { event: 'preferences.changed'; message: PreferencesChanged & LivePosition }

/**
 * An optimistic change whose request is pending. `change: null` removes the items. `rest`: the counts that
 * become zero because the change also covers items that are not loaded; only items that arrive after `end`
 * still count.
 */
export type Operation = {
  ids: readonly string[]
  change: Partial<ItemState> | null
  rest?: readonly ('unread' | 'unseen')[]
  /** The place of the newest known item at the time of the action. */
  end?: string
}

/** Items by id; null marks a deleted one. */
export type Items = ReadonlyMap<string, InboxItem | null>

/**
 * The inbox as the hub last described it, and the pending operations.
 *
 * - `log`: the live messages applied last. They are applied again to a page that was read before them.
 * - `floor`: the items are complete down to this place; older items may be unknown, although they are counted.
 * - `news`: items of pages fetched since the counts were set. The hub reads counts before items, so the counts may lack an
 *   item that was stored in between.
 * - `unplaced`: items that no page has contained. A live message has the time at which it was sent, after the item was stored.
 * - `doubtful`: the hub's counts or groups differ from those of the known items, so a refetch is needed.
 */
export type State = {
  items: Items
  counts: Counts
  last: LivePosition | null
  log: readonly (LiveMessage & { fresh: boolean })[]
  pending: readonly Operation[]
  floor: string
  news: ReadonlySet<string>
  unplaced: ReadonlySet<string>
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
  unplaced: new Set(),
  doubtful: false,
}

const isSame = (a: ItemState, b: ItemState): boolean =>
  a.readAt === b.readAt && a.archivedAt === b.archivedAt && a.snoozedUntil === b.snoozedUntil

/** Applies the change to the known items and computes the expected counts. */
export const edit = <S extends Pick<State, 'items' | 'counts'>>(
  state: S,
  ids: readonly string[],
  change: (item: InboxItem) => InboxItem | null,
  now: number,
): S => {
  const items = new Map(state.items)
  let { counts } = state
  let regrouped = false
  for (const id of ids) {
    const item = items.get(id)
    if (!item) continue
    const next = change(item)
    counts = shifted(counts, weight(item, now), weight(next, now))
    items.set(id, next)
    // The hub counts the group, and knows which item stands for it now.
    regrouped ||= !!item.group && !(next && isSame(item, next))
  }
  return { ...state, items, counts, ...(regrouped && { doubtful: true }) }
}

export const lacks = (state: State, ids: readonly string[]) => !ids.every((id) => state.items.has(id))

/** Sets the hub's counts. They are doubtful if they differ from the expected ones. */
export const counted = (state: State, counts: Counts, doubtful = false): State => ({
  ...state,
  counts,
  doubtful: state.doubtful || doubtful || !sameCounts(state.counts, counts),
})
