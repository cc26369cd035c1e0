import { LRUCache } from 'lru-cache'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { fixedWindowLimiter } from './fixed-window.ts'
import { decide, type LimitState, newLimitState, toGcra } from './gcra.ts'
import type { Limits } from './port.ts'

/** Maximum keys in memory, for `acquire` and for each limit of `allow`. An evicted key starts over. */
const KEYS_MAX = 100_000

/** Rate limits of one process. `now` is the clock of `acquire` for tests, epoch ms. */
export const memoryLimits = ({ now = Date.now }: { now?: () => number } = {}): Limits => {
  const states = new LRUCache<string, LimitState>({ max: KEYS_MAX })
  const stateOf = (key: string): LimitState => {
    const known = states.get(key)
    if (known) return known
    const created = newLimitState()
    states.set(key, created)
    return created
  }
  return {
    acquire: async (requests) => {
      const prepared = requests.map((request) => ({ request, limits: request.limits.map(toGcra) }))
      const at = now()
      return prepared.map(({ request, limits }) =>
        decide(
          request,
          limits.map((limit) => ({ ...limit, state: stateOf(limit.key) })),
          at,
        ),
      )
    },
    allow: fixedWindowLimiter(boundedMemory),
  }
}

/** The library's limiter removes keys when their window ends; this also bounds their number. */
const boundedMemory = (limit: { points: number; duration: number }) => {
  const limiter = new RateLimiterMemory({ ...limit, keyPrefix: '' })
  const keys = new LRUCache<string, true>({
    max: KEYS_MAX,
    dispose: (_, key, reason) => {
      if (reason === 'evict') void limiter.delete(key)
    },
  })
  return {
    consume: (key: string) => {
      keys.set(key, true)
      return limiter.consume(key)
    },
  }
}
