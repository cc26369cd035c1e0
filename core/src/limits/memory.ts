import { LRUCache } from 'lru-cache'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { refusals } from './fixed-window.ts'
import { type Account, decide, newAccount, paceOf } from './gcra.ts'
import type { Limits } from './port.ts'

/** Keys that are remembered, by `turns` and by each limit of `allow`; one that is forgotten begins anew. */
const KEYS_MAX = 100_000

/** Limits of one process. `now`, for tests, is the clock of `turns`, epoch ms. */
export const memoryLimits = ({ now = Date.now }: { now?: () => number } = {}): Limits => {
  const accounts = new LRUCache<string, Account>({ max: KEYS_MAX })
  const accountOf = (key: string): Account => {
    const known = accounts.get(key)
    if (known) return known
    const opened = newAccount()
    accounts.set(key, opened)
    return opened
  }
  return {
    turns: async (turns) => {
      const paced = turns.map((turn) => ({ turn, paces: turn.limits.map(paceOf) }))
      const at = now()
      return paced.map(({ turn, paces }) =>
        decide(
          turn,
          paces.map((pace) => ({ ...pace, account: accountOf(pace.key) })),
          at,
        ),
      )
    },
    allow: refusals(boundedMemory),
  }
}

/** The library's limiter, which forgets no key before its time, with a bound on their number. */
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
