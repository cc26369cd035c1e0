/** Names a slot. `key` names what is counted together, `taker` a message; each has at most 64 characters. */
export type Slot = { user: string; key: string; taker: string }

/** A request for a slot. Times are epoch ms. */
export type SlotRequest = Slot & {
  /** Number of slots that may be taken at a time, 1 to 1,000. */
  limit: number
  /** When the slot is free again. */
  until: number
  now: number
}

/** `until`: when the slot is free again; if none is free, when the first one is. Epoch ms. */
export type SlotAnswer = { taken: boolean; until: number }

/**
 * Slots of throttles: messages to a user that count against the limit of their key.
 *
 * - `take` takes free slots, in order of the arguments, durable when it resolves. Of any number of concurrent takers, in any
 *   number of processes, at most `limit` have a slot of a key at a time. A taker keeps its slot: a repeated call changes
 *   nothing, not even `until`.
 * - `release` makes slots free at once. Succeeds for those that are free already.
 */
export interface Throttles {
  take(tenant: string, requests: readonly SlotRequest[]): Promise<SlotAnswer[]>
  release(tenant: string, slots: readonly Slot[]): Promise<void>
}
