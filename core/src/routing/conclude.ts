import type { DeliveryState } from '@carillon/schemas'
import { nextStep, type Step } from '../delivery/step.ts'

/** The states of a destination that has not been reached, and will not be. */
const CAME_TO_NOTHING: ReadonlySet<DeliveryState> = new Set(['failed', 'skipped'])

/**
 * What follows once one destination of a step has come to nothing. `open`: another may still be reached. `next`: none
 * was, so the plan's next step is due at once. `over`: none was, and it was the last step.
 */
export type Conclusion = { follows: 'open' | 'over' } | { follows: 'next'; step: Step }

/** Concludes a step from the states of its other destinations. Pure. */
export const conclude = (step: Step, others: readonly DeliveryState[]): Conclusion => {
  if (others.some((state) => !CAME_TO_NOTHING.has(state))) return { follows: 'open' }
  const next = nextStep(step)
  return next ? { follows: 'next', step: { ...next, failed: true } } : { follows: 'over' }
}
