import type { DeliveryState } from '@carillon/schemas'
import { nextStep, type Step } from '../delivery/step.ts'

/** The states of a destination that was not reached and never will be. */
const CAME_TO_NOTHING: ReadonlySet<DeliveryState> = new Set(['failed', 'skipped'])

/**
 * What follows after a step failed for one destination. `open`: another destination may still be reached. `next`: none was
 * reached, so the plan's next step is due at once. `over`: none was reached, and this was the last step.
 */
export type Conclusion = { follows: 'open' | 'over' } | { follows: 'next'; step: Step }

/** Returns what follows, from the states of the step's other destinations. Pure. */
export const conclude = (step: Step, others: readonly DeliveryState[]): Conclusion => {
  if (others.some((state) => !CAME_TO_NOTHING.has(state))) return { follows: 'open' }
  const next = nextStep(step)
  return next ? { follows: 'next', step: { ...next, failed: true } } : { follows: 'over' }
}
