import { LRUCache } from 'lru-cache'

/** How often the same event is logged. */
const EVERY_MS = 60_000
/** Events that are remembered. */
const KEYS_MAX = 1_000

/**
 * Throttles log lines. Returns a function that says whether to log the event `key` now: the number of its occurrences since
 * it was last logged, the first time and then once a minute, and undefined in between.
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
