import { LRUCache } from 'lru-cache'
import { RateLimiterRes } from 'rate-limiter-flexible'

/** Maximum cached limiters, one for each pair of points and seconds. */
const LIMITERS_MAX = 100

type Limiter = { consume(key: string): Promise<unknown> }

/**
 * Returns the port's `allow` on fixed-window limiters of rate-limiter-flexible. `create` is called once for each pair of
 * points and whole seconds.
 */
export const fixedWindowLimiter = (create: (limit: { points: number; duration: number }) => Limiter) => {
  const limiters = new LRUCache<string, Limiter>({ max: LIMITERS_MAX })
  const limiterOf = (points: number, seconds: number) => {
    const duration = Math.max(1, Math.ceil(seconds))
    const name = `${points}/${duration}`
    const known = limiters.get(name)
    if (known) return known
    const created = create({ points, duration })
    limiters.set(name, created)
    return created
  }
  return async (key: string, limit: { points: number; seconds: number }): Promise<number> => {
    try {
      await limiterOf(limit.points, limit.seconds).consume(key)
      return 0
    } catch (rejection) {
      if (rejection instanceof RateLimiterRes) return Math.max(1, rejection.msBeforeNext)
      throw rejection
    }
  }
}
