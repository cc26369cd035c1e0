import { type CarillonError, isRefusal } from '../http/error.ts'
import type { Timing } from './timing.ts'

/**
 * How long to wait after so many failures in a row: exponential, at least half of it random, longer when the hub
 * refuses who we are, and never shorter than it asks.
 */
export const backoff = (error: CarillonError, failures: number, timing: Timing): number => {
  const [first, max] = isRefusal(error.code)
    ? [timing.refused, timing.refusedMax]
    : [timing.retry, timing.retryMax]
  return Math.max(error.retryAfter, Math.min(max, first * 2 ** (failures - 1)) * (0.5 + Math.random() / 2))
}
