import { toGcra } from '@carillon/core/limits/gcra'
import type { Limit } from '@carillon/core/limits/port'
import { LRUCache } from 'lru-cache'

/** Maximum keys in memory. A forgotten key starts with its whole limit. */
const KEYS_MAX = 100_000
/** How often usage is shared with other processes, in ms. */
export const SHARE_MS = 100
/** Maximum keys shared in one call. */
const SHARED_AT_ONCE = 200
/** Tolerance for sums of intervals, which are not exact. */
const ROUNDING = 1e-6

/** The remaining quota after a request, or how long a rejected request should wait. Times in ms. */
export type Taken = {
  /** The limit that rejected the request, or else the one with the least left. */
  limit: Limit
  remaining: number
  /** Time until the limit is unused again. */
  resetMs: number
  /** 0 if the request is allowed; it is then counted. */
  waitMs: number
}

/** A process's usage of a limit since it last shared its usage. `interval`: ms per use. */
export type Used = { key: string; count: number; interval: number }

/**
 * Adds this process's usage to that of all processes. Resolves with the ms until each limit is unused again. Rejects while
 * Redis is unavailable.
 */
export type Share = (used: readonly Used[]) => Promise<number[]>

/** Request limits. Each request is decided in this process, without a round trip. */
export type RequestLimits = {
  /** Counts a request against all `limits`, or against none if one rejects it. `limits` must not be empty. */
  take(limits: readonly [Limit, ...Limit[]]): Taken
  close(): void
}

/** `arrival`: when the limit is unused again (the theoretical arrival time of GCRA), on the clock of `now`. */
type Account = Limit & { interval: number; tolerance: number; arrival: number; unshared: number }
type Look = Taken & { account: Account }

/** Orders by longer wait, then by lower remaining quota. */
const isTighter = (one: Look, other: Look): boolean =>
  one.waitMs === other.waitMs ? one.remaining < other.remaining : one.waitMs > other.waitMs

/**
 * Creates request limits with the generic cell rate algorithm (GCRA), counted in this process. With `share`,
 * processes share their usage every SHARE_MS; within that time, each may allow the whole limit. While Redis
 * is unavailable, each process limits independently.
 */
export const createRequestLimits = (
  options: { share?: Share; onError?: (error: unknown) => void; now?: () => number } = {},
): RequestLimits => {
  const { share, onError, now = () => performance.now() } = options
  const accounts = new LRUCache<string, Account>({ max: KEYS_MAX })
  const changed = new Set<Account>()
  let timer: NodeJS.Timeout | undefined
  let outage = false
  let closed = false

  const accountOf = (limit: Limit): Account => {
    const known = accounts.get(limit.key)
    if (known?.perSecond === limit.perSecond && known.burst === limit.burst) return known
    const { interval, tolerance } = toGcra(limit)
    const opened = {
      ...limit,
      interval,
      tolerance,
      arrival: known?.arrival ?? 0,
      unshared: known?.unshared ?? 0,
    }
    accounts.set(limit.key, opened)
    return opened
  }

  const shareSome = async (together: Share, some: readonly Account[]) => {
    const used = some.map(({ key, unshared, interval }) => ({ key, count: unshared, interval }))
    for (const account of some) account.unshared = 0
    const left = await together(used)
    const at = now()
    // Add what was used while the response was in flight.
    for (const [index, account] of some.entries())
      account.arrival = at + (left[index] ?? 0) + account.unshared * account.interval
  }

  const shareAll = async (together: Share) => {
    const all = [...changed]
    changed.clear()
    try {
      for (let from = 0; from < all.length; from += SHARED_AT_ONCE)
        await shareSome(together, all.slice(from, from + SHARED_AT_ONCE))
      outage = false
    } catch (error) {
      if (!outage) onError?.(error)
      outage = true
    }
    timer = undefined
    if (changed.size > 0) later(together)
  }

  const later = (together: Share) => {
    if (closed) return
    timer ??= setTimeout(() => void shareAll(together), SHARE_MS).unref()
  }

  const look = (limit: Limit, at: number): Look => {
    const account = accountOf(limit)
    const { interval, tolerance } = account
    const resetMs = Math.max(0, account.arrival - at)
    const excess = resetMs - tolerance
    const remaining = Math.max(0, Math.floor((tolerance - resetMs) / interval + 1 + ROUNDING))
    return { limit, account, remaining, resetMs, waitMs: excess > ROUNDING ? excess : 0 }
  }

  const use = (account: Account, at: number) => {
    account.arrival = Math.max(account.arrival, at) + account.interval
    if (!share) return
    account.unshared++
    changed.add(account)
    later(share)
  }

  return {
    take: ([first, ...others]) => {
      const at = now()
      let tightest = look(first, at)
      const looks = [tightest]
      for (const limit of others) {
        const next = look(limit, at)
        looks.push(next)
        if (isTighter(next, tightest)) tightest = next
      }
      const { limit, account, remaining, resetMs, waitMs } = tightest
      if (waitMs > 0) return { limit, remaining, resetMs, waitMs }
      for (const each of looks) use(each.account, at)
      return { limit, remaining: remaining - 1, resetMs: resetMs + account.interval, waitMs }
    },
    close: () => {
      closed = true
      clearTimeout(timer)
    },
  }
}
