import type { InboxPlace } from '../ports/inbox.ts'

/** Negative if `one` lies below, which is to say arrived before, `other`. */
export const comparePlaces = (one: InboxPlace, other: InboxPlace): number =>
  one.place - other.place || (one.id < other.id ? -1 : one.id > other.id ? 1 : 0)

const NIL = '00000000-0000-0000-0000-000000000000'

/** Below every item. */
export const LOWEST: InboxPlace = { place: 0, id: NIL }

/** Just above every item that was stored at this place. */
export const above = (place: number): InboxPlace => ({ place: place + 1, id: NIL })
