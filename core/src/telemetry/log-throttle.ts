import { LRUCache } from 'lru-cache'

/** Minimum interval between log lines of one event. */
const EVERY_MS = 60_000
/** Maximum number of tracked events. */
const KEYS_MAX = 1_000

/**
 * Throttles log lines to one a minute per event. Returns a function: it returns the number of occurrences of `key` since the
 * event was last logged, or undefined if it must not be logged now.
 */
export const logThrottle = (now = () => Date.now()) => {
  const known = new LRUCache<string, { loggedAt: number; since: number }>({ max: KEYS_MAX })
  return (key: string): number | undefined => {
    const entry = known.get(key)
    if (entry && now() - entry.loggedAt < EVERY_MS) {
      entry.since++
      return undefined
    }
    known.set(key, { loggedAt: now(), since: 0 })
    return (entry?.since ?? 0) + 1
  }
}
