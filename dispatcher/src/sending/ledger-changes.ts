import type { Step } from '@carillon/core/delivery/step'
import type { DeliveryChange, Passed } from '@carillon/core/store/ports/deliveries'
import type { Details } from '@carillon/core/store/rules/ledger'
import type { DeliveryState } from '@carillon/schemas'

/** When the run of a step began, and when it ended, epoch ms; `passed` are the decisions that let it come so far. */
export type Times = { begun: number; now: number; passed?: readonly Passed[] }

/** Returns the channel of a step. */
export const channelOf = ({ plan, index }: Step) => plan[index]!.channel

/** Returns one ledger change for a step's destination. */
export const changeOf = (
  step: Step,
  state: DeliveryState,
  at: number,
  details: Partial<Omit<Details, 'passed'>> = {},
): DeliveryChange => ({
  notification: step.notification,
  user: step.user,
  step: step.index,
  channel: channelOf(step),
  device: step.destination ?? '',
  toAudience: step.toAudience,
  state,
  at,
  ...(step.variant === undefined ? {} : { variant: step.variant }),
  ...(step.test ? { test: true } : {}),
  ...details,
})

/**
 * Returns a step's changes. The first changes of a delivery are preceded by `requested` and, unless it is skipped,
 * `queued`, and have what the step passed.
 */
export const withBeginnings = (
  step: Step,
  changes: readonly DeliveryChange[],
  { begun, passed = [] }: Omit<Times, 'now'>,
): DeliveryChange[] => {
  if (step.attempt !== undefined || step.queued) return [...changes]
  const beginnings = changes.flatMap(({ device, state }): DeliveryChange[] => {
    const requested = { ...changeOf(step, 'requested', step.at), device }
    return state === 'skipped' ? [requested] : [requested, { ...changeOf(step, 'queued', begun), device }]
  })
  return [...beginnings, ...(passed.length === 0 ? changes : changes.map((each) => ({ ...each, passed })))]
}
