import type { Address } from '@carillon/core/delivery/provider'
import { deliveryKey, dueAt, nextStep, type Step, stepMessage } from '@carillon/core/delivery/step'
import type { Details } from '@carillon/core/store/ledger'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { type Channel, type SuppressionReason, scheduleSubject } from '@carillon/schemas'
import type { OpenAccount } from './accounts.ts'
import type { Claim } from './claim.ts'
import type { Target } from './destinations.ts'
import { changeOf, type Failure, nothing, type Result } from './result.ts'
import { nextRetry, type RetrySettings, retryPolicy } from './retry.ts'
import type { Refusal } from './upstream.ts'

type Way = Target['ways'][number]

const INTERRUPTED = {
  reason: 'interrupted',
  detail: 'the process that was sending it ended before it recorded the outcome',
}

const addressOf = (address: Address): string | undefined =>
  address.kind === 'email' ? address.email : address.kind === 'phone' ? address.phone : undefined

/** There is no room until `at` (epoch ms): `why`, for the ledger. */
export type Busy = { outcome: 'busy'; at: number; why: Details }

/** What each end of an attempt leads to: changes of the ledger, and messages for the log. */
export const createVerdicts = (
  metrics: Pick<Metrics, 'inDoubt' | 'sendSeconds'>,
  retries: Partial<Record<Channel, RetrySettings>>,
) => {
  /** The step goes back into the log until then; `as` keeps what waits for another reason from being replaced. */
  const later = (step: Step, at: number, result: Result, as: 'step' | 'look' = 'step'): Result => {
    const key = scheduleSubject(step.tenant, `${as}-${deliveryKey(step, step.target ?? '')}`)
    result.messages.push(stepMessage(step, { at, key }))
    return result
  }

  const sent = (step: Step, account: OpenAccount, id: string | undefined): Result => {
    const result = nothing(step.tenant)
    const { attempt = 1 } = step
    const provider = account.account.id
    const { plan, index, priority } = step
    metrics.sendSeconds.observe(
      { channel: plan[index]!.channel, priority },
      (Date.now() - dueAt(step)) / 1_000,
    )
    const at = Date.now()
    result.changes.push(changeOf(step, 'sent', { at, attempt, provider, ...(id ? { providerId: id } : {}) }))
    if (id !== undefined && account.provider.callback) result.sent.push({ account: provider, id, step, at })
    return result
  }

  const refused = (step: Step, { account, address }: Way, failure: Failure & { outcome: 'refused' }) => {
    const result = nothing(step.tenant)
    const { reason, detail, forget } = failure
    result.changes.push(
      changeOf(step, 'failed', { attempt: step.attempt ?? 1, provider: account.account.id, reason, detail }),
    )
    result.failed = step
    const to = addressOf(address)
    if (forget !== 'device') result.dead = { code: 'undeliverable', detail: `${reason}: ${detail}` }
    if (forget === 'device' && step.target) result.gone.push({ user: step.user, device: step.target })
    else if (forget !== undefined && forget !== 'device' && to !== undefined)
      result.suppressions.push(suppression(step, to, forget, account.account.id))
    return result
  }

  const suppression = (step: Step, address: string, reason: SuppressionReason, source: string) => ({
    channel: step.plan[step.index]!.channel,
    address,
    reason,
    at: new Date().toISOString(),
    source,
  })

  /** Every message in doubt is counted, whatever is done about it. */
  const count = (step: Step, resent: 'yes' | 'no') =>
    metrics.inDoubt.inc({ channel: step.plan[step.index]!.channel, resent })

  const inDoubt = (
    step: Step,
    provider: string | undefined,
    { reason, detail }: Pick<Failure, 'reason' | 'detail'>,
  ): Result => {
    count(step, 'no')
    const result = nothing(step.tenant)
    result.changes.push(changeOf(step, 'in_doubt', { attempt: step.attempt ?? 1, provider, reason, detail }))
    return result
  }

  /** The time of the next attempt, by the retry policy; undefined to give up. */
  const retryAt = (step: Step, { account }: OpenAccount, attempts: number, askedMs: number) => {
    const { plan, index, priority, expiresAt } = step
    const policy = retryPolicy(plan[index]!.channel, retries[plan[index]!.channel], account.retry)
    const now = Date.now()
    const fallback = nextStep(step)?.plan[index + 1]?.when === 'failed'
    return nextRetry(
      policy,
      { priority, since: step.since ?? now, attempts, expiresAt, fallback, askedMs },
      now,
    )
  }

  /** No attempt is left. Whether that makes a dead letter is for the caller to know. */
  const givenUp = (step: Step, account: OpenAccount, { reason, detail }: Failure): Result => {
    const result = nothing(step.tenant)
    const { attempt = 1, plan, index } = step
    result.changes.push(changeOf(step, 'failed', { attempt, provider: account.account.id, reason, detail }))
    result.failed = step
    result.dead = { code: 'undeliverable', detail: `${plan[index]!.channel}: ${reason}: ${detail}` }
    return result
  }

  /** The attempt failed: the next one is scheduled, not before `askedMs` from now, or the step is given up. */
  const again = (step: Step, account: OpenAccount, failure: Failure, askedMs: number): Result => {
    const { attempt = 1 } = step
    const at = retryAt(step, account, attempt, askedMs)
    if (at === undefined) return givenUp(step, account, failure)
    const result = nothing(step.tenant)
    const { reason, detail } = failure
    const provider = account.account.id
    result.changes.push(changeOf(step, 'queued', { attempt, provider, reason, detail, nextAttempt: at }))
    return later({ ...step, attempt: attempt + 1, since: step.since ?? Date.now() }, at, result)
  }

  /** Nobody was asked: the same attempt at `at`, and the ledger says why. */
  const waiting = (step: Step, at: number, why: Details): Result => {
    const result = nothing(step.tenant)
    result.changes.push(changeOf(step, 'queued', { ...why, nextAttempt: at }))
    return later({ ...step, queued: true }, at, result)
  }

  /** Nobody was asked, because there is no room: the same attempt at `at`. The ledger is told the first time only. */
  const crowded = (step: Step, { why, at }: Busy): Result =>
    step.queued ? later(step, at, nothing(step.tenant)) : waiting(step, at, why)

  /**
   * Nobody was asked, because the breaker is open: the same attempt later. A rate limit is waited for, however long it
   * takes; a provider that is down uses up the retry window, with growing delays.
   */
  const paused = (step: Step, account: OpenAccount, { cause, failure }: Refusal, at: number): Result => {
    const why = { provider: account.account.id, reason: failure.reason, detail: failure.detail }
    if (cause === 'limited') return waiting(step, at, why)
    const begun = { ...step, since: step.since ?? Date.now() }
    const retry = retryAt(begun, account, (step.attempt ?? 1) - 1, at - Date.now())
    return retry === undefined ? givenUp(step, account, failure) : waiting(begun, retry, why)
  }

  /** Somebody else has it, or had it. */
  const taken = (step: Step, claim: Exclude<Claim, { claim: 'ours' }>): Result => {
    if (claim.claim === 'busy') return later(step, claim.until, nothing(step.tenant), 'look')
    if (claim.claim === 'doubt') return inDoubt(step, undefined, INTERRUPTED)
    if (claim.failed === undefined) return nothing(step.tenant)
    // Whoever recorded that may have died before anything followed from it.
    const { channel } = step.plan[step.index]!
    const dead = { code: 'undeliverable' as const, detail: `${channel}: ${claim.failed}` }
    return { ...nothing(step.tenant), failed: step, dead }
  }

  return { sent, refused, inDoubt, again, paused, crowded, taken, count }
}
