import type { Decision } from '../../routing/decision.ts'

/** A decision about one person and a notification; about everybody whom it is for if `user` is ''. */
export type DecisionEntry = {
  notification: string
  user: string
  /** As in deliveries: the same for everything of one notification. */
  toAudience: boolean
  decision: Decision
}

/**
 * What was decided: the part of the ledger that explains. Kept as long as the notification.
 *
 * - Whoever is decided against (excluded, erased, no address …) has a row, with or without an item in the inbox. What
 *   everybody gets by the type and the notification is not stored for each person: it follows from the type's version.
 *   So the rows of a fan-out are as many as the people whom something sets apart, not as its audience.
 * - `record` may be repeated: a decision of one stage, channel, step and reason is one row, with its latest time.
 */
export interface Decisions {
  record(tenant: string, entries: readonly DecisionEntry[]): Promise<void>
  /** Decisions about one person, and about everybody, in the order of their times; at most DECISIONS_MAX. */
  of(tenant: string, notification: { id: string; toAudience: boolean; user: string }): Promise<Decision[]>
}

/** Far more than a plan of ten steps leads to. */
export const DECISIONS_MAX = 500
