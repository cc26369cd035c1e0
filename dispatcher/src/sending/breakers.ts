import type { Outcome } from '@carillon/core/delivery/provider'
import type { Priority } from '@carillon/schemas'
import { type Breaker, type Cause, createBreaker, type Trial } from './breaker.ts'

/** The time between two messages that return after a pause. */
const PAUSE_SPREAD_MS = 1
/** Maximum number of remembered recipients with failures. */
const RECIPIENTS_MAX = 1_000
/** Different recipients that are rate limited, with no success between them, show that the limit is the account's. */
const RECIPIENTS_LIMITED = 5
/** Different recipients that fail, with no success between them, show that the fault is the provider's. */
const RECIPIENTS_FAILING = 2

/** An outcome that is not `sent`. */
export type Failure = Exclude<Outcome, { outcome: 'sent' }>

/** The breaker is open until `at` (epoch ms). `failure` is the provider's latest failure. */
export type Pause = { outcome: 'paused'; at: number; cause: Cause; failure: Failure }

/** One send from the breakers' point of view. It ends with exactly one of these calls. */
type Attempt = {
  ended(outcome: Outcome): void
  /** The send was not made. */
  released(): void
}

/**
 * The circuit breakers of an account, or of one of its hosts: one for the whole account or host, and one for
 * each failing recipient, so that a limit of one recipient does not affect the others.
 */
export type Breakers = {
  /** Returns why a message must not be sent now; undefined if it may. */
  pause(priority: Priority, recipient: string): Pause | undefined
  /** Begins a send: the probe if the breaker is half-open. */
  begin(recipient: string): Attempt
}

type Troubled = { breaker: Breaker; failure: Failure }

const UNKNOWN_FAULT: Failure = {
  outcome: 'retry',
  reason: 'provider_down',
  detail: 'the provider failed repeatedly',
}

export const createBreakers = (now: () => number = Date.now): Breakers => {
  const whole = createBreaker(now)
  const troubled = new Map<string, Troubled>()
  /** Since the last success; no larger than the number that matters. */
  const limited = new Set<string>()
  const failing = new Set<string>()
  let fault: Failure = UNKNOWN_FAULT
  const spread = { critical: { from: 0, offset: 0 }, others: { from: 0, offset: 0 } }

  const inTrouble = (recipient: string, failure: Failure): Troubled => {
    const known = troubled.get(recipient)
    if (known) return Object.assign(known, { failure })
    const [oldest] = troubled.size >= RECIPIENTS_MAX ? troubled.keys() : []
    if (oldest !== undefined) troubled.delete(oldest)
    const fresh = { breaker: createBreaker(now), failure }
    troubled.set(recipient, fresh)
    return fresh
  }

  /** Spreads the messages that wait for the end of one pause. */
  const afterPause = (at: number, priority: Priority) => {
    const place = priority === 'critical' ? spread.critical : spread.others
    if (place.from !== at) Object.assign(place, { from: at, offset: 0 })
    place.offset += PAUSE_SPREAD_MS
    return at + place.offset
  }

  const succeeded = (recipient: string, all: Trial, own: Trial | undefined) => {
    all.succeeded()
    own?.succeeded()
    troubled.delete(recipient)
    limited.clear()
    failing.clear()
  }

  const failed = (recipient: string, all: Trial, own: Trial | undefined, failure: Failure) => {
    const { breaker } = inTrouble(recipient, failure)
    const trial = own ?? breaker.begin()
    const scope = failure.outcome === 'retry' ? failure.scope : undefined
    if (scope !== 'recipient' || limited.size >= RECIPIENTS_LIMITED - 1) fault = failure
    if (failure.outcome !== 'retry' || scope === undefined) {
      if (failing.size < RECIPIENTS_FAILING) failing.add(recipient)
      all.failed(failing.size >= RECIPIENTS_FAILING)
      trial.failed()
    } else if (scope === 'account') {
      all.limited(failure.afterMs)
      trial.released()
    } else if (failure.reason === 'rate_limited') {
      if (limited.size < RECIPIENTS_LIMITED) limited.add(recipient)
      if (limited.size >= RECIPIENTS_LIMITED) all.limited(failure.afterMs)
      else all.succeeded()
      trial.limited(failure.afterMs)
    } else {
      all.succeeded()
      trial.failed()
    }
  }

  return {
    pause: (priority, recipient) => {
      const own = troubled.get(recipient)
      for (const { breaker, failure } of [{ breaker: whole, failure: fault }, ...(own ? [own] : [])]) {
        const at = breaker.opensAt(priority)
        if (at !== undefined && breaker.cause !== undefined)
          return { outcome: 'paused', at: afterPause(at, priority), cause: breaker.cause, failure }
      }
      return undefined
    },
    begin: (recipient) => {
      const all = whole.begin()
      const own = troubled.get(recipient)?.breaker.begin()
      return {
        ended: (outcome) =>
          // A refusal is a response, so the provider works.
          outcome.outcome === 'sent' || outcome.outcome === 'refused'
            ? succeeded(recipient, all, own)
            : failed(recipient, all, own, outcome),
        released: () => {
          all.released()
          own?.released()
        },
      }
    },
  }
}
