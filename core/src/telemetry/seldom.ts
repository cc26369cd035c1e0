import { LRUCache } from 'lru-cache'

/** How often the same thing is logged. */
const EVERY_MS = 60_000
/** Things remembered. */
const REMEMBERED_MAX = 1_000

/**
 * Keeps what happens again and again from flooding the log. Returns a function that says, for each `key`, how often it
 * has happened since it was logged last: the first time and then once a minute; undefined in between.
 */
export const seldom = (now = () => Date.now()) => {
  const remembered = new LRUCache<string, { loggedAt: number; since: number }>({ max: REMEMBERED_MAX })
  return (key: string): number | undefined => {
    const known = remembered.get(key)
    if (known && now() - known.loggedAt < EVERY_MS) {
      known.since++
      return undefined
    }
    remembered.set(key, { loggedAt: now(), since: 0 })
    return (known?.since ?? 0) + 1
  }
}
