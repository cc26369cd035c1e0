import type { InboxAdded, InboxChanged, InboxItem } from '@carillon/schemas'
import { shifted, weight } from './counts.ts'
import { hasNoState, withChange } from './item-state.ts'
import { matches, placeOf, type Query } from './query.ts'
import { counted, edit, type Live, lacks, type State } from './state.ts'

const LOG_MAX = 500

/** Whether an item that comes anew may have been stored before: others that were accepted later are known. */
const isLate = ({ items, floor }: State, item: InboxItem): boolean =>
  placeOf(item) < floor || (floor !== '' && [...items.keys()].some((id) => id > item.id))

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
