import { asError, type CarillonError } from '../http/error.ts'
import { backoff } from '../timing/backoff.ts'
import { createTimer } from '../timing/timer.ts'
import type { Timing } from '../timing/timing.ts'

/**
 * Runs passes of refetching, one at a time: however many reasons come up meanwhile, one more pass follows. A pass
 * that failed is repeated with backoff until it succeeds.
 */
export const createSync = ({
  pass,
  onError,
  timing,
  stopped,
}: {
  /** `full`: every feed; else one page, and the rest only if it shows that something was missed. */
  pass: (full: boolean) => Promise<void>
  onError: (error: CarillonError) => void
  timing: Timing
  /** Then no further pass begins. */
  stopped: () => boolean
}) => {
  const timer = createTimer()
  /** When the next pass is due, and how much of one it is. */
  let due = Infinity
  let wantFull = false
  let running = false
  let failures = 0

  const run = async () => {
    const full = wantFull
    due = Infinity
    wantFull = false
    running = true
    let wait = 0
    try {
      await pass(full)
      failures = 0
    } catch (thrown) {
      const error = asError(thrown)
      wait = backoff(error, ++failures, timing)
      due = 0
      wantFull = true
      onError(error)
    }
    running = false
    if (due < Infinity) {
      due = Infinity
      request(wantFull, wait)
    }
  }

  /** Asks for a pass after `wait` ms at the latest; an earlier one serves as well. */
  const request = (full: boolean, wait = 0) => {
    wantFull ||= full
    const at = Date.now() + wait
    if (stopped() || at >= due) return
    due = at
    if (!running) timer.set(run, wait)
  }

  return {
    request,
    close: timer.clear,
  }
}
