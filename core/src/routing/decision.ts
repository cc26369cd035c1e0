import type { Channel, DeliveryChannel } from '@carillon/schemas'

/** Where on a notification's way something was decided, in the order in which it gets there. */
export type Stage =
  | 'audience'
  | 'inbox'
  | 'preference'
  | 'condition'
  | 'digest'
  | 'quiet_hours'
  | 'throttle'
  | 'send'

/** `end` ends everything for this person that is not done yet; `skip` leaves out one step, or the inbox. */
export type Outcome = 'pass' | 'wait' | 'join' | 'skip' | 'end' | 'sent' | 'failed'

/** Whose choice a decision follows. `system`: nobody's. */
export type Decider =
  | 'type'
  | 'category'
  | 'user'
  | 'user_context'
  | 'context'
  | 'tenant'
  | 'sender'
  | 'system'

/** Stable words. A decision in favour may have none. */
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
 * What was decided about one notification and one person, and why. A value: the ledger keeps it, explain prints it, a
 * dry run stops after it. `at` and `until` are epoch ms; `step` is a place in the plan, from 0; `path` points into what
 * `by` wrote, as in `plan.0.when` or `categories.orders.email`.
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

/** What is done with a step whose time has come. */
export type StepDecision = Omit<Decision, 'outcome' | 'channel' | 'step' | 'until'> & {
  channel: Channel
  step: number
} & ({ outcome: 'pass' } | { outcome: 'wait'; until: number } | { outcome: 'skip' | 'end'; reason: Reason })
