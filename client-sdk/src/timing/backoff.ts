import { type CarillonError, isRefusal } from '../http/error.ts'
import type { Timing } from './delays.ts'

/**
 * Returns the delay after consecutive failures: exponential with jitter of up to one half, longer if the hub
 * refused the credentials, and never shorter than the hub asks.
 */
export const backoff = (error: CarillonError, failures: number, timing: Timing): number => {
  const [first, max] = isRefusal(error.code)
    ? [timing.refused, timing.refusedMax]
    : [timing.retry, timing.retryMax]
  return Math.max(error.retryAfter, Math.min(max, first * 2 ** (failures - 1)) * (0.5 + Math.random() / 2))
}
