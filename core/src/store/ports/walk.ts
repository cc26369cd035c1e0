/** A place in a walk over users: `slot` is a hash bucket, `user` the last one seen in it. */
export type Place = { slot: number; user: string }

/** Users and topic members are spread over this many slots; a chain of a walk is a range of them. */
export const SLOTS = 64

/** A stretch of slots, from inclusive to exclusive, and where to go on. */
export type Stretch = { from: number; to: number; after?: Place }

/** `next` is absent at the end of the stretch. */
export type UserPage = { users: string[]; next?: Place }
