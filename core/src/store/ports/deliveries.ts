import type { Delivery, DeliveryChannel, DeliveryState, DeliveryTotals } from '@carillon/schemas'
import type { Decision } from '../../routing/decision.ts'

/**
 * Identifies a delivery: notification, user, step of the plan (or IN_APP_STEP), and device ('' for an address of the
 * profile).
 */
export type DeliveryPlace = {
  notification: string
  user: string
  step: number
  channel: DeliveryChannel
  device: string
  /** Whether the notification goes to an audience (a topic, everyone). The same in every delivery of a notification. */
  toAudience: boolean
}

/** A decision that let a step go on to the next stage. Channel and step are those of the delivery. */
export type Passed = Pick<Decision, 'at' | 'stage' | 'by' | 'path' | 'reason'>

/** A delivery reached a state at `at` (epoch ms). Absent fields keep their value. */
export type DeliveryChange = DeliveryPlace & {
  state: DeliveryState
  at: number
  attempt?: number
  provider?: string
  providerId?: string
  reason?: string
  /** The reason as text. A reason without a detail clears the previous detail. */
  detail?: string
  /** Time of the next attempt of a queued delivery, epoch ms. */
  nextAttempt?: number
  /** The variant of the type that the user gets. */
  variant?: string
  /** The notification is a test. For events; not stored, because the record of the notification says so. */
  test?: boolean
  /** The `pass` decisions of the step. */
  passed?: readonly Passed[]
}

/**
 * The ledger: the progress of every delivery. Kept as long as its notification.
 *
 * - `record` is idempotent and does not depend on the order of changes. The latest time per state wins, and so does the
 *   latest value of every other field.
 * - A delivery's state is the farthest it has reached, in the order of DELIVERY_STATES. `failed`, `skipped` and `in_doubt`
 *   give way to a later `sent` or `queued`, because it was retried. A reason is shown in these three states, and while a
 *   queued delivery waits for its next attempt.
 */
export interface Deliveries {
  record(tenant: string, changes: readonly DeliveryChange[]): Promise<void>
  /** Lists deliveries in unspecified order, after a cursor; only those of `user` if given. */
  list(
    tenant: string,
    notification: { id: string; toAudience: boolean; user?: string },
    query: { after?: string; limit: number },
  ): Promise<{ deliveries: Delivery[]; next?: string }>
  /** Returns all deliveries of each recipient, in the order of `recipients`. */
  of(
    tenant: string,
    recipients: readonly { id: string; toAudience: boolean; user: string }[],
  ): Promise<Delivery[][]>
  /** Returns what let the steps of one user come as far as they did, each decision once for each device. */
  passed(tenant: string, notification: { id: string; toAudience: boolean; user: string }): Promise<Decision[]>
  sum(tenant: string, notification: { id: string; toAudience: boolean }): Promise<DeliveryTotals>
}
