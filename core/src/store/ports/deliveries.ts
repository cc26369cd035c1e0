import type { Delivery, DeliveryChannel, DeliveryState, DeliveryTotals } from '@carillon/schemas'

/**
 * One delivery of a notification: to one user, by one step of the plan (or IN_APP_STEP), to one device ('' for an
 * address).
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

/** A delivery has come into a state at `at` (epoch ms). What is left out stays as it was. */
export type DeliveryChange = DeliveryPlace & {
  state: DeliveryState
  at: number
  attempt?: number
  provider?: string
  providerId?: string
  reason?: string
  /** The reason in words. A reason without a detail clears the one that was there. */
  detail?: string
  /** When a queued delivery is tried next, epoch ms. */
  nextAttempt?: number
}

/**
 * The ledger: how far every delivery has come. Kept as long as its notification.
 *
 * - `record` keeps the time of each state by itself, so repeating a change, or bringing changes in another order,
 *   gives the same. Of two times for one state the later stays; so it is with what else a change says.
 * - A delivery's state is the farthest it has been in (the order of DELIVERY_STATES), except that `failed`, `skipped` and
 *   `in_doubt` give way to a later `sent` or `queued`: it was tried again. A reason is shown in these three, and while a
 *   queued delivery waits for its next attempt.
 */
export interface Deliveries {
  record(tenant: string, changes: readonly DeliveryChange[]): Promise<void>
  /** In no promised order, from a place on; of one user if named. */
  list(
    tenant: string,
    notification: { id: string; toAudience: boolean; user?: string },
    query: { after?: string; limit: number },
  ): Promise<{ deliveries: Delivery[]; next?: string }>
  /** All deliveries of each recipient of a notification, in the order asked for. */
  of(
    tenant: string,
    recipients: readonly { id: string; toAudience: boolean; user: string }[],
  ): Promise<Delivery[][]>
  sum(tenant: string, notification: { id: string; toAudience: boolean }): Promise<DeliveryTotals>
}
