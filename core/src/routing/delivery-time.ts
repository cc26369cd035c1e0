import type { Late } from '@carillon/schemas'
import { localInstant } from '../calendar/local-instant.ts'
import { isLocal, type SendTime, type SendTimes } from '../notification/delivery-times.ts'
import type { Decision } from './decision.ts'

/** The times of a notification. `asked`: the instant for which its recipients are planned, epoch ms. */
export type Timing = SendTimes & {
  late?: Late | undefined
  /** Seconds from delivery to expiry, if `expiresAt` is not given. */
  expiresAfter?: number | undefined
  asked: number
}

/** When a notification is due for one recipient, and when it expires, epoch ms. */
export type DeliveryTime = { at: number; expiresAt?: number }

/** Reports whether a time is local, so that the recipients' time zones are needed. */
export const needsZones = ({ deliverAt, expiresAt }: SendTimes): boolean =>
  isLocal(deliverAt) || isLocal(expiresAt)

const instantIn = (time: SendTime, zone: string): number =>
  isLocal(time) ? localInstant(time.local, zone) : Date.parse(time)

/** Returns the times of a recipient in `zone`. Past times are not changed. Pure. */
export const deliveryTime = (timing: Timing, zone: string): DeliveryTime => {
  const { deliverAt, expiresAt, expiresAfter, asked } = timing
  const at = deliverAt === undefined ? asked : instantIn(deliverAt, zone)
  if (expiresAt !== undefined) return { at, expiresAt: instantIn(expiresAt, zone) }
  if (expiresAfter === undefined) return { at }
  return { at, expiresAt: Math.max(at, asked) + expiresAfter * 1_000 }
}

const audience = (
  at: number,
  decision: Pick<Decision, 'outcome' | 'path' | 'reason' | 'until'>,
): Decision => ({ at, stage: 'audience', by: 'sender', ...decision })

/**
 * Decides whether a notification is due for a recipient: undefined if it is. It waits for a future instant. One that
 * passed before `asked` is late, however long its message waited in a queue. Pure.
 */
export const timeDecision = (
  { late, asked }: Timing,
  { at, expiresAt }: DeliveryTime,
  now: number,
): Decision | undefined => {
  if (late === 'skip' && at < asked) return audience(now, { outcome: 'end', path: 'late', reason: 'late' })
  if (expiresAt !== undefined && expiresAt <= Math.max(at, now))
    return audience(now, { outcome: 'end', path: 'expiresAt', reason: 'expired' })
  // A scheduled message fires by the log's clock, which may be ahead.
  if (at > Math.max(now, asked))
    return audience(now, { outcome: 'wait', path: 'deliverAt', reason: 'scheduled', until: at })
  return undefined
}

/** Returns the decision that ends a notification for all recipients, because its instant passed before it was accepted. */
export const lateForAll = (timing: Timing, now: number): Decision | undefined => {
  const { deliverAt } = timing
  if (deliverAt === undefined || isLocal(deliverAt)) return undefined
  const decision = timeDecision(timing, { at: Date.parse(deliverAt) }, now)
  return decision?.outcome === 'end' ? decision : undefined
}
