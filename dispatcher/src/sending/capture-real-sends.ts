import type { Capture } from '@carillon/core/delivery/captured'
import type { Step } from '@carillon/core/delivery/step'
import type { DeliveryChange } from '@carillon/core/store/ports/deliveries'
import type { ItemContent } from '@carillon/schemas'
import { listedMessage } from '../channels/capture.ts'

/**
 * Lists in development what was not captured: messages that an account really sent, and those that could not be sent.
 */
export const createRealSends = (capture: Capture | undefined) => ({
  skipped: (step: Step, content: ItemContent | undefined, reason: string): void => {
    capture?.(listedMessage(step, content, { skipped: reason }))
  },
  attempted: (step: Step, content: ItemContent | undefined, changes: readonly DeliveryChange[]): void => {
    const last = changes.at(-1)
    if (!capture || last?.provider === undefined || last.provider === 'capture') return
    const { state, provider, reason, detail = '', nextAttempt } = last
    const until = nextAttempt === undefined ? {} : { until: new Date(nextAttempt).toISOString() }
    const trouble = reason === undefined ? {} : { trouble: { state, reason, detail, ...until } }
    capture(listedMessage(step, content, { provider, ...trouble }))
  },
})
