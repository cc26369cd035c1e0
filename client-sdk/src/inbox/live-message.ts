import type { InboxAdded, InboxChanged, InboxItem } from '@carillon/schemas'
import { shifted, weight } from './counts.ts'
import { groupOf } from './groups.ts'
import { hasNoState, withChange } from './item-state.ts'
import { type Maybe, matches, placeOf, type Query } from './query.ts'
import { counted, edit, type LiveMessage, lacks, type State } from './state.ts'

const LOG_MAX = 500

/** Reports whether an unknown item may have been stored and counted before, because later ones are known. */
const isLate = ({ items, floor }: State, item: InboxItem): boolean =>
  placeOf(item) < floor || (floor !== '' && [...items.keys()].some((id) => id > item.id))

const added = (state: State, { item: sent }: InboxAdded, now: number): State => {
  const known = state.items.get(sent.id)
  if (known === null) return state
  // A redelivered item keeps its place and the known summary of its group.
  const { arrivedAt, group } = known ?? sent
  const item = known && hasNoState(sent) ? known : { ...sent, arrivedAt, ...(group && { group }) }
  const counts = shifted(state.counts, weight(known, now), weight(item, now))
  const isMember = (other: Maybe) => groupOf(other) === groupOf(item)
  // Only the hub knows the numbers of a group with other items, which may not be loaded.
  const isCounted = item.group && (state.floor || [...state.items.values()].some(isMember))
  // Below the floor, it may be a redelivered item of an older page, which is already counted.
  const doubtful = state.doubtful || (known ? state.news.has(item.id) : isLate(state, item) || !!isCounted)
  const items = new Map(state.items).set(item.id, item)
  const unplaced = known ? state.unplaced : new Set(state.unplaced).add(item.id)
  return { ...state, counts, items, unplaced, doubtful }
}

const changed = (state: State, message: InboxChanged, now: number): State => {
  const { ids, patch, item: whole, counts } = message
  const part: Query = { ...message, status: message.status ?? 'active' }
  const named = ids ?? [...state.items.values()].flatMap((item) => (matches(item, part, now) ? item.id : []))
  const change = (item: InboxItem): InboxItem => {
    if (!whole) return withChange(item, patch)
    // The `arrivedAt` of a message may differ, and its group has no summary.
    const { arrivedAt, group } = item
    return { ...whole, arrivedAt, ...(group?.key === whole.group?.key && { group }) }
  }
  const next = edit(state, named, change, now)
  // Items that are not loaded may now belong to other lists.
  return counted(next, counts, !ids || lacks(state, named))
}

/** Applies the next live message. */
export const applyLive = (state: State, live: LiveMessage, now: number): State => {
  const { event, message } = live
  const { epoch, seq } = message
  let next = state
  if (event === 'inbox.added') next = added(state, message, now)
  else if (event === 'inbox.changed') next = changed(state, message, now)
  else if (event === 'inbox.removed')
    next = counted(
      edit(state, message.ids, () => null, now),
      message.counts,
      // Items that are not loaded may belong to known groups.
      lacks(state, message.ids) && [...state.items.values()].some((item) => item?.group),
    )
  const fresh = event === 'inbox.added' && !state.items.has(message.item.id)
  const log = state.last?.epoch === epoch ? state.log : []
  return { ...next, last: { epoch, seq }, log: [...log, { ...live, fresh }].slice(-LOG_MAX) }
}
