import { setTimeout as sleep } from 'node:timers/promises'
import type { Outcome } from '@carillon/core/delivery/provider'
import type { Step } from '@carillon/core/delivery/step'
import { recipientOf } from './address.ts'
import type { Pause } from './breakers.ts'
import type { Candidate } from './candidate.ts'
import type { Explanation } from './ending.ts'
import { limitsOf, type RateLimit, type Rates } from './rate-limit.ts'
import type { Upstream } from './upstream.ts'

/** No permit is available until `at` (epoch ms). `why` is for the ledger. */
export type Busy = { outcome: 'busy'; at: number; why: Explanation }

/** The right to send one message to a candidate now. It must be released. */
export type Permit = {
  outcome?: undefined
  upstream: Upstream
  /** Reports the outcome of the send to the breakers. */
  ended(outcome: Outcome): void
  release(): void
}

/** The fields of a step on which permits depend. */
type Sent = Pick<Step, 'tenant' | 'sender' | 'user' | 'priority' | 'index' | 'queued'> & {
  plan: readonly Pick<Step['plan'][number], 'channel'>[]
}

const RATE_LIMITED: Explanation = { reason: 'paced', detail: 'it waits for a permit under the rate limits' }
const FULL: Explanation = {
  reason: 'provider_busy',
  detail: 'it waits for a free connection to the provider',
}

/**
 * Acquires permits. A permit is available if the breakers are closed, every rate limit allows it, and the
 * bulkhead has a free place. Waits only briefly.
 */
export const createPermits = (rateLimit: RateLimit, rates: Rates) => {
  const underRates = async (step: Sent, { account }: Candidate): Promise<Busy | undefined> => {
    const { tenant, sender, user, priority, plan, index } = step
    const limits = limitsOf(rates, { tenant, sender, user, channel: plan[index]!.channel }, account)
    const granted = await rateLimit({ limits, priority, waited: step.queued })
    if ('wait' in granted) return { outcome: 'busy', at: granted.wait, why: RATE_LIMITED }
    const waitMs = granted.go - Date.now()
    if (waitMs > 0) await sleep(waitMs)
    return undefined
  }

  return async (step: Sent, candidate: Candidate): Promise<Permit | Busy | Pause> => {
    const { account, address } = candidate
    const upstream = account.upstream(address)
    const { breakers, bulkhead } = upstream
    const recipient = recipientOf(address)
    const paused = breakers.pause(step.priority, recipient)
    if (paused) return paused
    const busy = await underRates(step, candidate)
    if (busy) return busy
    const leave = await bulkhead.enter(step.priority)
    if (!leave) return { outcome: 'busy', at: upstream.retrySlot(), why: FULL }
    // The breakers may have opened during the wait.
    const pausedSince = breakers.pause(step.priority, recipient)
    if (pausedSince) {
      leave()
      return pausedSince
    }
    const attempt = breakers.begin(recipient)
    let ended = false
    return {
      upstream,
      ended: (outcome) => {
        ended = true
        attempt.ended(outcome)
      },
      release: () => {
        if (!ended) attempt.released()
        leave()
      },
    }
  }
}

export type Permits = ReturnType<typeof createPermits>
