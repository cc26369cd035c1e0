import { asError, type CarillonError } from '../http/error.ts'
import type { Tokens } from '../http/token.ts'
import { backoff } from '../timing/backoff.ts'
import type { Timing } from '../timing/delays.ts'
import { createTimer } from '../timing/timer.ts'

/**
 * Attempts to connect, forever, with jittered backoff. When the hub refuses the token, a fresh one is requested; a second
 * refusal is reported and retried with a longer backoff. A fixed token that is refused ends the attempts.
 */
export const createAttempts = ({
  tokens,
  timing,
  isStopped,
  connect,
  onWait,
  onError,
  onEnd,
}: {
  tokens: Tokens
  timing: Timing
  isStopped: () => boolean
  connect: (token: string) => void
  /** Called before the pause that follows a failed attempt. */
  onWait: () => void
  onError: (error: CarillonError) => void
  onEnd: () => void
}) => {
  let token: string | undefined
  let failures = 0
  let refusals = 0
  const retry = createTimer()

  const start = async () => {
    try {
      token = await tokens.get(refusals > 0 ? token : undefined)
      if (!isStopped()) connect(token)
    } catch (thrown) {
      const error = asError(thrown)
      onError(error)
      fail(error)
    }
  }

  const fail = (error: CarillonError) => {
    if (isStopped()) return
    onWait()
    retry.set(start, backoff(error, ++failures, timing))
  }

  return {
    start,
    fail,
    refuse(error: CarillonError) {
      if (++refusals === 1 && !tokens.fixed) return retry.set(start, 0)
      onError(error)
      if (tokens.fixed) onEnd()
      else fail(error)
    },
    /** Called when the hub has accepted the token. */
    accepted() {
      refusals = 0
    },
    /** Resets the backoff, after a connection that lasted. */
    reset() {
      failures = 0
    },
    /** Attempts now instead of after the backoff, unless the hub refused the token. */
    retry() {
      if (retry.waits() && refusals === 0) retry.set(start, 0)
    },
    stop: retry.clear,
  }
}
