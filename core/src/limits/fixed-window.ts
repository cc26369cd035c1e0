import { LRUCache } from 'lru-cache'
import { RateLimiterRes } from 'rate-limiter-flexible'

/** Different limits that are at hand at a time. */
const LIMITERS_MAX = 100

type Limiter = { consume(key: string): Promise<unknown> }

/** The `allow` of the port on limiters of the library, one for each pair of points and (whole) seconds. */
export const refusals = (make: (limit: { points: number; duration: number }) => Limiter) => {
  const limiters = new LRUCache<string, Limiter>({ max: LIMITERS_MAX })
  const limiterOf = (points: number, seconds: number) => {
    const duration = Math.max(1, Math.ceil(seconds))
    const name = `${points}/${duration}`
    const known = limiters.get(name)
    if (known) return known
    const made = make({ points, duration })
    limiters.set(name, made)
    return made
  }
  return async (key: string, limit: { points: number; seconds: number }): Promise<number> => {
    try {
      await limiterOf(limit.points, limit.seconds).consume(key)
      return 0
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) return Math.max(1, refusal.msBeforeNext)
      throw refusal
    }
  }
}
