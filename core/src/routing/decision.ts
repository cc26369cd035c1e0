import type { Channel, DeliveryChannel } from '@carillon/schemas'

/** The stages of a notification at which something is decided, in order. */
export type Stage =
  | 'audience'
  | 'inbox'
  | 'preference'
  | 'condition'
  | 'digest'
  | 'quiet_hours'
  | 'throttle'
  | 'send'

/** `skip` leaves out one step, or the inbox. `end` ends everything that is pending for this user. */
export type Outcome = 'pass' | 'wait' | 'join' | 'skip' | 'end' | 'sent' | 'failed'

/** Who made the choice behind a decision. `system`: nobody did. */
export type Decider =
  | 'type'
  | 'category'
  | 'user'
  | 'user_context'
  | 'context'
  | 'tenant'
  | 'sender'
  | 'system'

/** Stable words. A `pass` may have no reason. */
export type Reason =
  | 'critical'
  | 'otp'
  | 'transactional'
  | 'muted'
  | 'topic_muted'
  | 'opted_out'
  | 'default_off'
  | 'condition_false'
  | 'condition_error'
  | 'read'
  | 'seen'
  | 'delivered'
  | 'archived'
  | 'deleted'
  | 'online'
  | 'not_needed'
  | 'digest'
  | 'snoozed'
  | 'quiet_hours'
  | 'throttled'
  | 'no_address'
  | 'no_provider'
  | 'suppressed'
  | 'endpoint_disabled'
  | 'erased'
  | 'expired'
  | 'cancelled'
  | 'late'
  | 'excluded'
  | 'not_recipient'
  | 'template_error'
  | 'silent'
  | 'no_item'

/**
 * A decision about one notification and one user, with its reason. Decisions are values: the ledger keeps them, explain
 * prints them, and a dry run stops after them. `at` and `until` are epoch ms. `step` is the index in the plan. `path` points
 * into the input of `by`, for example `plan.0.when` or `categories.orders.email`.
 */
export type Decision = {
  at: number
  stage: Stage
  channel?: DeliveryChannel
  step?: number
  outcome: Outcome
  by: Decider
  path?: string
  reason?: Reason
  until?: number
}

/** The decision about a due step. */
export type StepDecision = Omit<Decision, 'outcome' | 'channel' | 'step' | 'until'> & {
  channel: Channel
  step: number
} & ({ outcome: 'pass' } | { outcome: 'wait'; until: number } | { outcome: 'skip' | 'end'; reason: Reason })
