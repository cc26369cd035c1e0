import { asError, type CarillonError, isRefusal } from '../http/error.ts'
import { backoff } from '../timing/backoff.ts'
import type { Timing } from '../timing/delays.ts'
import { createTimer } from '../timing/timer.ts'

/**
 * Runs refetches one at a time. Requests during a refetch are merged into one that follows it. A failed refetch is
 * retried with backoff until it succeeds.
 */
export const createRefetch = ({
  pass,
  onError,
  timing,
  stopped,
}: {
  /** Fetches every feed if `full`; otherwise one page, and the rest only if it shows that messages were missed. */
  pass: (full: boolean) => Promise<void>
  onError: (error: CarillonError) => void
  timing: Timing
  /** Returns true while no refetch may start. */
  stopped: () => boolean
}) => {
  const timer = createTimer()
  /** The time at which the next refetch is due. */
  let due = Infinity
  let wantFull = false
  let running = false
  let failures = 0
  /** Nothing is fetched before this time, because the hub refused the token. */
  let notBefore = 0

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
      if (isRefusal(error.code)) notBefore = Date.now() + wait
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

  /** Requests a refetch within `wait` ms. A refetch that is due earlier satisfies it. */
  const request = (full: boolean, wait = 0) => {
    wantFull ||= full
    const at = Math.max(Date.now() + wait, notBefore)
    if (stopped() || at >= due) return
    due = at
    if (!running) timer.set(run, at - Date.now())
  }

  return {
    request,
    close: timer.clear,
  }
}
