import type {
  Channel,
  Decider,
  DecisionOutcome,
  DecisionReason,
  DecisionStage,
  DeliveryChannel,
} from '@carillon/schemas'

import type { StepWindow } from './digest.ts'

export type { Decider, DecisionReason as Reason }

/**
 * A decision about one notification and one user, with its reason. Decisions are values: the ledger keeps them, explain
 * prints them, and a dry run stops after them. `at` and `until` are epoch ms. `step` is the index in the plan. `path` points
 * into the input of `by`, for example `plan.0.when` or `categories.orders.email`.
 */
export type Decision = {
  at: number
  stage: DecisionStage
  channel?: DeliveryChannel
  step?: number
  outcome: DecisionOutcome
  by: Decider
  path?: string
  reason?: DecisionReason
  /** Words for people, without addresses or content. */
  detail?: string
  until?: number
  /** Restricts the decision to recipients of this variant; '' means those without a variant. Absent: all recipients. */
  variant?: string
}

/** The decision that a step which is due fails before a provider is asked. */
export type StepFailure = Omit<Decision, 'outcome' | 'channel' | 'step' | 'until'> & {
  channel: Channel
  step: number
  outcome: 'failed'
  reason: DecisionReason
}

/** The decision about a due step. `window`: where it waits together with others. */
export type StepDecision = Omit<Decision, 'outcome' | 'channel' | 'step' | 'until'> & {
  channel: Channel
  step: number
} & (
    | { outcome: 'pass' }
    | { outcome: 'wait'; until: number; window?: StepWindow }
    | { outcome: 'join'; until: number; window: StepWindow }
    | { outcome: 'skip' | 'end'; reason: DecisionReason }
  )
