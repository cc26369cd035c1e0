/** A position in a walk over users: a slot, and the last user seen in it. */
export type Place = { slot: number; user: string }

/** Number of slots to which users and topic members are hashed. A chain walks a range of slots. */
export const SLOTS = 64

/** A range of slots, `from` inclusive, `to` exclusive, and the position to continue after. */
export type Stretch = { from: number; to: number; after?: Place }

/** `next` is present exactly if the range has more users. */
export type UserPage = { users: string[]; next?: Place }
