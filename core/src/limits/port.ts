import type { Priority } from '@carillon/schemas'

/** A pace: `perSecond` on average, at most `burst` at once. `key` names what is limited and leads with the tenant. */
export type Limit = { key: string; perSecond: number; burst: number }

/** Something that wants to be done within all of its limits. */
export type Turn = {
  limits: readonly Limit[]
  priority: Priority
  /** It has waited as it was told: it does not queue up again behind what came later. */
  waited?: boolean
}

/** `go`: do it at that moment, within HORIZON_MS. `wait`: ask again at that moment. Epoch ms. */
export type Granted = { go: number } | { wait: number }

/** How far ahead a turn is given for good; what would come later waits elsewhere and asks again. */
export const HORIZON_MS = 1_000

/**
 * Limits of pace, shared by all processes of an installation.
 *
 * - `turns` paces: nothing is refused, everything gets a time. Turns given for good never exceed a limit (GCRA, ITU-T
 *   I.371, on one clock); critical ones get a turn for good however far ahead, before all that wait. What has to wait
 *   is told a time at which its turn should have come, more urgent priorities earlier, so that a queue of any length
 *   asks about once each.
 * - `allow` refuses: at most `points` in any `seconds` from the first of them.
 * - While the shared part is out of reach, each process limits by itself.
 */
export interface Limits {
  turns(turns: readonly Turn[]): Promise<Granted[]>
  /** 0 when it is allowed, and counted; else the ms after which it will be. */
  allow(key: string, limit: { points: number; seconds: number }): Promise<number>
}
