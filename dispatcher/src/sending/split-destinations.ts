import { type Step, stepDedupe, stepMessage } from '@carillon/core/delivery/step'
import type { Consequences } from './consequences.ts'
import { changeOf, type Times, withBeginnings } from './ledger-changes.ts'

/**
 * Returns the consequences of a step with several destinations: a step for each, so that one that waits or
 * fails does not block the others. Pure.
 */
export const split = (step: Step, destinations: readonly string[], times: Times): Consequences => {
  const steps = destinations.map((destination) => ({ ...step, destination }))
  const changes = steps.map((each) => changeOf(each, 'queued', times.now))
  return {
    tenant: step.tenant,
    changes: withBeginnings(step, changes, times),
    messages: steps.map((each) => ({ ...stepMessage(each), dedupe: stepDedupe(each) })),
  }
}
