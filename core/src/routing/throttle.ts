import type { NotificationType, ThrottleRule } from '@carillon/schemas'
import { deliveryKey, type Step } from '../delivery/step.ts'
import { relativeInstant } from '../notification/relative-time.ts'
import type { SlotRequest } from '../store/ports/throttles.ts'
import type { StepDecision } from './decision.ts'
import { ruleWindow, type StepDigest } from './digest.ts'
import { hasBegun } from './due-step.ts'
import type { LocalTimes } from './quiet-hours.ts'
import { windowName } from './window-name.ts'

/** The longest time that a slot is taken, in ms. */
const SLOT_MAX_MS = 366 * 86_400_000

/** The notification whose throttle a step counts against: its own, or the newest of a digest. */
export type Leaving = {
  /** The type whose throttle counts it. */
  type: Pick<NotificationType, 'key' | 'throttle'> | undefined
  /** It bypasses throttles. */
  critical: boolean
  data: unknown
  /** The rendered key of the throttle. */
  key: string
  /** The time zone of dates without a time. */
  zone: string
}

/** Reports whether a step may need a slot: it has none, and no attempt has begun. */
export const needsSlot = (step: Step): boolean =>
  step.slot === undefined && step.secret === undefined && step.destination === undefined && !hasBegun(step)

/** Returns when a slot that is taken now is free again, epoch ms; undefined if the throttle does not apply. */
const freeAt = (
  { window, until }: ThrottleRule,
  { data, zone }: Leaving,
  now: number,
): number | undefined => {
  if (window !== undefined) return now + window * 1_000
  const at = until === undefined ? undefined : relativeInstant({ from: until }, data, zone)
  return at === undefined || at <= now ? undefined : Math.min(at, now + SLOT_MAX_MS)
}

/**
 * Returns the slot that a step needs before it is sent; undefined if no throttle applies. A throttle that ends at a date which
 * `data` lacks, or which has passed, does not limit. Pure.
 */
export const slotRequest = (step: Step, leaving: Leaving, now: number): SlotRequest | undefined => {
  const { type, critical, key } = leaving
  if (!type?.throttle || critical || !needsSlot(step)) return undefined
  const until = freeAt(type.throttle, leaving, now)
  if (until === undefined) return undefined
  const { channel } = step.plan[step.index]!
  return {
    user: step.user,
    key: windowName('throttle', channel, step.context ?? '', type.key, key),
    taker: deliveryKey(step, ''),
    ...{ limit: type.throttle.limit, until, now },
  }
}

/** The digest that collects throttled steps. `step`: the newest step of the message. */
export type Overflow = { step: Step; digest: StepDigest | undefined; times: LocalTimes | undefined }

/**
 * Decides about a step without a free slot until `until` (epoch ms): it is skipped, or joins the type's digest, even if it
 * was to be sent at once as its first. Pure.
 */
export const throttled = (
  step: Step,
  rule: ThrottleRule,
  { step: newest, digest, times }: Overflow,
  { until, now }: { until: number; now: number },
): StepDecision => {
  const place = {
    at: now,
    channel: step.plan[step.index]!.channel,
    step: step.index,
    stage: 'throttle',
  } as const
  const reason = { by: 'type', reason: 'throttled' } as const
  if (rule.then === 'digest' && digest && times) {
    const { first: _first, ...window } = ruleWindow(newest, digest, { times, now })
    return { ...place, outcome: 'join', ...reason, path: 'throttle.then', until: window.closesAt, window }
  }
  const detail = `${rule.limit} of ${rule.limit} until ${new Date(until).toISOString()}`
  return { ...place, outcome: 'skip', ...reason, path: 'throttle', detail }
}
