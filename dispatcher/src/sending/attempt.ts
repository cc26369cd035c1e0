import { setTimeout as sleep } from 'node:timers/promises'
import type { SettingsCache } from '@carillon/core/cache/tenants-and-types'
import type { EndpointEnd, Endpoints } from '@carillon/core/delivery/endpoints'
import type { Outcome, Outgoing } from '@carillon/core/delivery/provider'
import { deliveryKey, type Step } from '@carillon/core/delivery/step'
import { makeUnsubscribeUrl } from '@carillon/core/delivery/unsubscribe'
import { appUrlOf } from '@carillon/core/notification/links'
import type { Seal } from '@carillon/core/security/seal'
import type { Store } from '@carillon/core/store/port'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { Channel, InboxItem } from '@carillon/schemas'
import { hostOf } from './accounts.ts'
import { type Claim, createClaims } from './claim.ts'
import { concealed } from './conceal.ts'
import { itemContent, secretContent } from './content.ts'
import { type Target, webhookUrl } from './destinations.ts'
import { limitsOf, type Pace, type Rates } from './rate-limit.ts'
import type { Failure, Result } from './result.ts'
import type { RetrySettings } from './retry.ts'
import type { Troubles } from './troubles.ts'
import { type Refusal, recipientOf, type Upstream } from './upstream.ts'
import { type Busy, createVerdicts } from './verdict.ts'

export type AttemptPorts = {
  store: Pick<Store, 'expiringKeys' | 'deliveries'>
  cache: Pick<SettingsCache, 'tenant'>
  seal: Seal
  pace: Pace
  endpoints: Endpoints
  troubles: Troubles
  metrics: Metrics
}

export type AttemptOptions = {
  rates: Rates
  /** What replaces the default retry policy of a channel. */
  retries: Partial<Record<Channel, RetrySettings>>
  /** Where the hub is reached from outside; without it there are no links to unsubscribe. */
  publicUrl?: string
  /** Where the app of a tenant lives that has not said. */
  appUrl?: string
  /** How long whoever claimed a send has before it is in doubt. */
  leaseMs?: number
}

type Way = Target['ways'][number]
/** What asking one provider came to. Anything but an outcome: it was not asked. */
type Asked = Outcome | Refusal | Busy | { outcome: 'claimed'; claim: Exclude<Claim, { claim: 'ours' }> }

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

const PACED = { reason: 'paced', detail: 'it waits for its turn under the rate limits' }
const CROWDED = { reason: 'provider_busy', detail: 'it waits for a free connection to the provider' }

const placeOf = ({ tenant }: Step, { account, address }: Way) => {
  const host = hostOf(address)
  const { id, provider } = account.account
  return { tenant, account: id, provider, ...(host === '' ? {} : { host }) }
}

const endOf = (outcome: Outcome): EndpointEnd => {
  if (outcome.outcome === 'sent') return 'worked'
  return outcome.reason === 'gone' ? 'gone' : 'failed'
}

/**
 * One attempt to reach one target: within the rate limits, claimed before it is sent, with failover to the channel's next
 * account, and then a retry later, or the end of it. It waits only for what is at hand. For everything else the step
 * goes back into the log, so that no provider's trouble holds up another's messages.
 */
export const createAttempt = (ports: AttemptPorts, options: AttemptOptions) => {
  const { store, cache, seal, pace, endpoints, troubles, metrics } = ports
  const { rates, publicUrl } = options
  const verdicts = createVerdicts(metrics, options.retries)
  const claims = createClaims(store, options.leaseMs)

  /** Waits for a permit of the rate limits; `busy` if there is none soon. */
  const paced = async (step: Step, { account }: Way): Promise<Busy | undefined> => {
    const { tenant, sender, user, priority, plan, index } = step
    const limits = limitsOf(rates, { tenant, sender, user, channel: plan[index]!.channel }, account)
    const granted = await pace({ limits, priority, waited: step.queued })
    if ('wait' in granted) return { outcome: 'busy', at: granted.wait, why: PACED }
    const waitMs = granted.go - Date.now()
    if (waitMs > 0) await sleep(waitMs)
    return undefined
  }

  /** Sends through the bulkhead and the breaker, once the claim is ours. */
  const send = async (
    step: Step,
    item: InboxItem | undefined,
    way: Way,
    { upstream, claim }: { upstream: Upstream; claim: () => Promise<Claim> },
  ): Promise<Asked> => {
    const appUrl = appUrlOf(await cache.tenant(step.tenant), options)
    const permit = upstream.admit(step.priority, recipientOf(way.address))
    if (permit.outcome === 'paused') return permit
    try {
      const claimed = await claim()
      if (claimed.claim !== 'ours') return { outcome: 'claimed', claim: claimed }
      const { channel } = step.plan[step.index]!
      const said = await permit.send(outgoing(step, item, way, { seal, publicUrl, appUrl }))
      const outcome = concealed(said, way.address)
      const url = webhookUrl(channel, way)
      if (url !== undefined) await endpoints.ended(step.tenant, url, endOf(outcome))
      metrics.sends.inc({ channel, outcome: outcome.outcome })
      troubles.ended(placeOf(step, way), outcome)
      return outcome
    } finally {
      permit.release()
    }
  }

  const ask = async (
    step: Step,
    item: InboxItem | undefined,
    way: Way,
    claim: () => Promise<Claim>,
  ): Promise<Asked> => {
    const { account, address } = way
    const upstream = account.upstream(address)
    const paused = upstream.refusal(step.priority, recipientOf(address))
    if (paused) return paused
    const busy = await paced(step, way)
    if (busy) return busy
    const leave = await upstream.bulkhead.enter(step.priority)
    if (!leave) return { outcome: 'busy', at: upstream.retrySlot(), why: CROWDED }
    try {
      return await send(step, item, way, { upstream, claim })
    } finally {
      leave()
    }
  }

  /** The claim of this attempt, taken once and as late as possible: what waits has not claimed anything. */
  const claimOnce = (step: Step, ways: readonly Way[]) => {
    const resend = step.priority === 'critical' || ways.every(({ account }) => account.provider.repeatable)
    let claiming: Promise<Claim> | undefined
    return () => {
      claiming ??= claims.take(step, resend).then((taken) => {
        if (taken.claim === 'ours' && taken.again) verdicts.count(step, 'yes')
        return taken
      })
      return claiming
    }
  }

  /** Asks one account after the other until one has an answer that counts. */
  const askAll = async (step: Step, item: InboxItem | undefined, ways: readonly Way[]): Promise<Result> => {
    const claim = claimOnce(step, ways)
    let failed: { failure: Failure; way: Way } | undefined
    let paused: { refusal: Refusal; way: Way } | undefined
    let busy: Busy | undefined
    /** When the first of the accounts may be asked again. */
    let free = Number.POSITIVE_INFINITY
    for (const way of ways) {
      const answer = await ask(step, item, way, claim)
      switch (answer.outcome) {
        case 'sent':
          return verdicts.sent(step, way.account, answer.id)
        case 'claimed':
          return verdicts.taken(step, answer.claim)
        case 'refused':
          return verdicts.refused(step, way, answer)
        case 'busy':
          free = Math.min(free, answer.at)
          busy ??= answer
          break
        case 'paused':
          free = Math.min(free, answer.at)
          paused ??= { refusal: answer, way }
          break
        case 'doubt':
          if (!way.account.provider.repeatable && step.priority !== 'critical')
            return verdicts.inDoubt(step, way.account.account.id, answer)
          verdicts.count(step, 'yes')
          return verdicts.again(step, way.account, answer, 0)
        default:
          free = Math.min(free, Date.now() + (answer.afterMs ?? 0))
          failed = { failure: answer, way }
      }
    }
    if (failed) return verdicts.again(step, failed.way.account, failed.failure, free - Date.now())
    // An account that only lacks room is no trouble worth telling.
    if (busy) return verdicts.crowded(step, { ...busy, at: free })
    if (paused) return verdicts.paused(step, paused.way.account, paused.refusal, free)
    throw new RangeError('there is no account to ask')
  }

  /** `step` names its target. */
  return (step: Step, item: InboxItem | undefined, { ways }: Target): Promise<Result> =>
    askAll(step, item, ways)
}

export type Attempt = ReturnType<typeof createAttempt>
