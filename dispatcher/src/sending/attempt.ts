import { setTimeout as sleep } from 'node:timers/promises'
import { appUrlOf } from '@carillon/core/links'
import type { Endpoints } from '@carillon/core/outreach/endpoints'
import type { Outcome, Outgoing } from '@carillon/core/outreach/provider'
import { deliveryKey, type Step } from '@carillon/core/outreach/step'
import { makeUnsubscribeUrl } from '@carillon/core/outreach/unsubscribe'
import type { Directory } from '@carillon/core/security/directory'
import type { Seal, Store } from '@carillon/core/store/port'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { InboxItem } from '@carillon/schemas'
import type { Line } from './accounts.ts'
import { type Claim, createClaims } from './claims.ts'
import { itemContent, secretContent } from './content.ts'
import { limitsOf, type Pace, type Rates } from './pace.ts'
import type { Result } from './result.ts'
import { type Target, webhookUrl } from './targets.ts'
import { createVerdicts } from './verdict.ts'

export type AttemptPorts = {
  store: Pick<Store, 'marks' | 'deliveries'>
  directory: Pick<Directory, 'tenant'>
  seal: Seal
  pace: Pace
  endpoints: Endpoints
  metrics: Metrics
}

export type AttemptOptions = {
  rates: Rates
  /** Where the hub is reached from outside; without it there are no links to unsubscribe. */
  publicUrl?: string
  /** Where the app of a tenant lives that has not said. */
  appUrl?: string
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
  { address }: Way,
  { seal, publicUrl, appUrl }: { seal: Seal; publicUrl?: string; appUrl?: string },
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
    content: item ? itemContent(item, appUrl) : secretContent(seal, step, Date.now()),
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

/**
 * One attempt to reach one target: in turn at the provider's pace, claimed before it is sent, over to the next account
 * when one cannot, and then again later, or given up. It waits only for what is at hand; for everything else the step
 * goes back into the log, so that no provider's trouble holds up another's messages.
 */
export const createAttempt = (ports: AttemptPorts, options: AttemptOptions) => {
  const { store, directory, seal, pace, endpoints, metrics } = ports
  const { sent, refused, inDoubt, again, waiting, taken, count } = createVerdicts(metrics)
  const { rates, publicUrl } = options
  const claims = createClaims(store, options.leaseMs)

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
    const appUrl = appUrlOf(await directory.tenant(step.tenant), options)
    const busy = await turn(step, way, line)
    if (busy) return busy
    const leave = await line.gate.enter(step.priority)
    if (!leave) return { outcome: 'busy', at: line.nextTicket() }
    try {
      const claimed = await claim()
      if (claimed.claim !== 'ours') return { outcome: 'claimed', claim: claimed }
      const outcome = await line.send(outgoing(step, item, way, { seal, publicUrl, appUrl }))
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

  /** `step` names its target. */
  return (step: Step, item: InboxItem | undefined, { ways }: Target): Promise<Result> =>
    askAll(step, item, ways)
}

export type Attempt = ReturnType<typeof createAttempt>
