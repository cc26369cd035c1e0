import type { DeliveryState } from '@carillon/schemas'
import { nextStep, type Step } from '../delivery/step.ts'
import type { Decision } from './decision.ts'

/** Final states of a destination that was not reached. */
const NOT_REACHED: ReadonlySet<DeliveryState> = new Set(['failed', 'skipped'])

/**
 * The consequence when a step has failed for one destination. `open`: another destination may still be reached. `next`: none
 * was reached, so the plan's next step is due at once. `over`: none was reached, and this was the last step.
 */
export type Conclusion = { follows: 'open' | 'over' } | { follows: 'next'; step: Step }

/** Returns the consequence, from the states of the step's other destinations. Pure. */
export const conclude = (step: Step, others: readonly DeliveryState[]): Conclusion => {
  if (others.some((state) => !NOT_REACHED.has(state))) return { follows: 'open' }
  const next = nextStep(step)
  return next ? { follows: 'next', step: { ...next, failed: true } } : { follows: 'over' }
}

/**
 * Reports whether the next step is due at once. It is if this step is decided to be sent but reaches nobody, or if a
 * preference or its `if` skips it and the next step has `when: failed`.
 */
export const makesNextDue = (step: Step, decision: Pick<Decision, 'stage' | 'reason'>): boolean => {
  const { stage } = decision
  if (stage === 'send') return true
  const next = nextStep(step)
  const isChoice =
    stage === 'preference' || decision.reason === 'condition_false' || decision.reason === 'condition_error'
  return isChoice && next?.plan[next.index]?.when === 'failed'
}
