import type { InboxPlace } from '../ports/inbox.ts'

/** Compares two places. Negative if `one` arrived before `other`. */
export const comparePlaces = (one: InboxPlace, other: InboxPlace): number =>
  one.place - other.place || (one.id < other.id ? -1 : one.id > other.id ? 1 : 0)

const NIL = '00000000-0000-0000-0000-000000000000'

/** A place below every item. */
export const LOWEST: InboxPlace = { place: 0, id: NIL }

/** Returns a position above every item stored at this place, and below all later ones. */
export const above = (place: number): InboxPlace => ({ place: place + 1, id: NIL })
