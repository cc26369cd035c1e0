import { DecisionReason, type Delivery, type DeliveryState } from '@carillon/schemas'
import type { Decision } from './decision.ts'

/** A decision, with the recorded data of its attempt. */
export type DeliveryDecision = Decision & {
  device?: string
  provider?: string
  /** A code, then words: the response of the provider, or the reason of the wait. */
  detail?: string
  /** What the provider or an app reported after it was sent, epoch ms. */
  reported?: Partial<Record<DeliveryState, number>>
}

const REPORTS = ['delivered', 'seen', 'read', 'clicked'] as const
const ENDS = ['sent', 'failed', 'in_doubt'] as const

const detailOf = ({ reason, detail }: Delivery): string | undefined => {
  if (reason === null) return undefined
  return detail === null || detail === '' ? reason : `${reason}: ${detail}`
}

/** Returns why a queued delivery waits; undefined if a stored decision says so. */
const waiting = (delivery: Delivery, stored: readonly Decision[]): Partial<Decision> | undefined => {
  const { state, nextAttemptAt, attempts, provider } = delivery
  if (state !== 'queued' && state !== 'requested') return undefined
  if (nextAttemptAt === null) return { reason: 'queued' }
  const until = Date.parse(nextAttemptAt)
  const told = ({ outcome, until: end }: Decision) =>
    (outcome === 'wait' || outcome === 'join') && end === until
  if (stored.some(told)) return undefined
  return { until, reason: attempts > 0 || provider !== null ? 'retry' : 'queued' }
}

/** Returns the reason of a skipped delivery as a reason of decisions. */
const reasonOf = ({ reason }: Delivery): Pick<Decision, 'reason'> => {
  const known = DecisionReason.options.find((each) => each === reason)
  return known === undefined ? {} : { reason: known }
}

/**
 * Returns the decisions of a delivery besides the stored ones: that it was sent, failed, is in doubt or waits. Later
 * reports belong to the decision that it was sent. Pure.
 */
export const deliveryDecisions = (delivery: Delivery, stored: readonly Decision[]): DeliveryDecision[] => {
  const { channel, step, device, provider, state, times } = delivery
  const about = stored.filter(
    (decision) => decision.channel === channel && decision.step === (step ?? undefined),
  )
  const time = (of: DeliveryState) => {
    const at = times[of]
    return at === undefined ? undefined : Date.parse(at)
  }
  const shared: Pick<DeliveryDecision, 'stage' | 'channel' | 'step' | 'by' | 'device'> = {
    stage: 'send',
    channel,
    by: 'system',
    ...(step === null ? {} : { step }),
    ...(device === null ? {} : { device }),
  }
  const asked = provider === null ? {} : { provider }
  const detail = detailOf(delivery)
  const found: DeliveryDecision[] = []

  const reports = REPORTS.flatMap((report) => {
    const at = time(report)
    return at === undefined ? [] : [[report, at] as const]
  })
  for (const outcome of ENDS) {
    // A report may be on record before the send is.
    const at = time(outcome) ?? (outcome === 'sent' ? reports[0]?.[1] : undefined)
    if (at === undefined) continue
    const said = state === outcome && detail !== undefined ? { detail } : {}
    const reported = outcome === 'sent' && reports.length > 0 ? { reported: Object.fromEntries(reports) } : {}
    // Other reasons of a failure are the provider's.
    const ours = outcome === 'failed' && delivery.reason === 'template_error'
    const reason = ours ? ({ by: 'type', reason: 'template_error' } as const) : {}
    found.push({ ...shared, at, outcome, ...reason, ...asked, ...said, ...reported })
  }
  const skippedAt = time('skipped')
  const told = about.some(({ outcome }) => outcome === 'skip' || outcome === 'end')
  const erased = stored.some(({ reason }) => reason === 'erased')
  if (skippedAt !== undefined && !told && !(erased && delivery.reason === 'erased'))
    found.push({
      ...shared,
      at: skippedAt,
      outcome: 'skip',
      ...(state === 'skipped' ? reasonOf(delivery) : {}),
    })
  const wait = waiting(delivery, about)
  const at = time(state)
  if (wait && at !== undefined)
    found.push({
      ...shared,
      at,
      outcome: 'wait',
      ...wait,
      ...asked,
      ...(detail === undefined ? {} : { detail }),
    })
  return found
}
