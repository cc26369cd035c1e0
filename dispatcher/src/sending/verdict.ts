import type { Address } from '@carillon/core/outreach/provider'
import { deliveryKey, dueAt, type Step, stepMessage } from '@carillon/core/outreach/step'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { type SuppressionReason, scheduleSubject } from '@carillon/schemas'
import type { OpenAccount } from './accounts.ts'
import type { Claim } from './claims.ts'
import { pauseAfter, policyFor } from './policy.ts'
import { changeOf, type Failure, nothing, type Result } from './result.ts'
import type { Target } from './targets.ts'

type Way = Target['ways'][number]

const addressOf = (address: Address): string | undefined =>
  address.kind === 'email' ? address.email : address.kind === 'phone' ? address.phone : undefined

/** What each end of an attempt leads to: changes of the ledger, and messages for the log. */
export const createVerdicts = (metrics: Pick<Metrics, 'inDoubt' | 'sendSeconds'>) => {
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
    result.changes.push(changeOf(step, 'sent', { attempt, provider, ...(id ? { providerId: id } : {}) }))
    if (id !== undefined && account.provider.callback) result.sent.push({ account: provider, id, step })
    return result
  }

  const refused = (step: Step, { account, address }: Way, failure: Failure & { outcome: 'refused' }) => {
    const result = nothing(step.tenant)
    const { reason, forget } = failure
    result.changes.push(
      changeOf(step, 'failed', { attempt: step.attempt ?? 1, provider: account.account.id, reason }),
    )
    result.failed = step
    const to = addressOf(address)
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

  const inDoubt = (step: Step, provider: string | undefined, reason: string): Result => {
    count(step, 'no')
    const result = nothing(step.tenant)
    result.changes.push(changeOf(step, 'in_doubt', { attempt: step.attempt ?? 1, provider, reason }))
    return result
  }

  /** Tried again later, or given up: then `result.dead` says why, and whether that is the end is the caller's to know. */
  const again = (step: Step, failure: { reason: string; detail: string }, askedMs: number, by?: string) => {
    const { attempt = 1, plan, index, priority } = step
    const result = nothing(step.tenant)
    const { reason, detail } = failure
    const channel = plan[index]!.channel
    const pause = pauseAfter(policyFor(channel, priority), attempt, askedMs)
    const at = Date.now() + (pause ?? 0)
    if (pause === undefined || at >= step.expiresAt) {
      result.changes.push(changeOf(step, 'failed', { attempt, provider: by, reason }))
      result.failed = step
      result.dead = { code: 'undeliverable', detail: `${channel}: ${reason}: ${detail}` }
      return result
    }
    result.changes.push(changeOf(step, 'queued', { attempt, provider: by, reason }))
    return later({ ...step, attempt: attempt + 1 }, at, result)
  }

  /** Nobody was asked: the same attempt, when there is room. */
  const waiting = (step: Step, at: number): Result => {
    const result = nothing(step.tenant)
    if (!step.queued) result.changes.push(changeOf(step, 'queued'))
    return later({ ...step, queued: true }, at, result)
  }

  /** Somebody else has it, or had it. */
  const taken = (step: Step, claim: Exclude<Claim, { claim: 'ours' }>): Result => {
    if (claim.claim === 'busy') return later(step, claim.until, nothing(step.tenant), 'look')
    if (claim.claim === 'doubt') return inDoubt(step, undefined, 'interrupted')
    if (claim.failed === undefined) return nothing(step.tenant)
    // Whoever recorded that may have died before anything followed from it.
    const { channel } = step.plan[step.index]!
    const dead = { code: 'undeliverable' as const, detail: `${channel}: ${claim.failed}` }
    return { ...nothing(step.tenant), failed: step, dead }
  }

  return { sent, refused, inDoubt, again, waiting, taken, count }
}
