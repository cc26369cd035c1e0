import { addressOf } from '@carillon/core/delivery/addresses'
import { nextStep, type Step } from '@carillon/core/delivery/step'
import type { StepDecision } from '@carillon/core/routing/decision'
import type { Channel } from '@carillon/schemas'
import type { Candidate } from './candidate.ts'
import type { Ending, Explanation } from './ending.ts'
import type { Result } from './failover.ts'
import { nextRetry, type RetrySettings, retryPolicy } from './retry.ts'

const INTERRUPTED: Explanation = {
  reason: 'interrupted',
  detail: 'the process that was sending it ended before it recorded the outcome',
}

export type EndingOptions = {
  /** Settings that override the default retry policy of a channel. */
  retries: Partial<Record<Channel, RetrySettings>>
  now: number
  random?: () => number
}

/** Returns the ending of a step that is not sent now, and waits in the window that the decision names, if any. Throws RangeError for `pass`. */
export const endingOfDecision = (decision: StepDecision): Ending => {
  switch (decision.outcome) {
    case 'pass':
      throw new RangeError('a step that passes has not ended')
    case 'join':
      return { ending: 'waiting', for: 'window', decision }
    case 'wait':
      return decision.window
        ? { ending: 'waiting', for: 'window', decision }
        : { ending: 'waiting', for: 'condition', decision }
    default:
      return { ending: 'skipped', decision }
  }
}

/** Reports whether a send in doubt is repeated: the message is critical, or a repeated send is deduplicated. */
const resendsInDoubt = ({ priority }: Step, candidate: Candidate) =>
  priority === 'critical' || candidate.account.provider.repeatable

/** Returns the time of the next attempt by the retry policy, epoch ms; undefined to give up. */
const retryAt = (
  step: Step,
  { account }: Candidate,
  { attempts, askedMs }: { attempts: number; askedMs: number },
  { retries, now, random }: EndingOptions,
): number | undefined => {
  const { plan, index, priority, since = now, expiresAt } = step
  const { channel } = plan[index]!
  const policy = retryPolicy(channel, retries[channel], account.retry)
  const fallback = nextStep(step)?.plan[index + 1]?.when === 'failed'
  return nextRetry(policy, { priority, since, attempts, expiresAt, fallback, askedMs }, now, random)
}

/** Returns the ending of a failed attempt: a retry, not before `askedMs` from now, or `exhausted`. */
const retried = (
  step: Step,
  candidate: Candidate,
  { reason, detail, askedMs }: Explanation & { askedMs: number },
  options: EndingOptions,
): Ending => {
  const at = retryAt(step, candidate, { attempts: step.attempt ?? 1, askedMs }, options)
  const account = candidate.account.account.id
  return at === undefined
    ? { ending: 'exhausted', account, reason, detail }
    : { ending: 'retry', account, reason, detail, at }
}

/**
 * Returns the ending if open breakers prevented a request to every provider. The step waits for the end of a
 * rate limit, however long. A provider that is down uses up the retry window, with growing delays.
 */
const paused = (
  step: Step,
  { candidate, pause, free }: Extract<Result<Candidate>, { result: 'paused' }>,
  options: EndingOptions,
): Ending => {
  const { reason, detail } = pause.failure
  const account = candidate.account.account.id
  const waiting = { ending: 'waiting', for: 'breaker', account, reason, detail } as const
  if (pause.cause === 'limited') return { ...waiting, at: free, begun: false }
  const at = retryAt(
    step,
    candidate,
    { attempts: (step.attempt ?? 1) - 1, askedMs: free - options.now },
    options,
  )
  return at === undefined ? { ending: 'exhausted', account, reason, detail } : { ...waiting, at, begun: true }
}

/**
 * Returns how an attempt to reach one destination ended, from the responses of its candidates. Pure except
 * for `random`.
 */
export const endingOf = (step: Step, result: Result<Candidate>, options: EndingOptions): Ending => {
  switch (result.result) {
    case 'sent': {
      const { account, provider } = result.candidate.account
      return {
        ending: 'sent',
        account: account.id,
        providerId: result.id,
        reports: provider.callback !== undefined,
      }
    }
    case 'refused': {
      const { candidate, failure } = result
      const { reason, detail, forget } = failure
      const address = addressOf(candidate.address)
      return { ending: 'refused', account: candidate.account.account.id, reason, detail, forget, address }
    }
    case 'in_doubt': {
      const { candidate, failure } = result
      const { reason, detail } = failure
      if (resendsInDoubt(step, candidate))
        return retried(step, candidate, { reason, detail, askedMs: 0 }, options)
      return { ending: 'in_doubt', account: candidate.account.account.id, reason, detail }
    }
    case 'failed': {
      const { candidate, failure, free } = result
      return retried(step, candidate, { ...failure, askedMs: free - options.now }, options)
    }
    case 'busy':
      return { ending: 'waiting', for: 'permit', at: result.free, ...result.busy.why }
    case 'paused':
      return paused(step, result, options)
    case 'taken': {
      const { claim } = result
      if (claim.claim === 'busy') return { ending: 'taken', until: claim.until }
      return claim.claim === 'doubt'
        ? { ending: 'in_doubt', ...INTERRUPTED }
        : { ending: 'taken', failed: claim.failed }
    }
  }
}
