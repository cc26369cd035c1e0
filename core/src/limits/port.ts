import type { Priority } from '@carillon/schemas'

/**
 * `perSecond` on average, at most `burst` at once. `key` identifies the limited resource and starts with the
 * tenant.
 */
export type Limit = { key: string; perSecond: number; burst: number }

/** A request for a permit under all of these rate limits. */
export type PermitRequest = {
  limits: readonly Limit[]
  priority: Priority
  /** Set if the request has waited for its retry slot, so that it does not queue again behind later requests. */
  waited?: boolean
}

/**
 * `go`: a permit for that moment, at most PERMIT_AHEAD_MS ahead. `wait`: the retry slot, when to ask again.
 * Epoch ms.
 */
export type Grant = { go: number } | { wait: number }

/** How far ahead permits are given, in ms. A request whose permit would be later gets a retry slot. */
export const PERMIT_AHEAD_MS = 1_000

/**
 * Rate limits that all processes of an installation share.
 *
 * - `acquire` spreads work evenly and rejects nothing. Permits never exceed a limit (GCRA, ITU-T I.371, on one clock).
 *   Critical requests get a permit however far ahead, before all that wait. Other requests may get a retry slot: the time
 *   at which their permit is due, earlier for more urgent priorities. So a queue of any length asks about once each.
 * - `allow` is a fixed-window limiter: at most `points` calls in the `seconds` after the first of them.
 * - While the shared server is unavailable, each process limits on its own.
 */
export interface Limits {
  acquire(requests: readonly PermitRequest[]): Promise<Grant[]>
  /** Returns 0 if the call is allowed, which counts it; otherwise the ms until it will be. */
  allow(key: string, limit: { points: number; seconds: number }): Promise<number>
}
