import type { Decision } from '../../routing/decision.ts'

/** A decision about a notification and one user, or about all its recipients if `user` is ''. */
export type DecisionEntry = {
  notification: string
  user: string
  /** Whether the notification goes to an audience, as in deliveries. */
  toAudience: boolean
  decision: Decision
}

/**
 * The decisions of the ledger, kept as long as their notification.
 *
 * - Every decision against a user has a row (excluded, erased, no address …), with or without an inbox item.
 *   Default passes have no row: they follow from the notification and the version of its type. So the number
 *   of rows of a fan-out is the number of exceptions, not the size of the audience.
 * - `record` is repeatable: a decision with the same stage, channel, step and reason is one row, with its
 *   latest time.
 */
export interface Decisions {
  record(tenant: string, entries: readonly DecisionEntry[]): Promise<void>
  /** Returns the decisions about one user and about all recipients, in order of time; at most DECISIONS_MAX. */
  of(tenant: string, notification: { id: string; toAudience: boolean; user: string }): Promise<Decision[]>
}

/** Maximum decisions of one user and notification, far more than a plan of ten steps leads to. */
export const DECISIONS_MAX = 500
