import { setTimeout as sleep } from 'node:timers/promises'
import type { Endpoints } from '@carillon/core/outreach/endpoints'
import type { Address, Outcome, Outgoing } from '@carillon/core/outreach/provider'
import { deliveryKey, type Step, stepMessage } from '@carillon/core/outreach/step'
import { makeUnsubscribeUrl } from '@carillon/core/outreach/unsubscribe'
import type { Seal, Store } from '@carillon/core/store/port'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { type InboxItem, type SuppressionReason, scheduleSubject } from '@carillon/schemas'
import type { Line, OpenAccount } from './accounts.ts'
import { type Claim, createClaims } from './claims.ts'
import { itemContent, secretContent } from './content.ts'
import { limitsOf, type Pace, type Rates } from './pace.ts'
import { pauseAfter, policyFor } from './policy.ts'
import { changeOf, type Failure, nothing, type Result } from './result.ts'
import { type Target, webhookUrl } from './targets.ts'

export type AttemptPorts = {
  store: Pick<Store, 'marks' | 'deliveries'>
  seal: Seal
  pace: Pace
  endpoints: Endpoints
  metrics: Metrics
}

export type AttemptOptions = {
  rates: Rates
  /** Where the hub is reached from outside; without it there are no links to unsubscribe. */
  publicUrl?: string
  /** How long whoever claimed a send has before it is in doubt. */
  leaseMs?: number
}

type Way = Target['ways'][number]
/** What asking one provider came to. All but outcomes: it was not asked. */
type Asked =
  | Outcome
  | { outcome: 'down' }
  | { outcome: 'busy'; at: number }
  | { outcome: 'claimed'; claim: Exclude<Claim, { claim: 'ours' }> }

const outgoing = (
  step: Step,
  item: InboxItem | undefined,
  { account, address }: Way,
  { seal, publicUrl }: { seal: Seal; publicUrl?: string },
): Outgoing => {
  const { tenant, user, notification, type, priority, at, expiresAt } = step
  const { channel } = step.plan[step.index]!
  const unsubscribable = publicUrl !== undefined && priority !== 'critical' && address.kind === 'email'
  return {
    tenant,
    user,
    channel,
    notification,
    item: step.item,
    type,
    priority,
    at,
    expiresAt,
    address,
    content: item
      ? itemContent(item, account.account.linkBase ?? publicUrl)
      : secretContent(seal, step, Date.now()),
    key: deliveryKey(step, step.target ?? ''),
    attempt: step.attempt ?? 1,
    ...(unsubscribable
      ? {
          unsubscribeUrl: makeUnsubscribeUrl(
            seal,
            publicUrl,
            { tenant, user, channel, address: address.email },
            Date.now(),
          ),
        }
      : {}),
  }
}

const addressOf = (address: Address): string | undefined =>
  address.kind === 'email' ? address.email : address.kind === 'phone' ? address.phone : undefined

/**
 * One attempt to reach one target: in turn at the provider's pace, claimed before it is sent, over to the next account
 * when one cannot, and then again later, or given up. It waits only for what is at hand; for everything else the step
 * goes back into the log, so that no provider's trouble holds up another's messages.
 */
export const createAttempt = (ports: AttemptPorts, options: AttemptOptions) => {
  const { store, seal, pace, endpoints, metrics } = ports
  const { rates, publicUrl } = options
  const claims = createClaims(store, options.leaseMs)

  /** The step goes back into the log until then; `as` keeps what waits for another reason from being replaced. */
  const later = (step: Step, at: number, result: Result, as: 'step' | 'look' = 'step'): Result => {
    const key = scheduleSubject(step.tenant, `${as}-${deliveryKey(step, step.target ?? '')}`)
    result.messages.push(stepMessage(step, { at, key }))
    return result
  }

  /** Waits for its turn; `busy` when that is not soon. */
  const turn = async (
    step: Step,
    { account }: Way,
    line: Line,
  ): Promise<{ outcome: 'busy'; at: number } | undefined> => {
    if (line.pausedUntil > Date.now()) return { outcome: 'busy', at: line.pausedUntil }
    const { tenant, sender, user, priority, plan, index } = step
    const limits = limitsOf(rates, { tenant, sender, user, channel: plan[index]!.channel }, account)
    const granted = await pace({ limits, priority, waited: step.queued })
    if ('wait' in granted) return { outcome: 'busy', at: granted.wait }
    const waitMs = granted.go - Date.now()
    if (waitMs > 0) await sleep(waitMs)
    return undefined
  }

  const ask = async (
    step: Step,
    item: InboxItem | undefined,
    way: Way,
    claim: () => Promise<Claim>,
  ): Promise<Asked> => {
    const { account, address } = way
    const line = account.line(address)
    const busy = await turn(step, way, line)
    if (busy) return busy
    const leave = await line.gate.enter(step.priority)
    if (!leave) return { outcome: 'busy', at: line.nextTicket() }
    try {
      const claimed = await claim()
      if (claimed.claim !== 'ours') return { outcome: 'claimed', claim: claimed }
      const outcome = await line.send(outgoing(step, item, way, { seal, publicUrl }))
      if (outcome === 'down') return { outcome: 'down' }
      if (outcome.outcome === 'retry' && outcome.reason === 'rate_limited')
        line.pausedUntil = Date.now() + (outcome.afterMs ?? 1_000)
      const url = webhookUrl(step.plan[step.index]!.channel, way)
      if (url !== undefined) await endpoints.ended(step.tenant, url, outcome.outcome === 'sent')
      metrics.sends.inc({ channel: step.plan[step.index]!.channel, outcome: outcome.outcome })
      return outcome
    } finally {
      leave()
    }
  }

  const sent = (step: Step, account: OpenAccount, id: string | undefined): Result => {
    const result = nothing(step.tenant)
    const { attempt = 1 } = step
    const provider = account.account.id
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

  /** Asks one account after the other until one has an answer that counts. */
  const askAll = async (step: Step, item: InboxItem | undefined, ways: readonly Way[]): Promise<Result> => {
    let claiming: Promise<Claim> | undefined
    const resend = step.priority === 'critical' || ways.every(({ account }) => account.provider.repeatable)
    /** Once, as late as can be: what waits for its turn has not claimed anything. */
    const claim = () => {
      claiming ??= claims.take(step, resend).then((taken) => {
        if (taken.claim === 'ours' && taken.again) count(step, 'yes')
        return taken
      })
      return claiming
    }
    let last: { failure: { reason: string; detail: string }; by: string } | undefined
    let askedMs = 0
    let free: number | undefined
    for (const way of ways) {
      const { account } = way
      const by = account.account.id
      const answer = await ask(step, item, way, claim)
      if (answer.outcome === 'sent') return sent(step, account, answer.id)
      if (answer.outcome === 'claimed') return taken(step, answer.claim)
      if (answer.outcome === 'busy') {
        free = Math.min(free ?? answer.at, answer.at)
        continue
      }
      if (answer.outcome === 'down') {
        last ??= { failure: { reason: 'provider_down', detail: 'it failed again and again' }, by }
        continue
      }
      if (answer.outcome === 'refused') {
        const result = refused(step, way, answer)
        if (answer.forget !== 'device')
          result.dead = { code: 'undeliverable', detail: `${answer.reason}: ${answer.detail}` }
        return result
      }
      if (answer.outcome === 'doubt') {
        if (!account.provider.repeatable && step.priority !== 'critical')
          return inDoubt(step, by, answer.reason)
        count(step, 'yes')
        return again(step, answer, 0, by)
      }
      if (answer.outcome === 'retry' && answer.reason === 'rate_limited') {
        free = Math.min(free ?? Number.POSITIVE_INFINITY, Date.now() + (answer.afterMs ?? 1_000))
        last = { failure: answer, by }
        continue
      }
      last = { failure: answer, by }
      askedMs = Math.max(askedMs, answer.afterMs ?? 0)
    }
    if (last) return again(step, last.failure, free === undefined ? askedMs : free - Date.now(), last.by)
    return waiting(step, free ?? Date.now() + 1_000)
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

  /** `step` names its target. */
  return (step: Step, item: InboxItem | undefined, { ways }: Target): Promise<Result> =>
    askAll(step, item, ways)
}

export type Attempt = ReturnType<typeof createAttempt>
