import type { Outcome } from '@carillon/core/delivery/provider'
import type { SentMessage } from '@carillon/core/delivery/reports'
import type { Step } from '@carillon/core/delivery/step'
import type { Details } from '@carillon/core/store/ledger'
import type { DeliveryChange } from '@carillon/core/store/ports/deliveries'
import type { DeadReason, OutgoingMessage } from '@carillon/core/stream/port'
import type { DeliveryState, Suppression } from '@carillon/schemas'

/** What handling one step leads to: to be made durable before the step is acknowledged. */
export type Result = {
  tenant: string
  changes: DeliveryChange[]
  messages: OutgoingMessage[]
  sent: SentMessage[]
  /** Devices that are gone. */
  gone: { user: string; device: string }[]
  suppressions: Suppression[]
  /** The step, naming its target, that has come to nothing; `dead` is why, should that be the end of the plan. */
  failed?: Step
  dead?: DeadReason
}

export const nothing = (tenant: string): Result => ({
  tenant,
  changes: [],
  messages: [],
  sent: [],
  gone: [],
  suppressions: [],
})

/** One change of the ledger for a step's target. */
export const changeOf = (
  step: Step,
  state: DeliveryState,
  more: Partial<Details & Pick<DeliveryChange, 'at'>> = {},
): DeliveryChange => ({
  notification: step.notification,
  user: step.user,
  step: step.index,
  channel: step.plan[step.index]!.channel,
  device: step.target ?? '',
  toAudience: step.toAudience,
  state,
  at: Date.now(),
  ...more,
})

/** What was not sent, in words for the ledger and the dead letters. */
export type Failure = Exclude<Outcome, { outcome: 'sent' }>
