import type { InboxItem } from '@carillon/schemas'
import { type Step, stepAfter } from '../delivery/step.ts'
import type { Unmet } from '../expression/condition.ts'
import { GRACE_MS, type Presence } from '../live/port.ts'
import type { Decider, Reason, StepDecision } from './decision.ts'
import { collectionOf, type StepDigest } from './digest.ts'
import type { Preference } from './preference.ts'
import { canBeHeld, holdOf, type LocalTimes } from './quiet-hours.ts'
import { windowName } from './window-name.ts'

/** The current state of an item. */
export type ItemNow = Pick<InboxItem, 'receivedAt' | 'seenAt' | 'readAt' | 'archivedAt' | 'snoozedUntil'>

/** The data for deciding about a due step. */
export type StepFacts = {
  /** The item that the step names; undefined if it is no longer in the inbox. */
  item: ItemNow | undefined
  /** The notification is cancelled. */
  cancelled: boolean
  /** The user is erased, or was erased after the notification was accepted. */
  erased: boolean
  /** Why the step's own `if` does not hold; undefined if it does, or if the step has none or has begun. */
  unmet?: Unmet
  /** Looked up only if `needsPresence`. Undefined while the live bus is unavailable. */
  presence?: Presence
  /** The effective preference for the step's channel; undefined if preferences do not apply. */
  preference?: Preference
  /** The digest that applies to the step, if it has one. */
  digest?: StepDigest | undefined
  /** The snooze, quiet hours and digest time of the user; undefined if they do not apply. */
  times?: LocalTimes | undefined
  /** Number of messages left in a digest; undefined for any other step. */
  left?: number | undefined
  now: number
}

/** Reports whether the step has an inbox item. One-time passwords and notifications with `inbox: none` have none. */
const hasItem = ({ item }: Step): boolean => item !== undefined

/** Reports whether the step depends on the user's presence when it is due, because it has no item. */
export const needsPresence = (step: Step): boolean =>
  !hasItem(step) && step.secret === undefined && step.plan[step.index]?.when === 'offline'

/** Returns what the user did with the item that ends every waiting step; undefined if nothing. */
const dealtWith = (item: ItemNow | undefined, now: number): Reason | undefined => {
  if (!item) return 'deleted'
  if (item.readAt !== null) return 'read'
  if (item.archivedAt !== null) return 'archived'
  if (item.snoozedUntil !== null && Date.parse(item.snoozedUntil) > now) return 'snoozed'
  return undefined
}

/** Decides by presence, because without an item nothing else is known about the user. */
const withoutItem = (step: Step, { presence, now }: StepFacts): Verdict => {
  const { when } = step.plan[step.index]!
  if (when === 'failed' && !step.failed) return { outcome: 'skip', by: 'system', reason: 'not_needed' }
  if (when !== 'offline' || presence === undefined || presence === 'away') return GO
  if (presence === 'here') return { outcome: 'skip', by: 'system', reason: 'online' }
  return { outcome: 'wait', by: 'system', reason: 'online', until: now + GRACE_MS }
}

/** Reports whether a step has been decided to be sent, and waits for a permit or is tried again. */
export const hasBegun = ({ attempt, queued }: Step): boolean => attempt !== undefined || queued === true

const withItem = (step: Step, { item, now }: StepFacts): Verdict => {
  const { when, after } = step.plan[step.index]!
  // A step without a delay, or one that has begun, waits for a permit or is retried, is sent whatever the user did.
  const begun = after === 0 || hasBegun(step)
  if (when === 'always' && begun && item) return GO
  const reason = dealtWith(item, now)
  if (!item || reason !== undefined) return { outcome: 'end', by: 'user', reason: reason ?? 'deleted' }
  const received = item.receivedAt !== null || item.seenAt !== null
  switch (when) {
    case 'offline':
    case 'undelivered':
      return received ? { outcome: 'skip', by: 'system', reason: 'delivered' } : GO
    case 'unseen':
      return item.seenAt !== null ? { outcome: 'skip', by: 'user', reason: 'seen' } : GO
    case 'failed':
      return step.failed ? GO : { outcome: 'skip', by: 'system', reason: 'not_needed' }
    default:
      return GO
  }
}

type Verdict = { by: Decider; path?: string; detail?: string } & (
  | { outcome: 'pass'; reason?: Reason }
  | { outcome: 'wait'; reason: Reason; until: number }
  | { outcome: 'skip' | 'end'; reason: Reason }
)
const GO: Verdict = { outcome: 'pass', by: 'system' }

/** The step is skipped by its own `if`. */
const leftOut = ({ index, ownPlan }: Step, { reason, detail }: Unmet): Verdict => ({
  ...{ outcome: 'skip', by: ownPlan ? 'sender' : 'type', path: `plan.${index}.if`, reason },
  ...(detail === undefined ? {} : { detail }),
})

const verdict = (step: Step, facts: StepFacts): Verdict => {
  const { erased, cancelled, now } = facts
  if (erased) return { outcome: 'end', by: 'tenant', reason: 'erased' }
  if (cancelled) return { outcome: 'end', by: 'sender', reason: 'cancelled' }
  if (step.expiresAt <= now) return { outcome: 'end', by: 'sender', reason: 'expired' }
  if (step.silent && step.plan[step.index]?.channel === 'push')
    return { outcome: 'skip', by: 'sender', reason: 'silent' }
  if (step.secret !== undefined) return { outcome: 'pass', by: 'system', reason: 'otp' }
  if (facts.left === 0) return { outcome: 'skip', by: 'system', reason: 'nothing_left' }
  const wanted = hasItem(step) ? withItem(step, facts) : withoutItem(step, facts)
  return wanted.outcome === 'pass' && facts.unmet !== undefined ? leftOut(step, facts.unmet) : wanted
}

/** Decides whether a due step is still wanted: by its condition, then by preferences. Pure. */
export const wanted = (step: Step, facts: StepFacts): StepDecision => {
  const place = { at: facts.now, channel: step.plan[step.index]!.channel, step: step.index }
  const condition = verdict(step, facts)
  if (condition.outcome === 'pass' && facts.preference?.outcome === 'skip') {
    const { by, path, reason = 'opted_out' } = facts.preference
    return {
      ...place,
      ...{ stage: 'preference', outcome: 'skip', by, reason },
      ...(path === undefined ? {} : { path }),
    }
  }
  return { ...place, stage: facts.left === 0 ? 'digest' : 'condition', ...condition }
}

/** Reports whether collecting the step was decided before: it has waited, is a digest, or has begun. */
const isPastDigests = (step: Step): boolean =>
  (step.held !== undefined && !step.undigested) ||
  step.digest !== undefined ||
  step.destination !== undefined ||
  hasBegun(step)

/** Reports whether a step that waits for the end of quiet hours is then sent on its own, not in a summary. */
const leavesAlone = (step: Step, { preference }: StepFacts): boolean =>
  preference?.reason === 'transactional' ||
  step.overrides?.[step.plan[step.index]!.channel] !== undefined ||
  step.destination !== undefined ||
  hasBegun(step)

/** Decides whether a wanted step waits in a window: for others, or for the end of quiet hours. */
const collected = (step: Step, facts: StepFacts): StepDecision | undefined => {
  const { times, preference, digest, now } = facts
  if (!times || step.secret !== undefined) return undefined
  const { channel } = step.plan[step.index]!
  const place = { at: now, channel, step: step.index }
  const digested = isPastDigests(step) ? undefined : collectionOf(step, { preference, digest, times, now })
  if (digested) {
    const { window, by, path } = digested
    const until = window.closesAt
    return { ...place, stage: 'digest', outcome: 'join', by, path, reason: 'digest', until, window }
  }
  const hold = canBeHeld(channel, preference) ? holdOf(times, now) : undefined
  if (!hold) return undefined
  const window = {
    kind: 'quiet_hours',
    name: windowName('quiet_hours', channel, step.context ?? ''),
    closesAt: hold.until,
    ...(leavesAlone(step, facts) ? { alone: true } : {}),
  } as const
  return { ...place, stage: 'quiet_hours', outcome: 'wait', ...hold, window }
}

/**
 * Decides about a due step.
 *
 * - `pass`: send it. `join`: it waits in a window, and is sent together with its other members. `wait`: decide again at
 * `until`.
 *   `skip`: skip this step. `end`: skip this step and all later ones, because the user has dealt with the
 *   notification, or because it is cancelled or expired.
 * - The state of the item decides, in whichever app the user read it. `always` without a delay is sent whatever
 *   the user did. With a delay, reading the item ends it like any other step.
 * - Without an item, `unseen`, `unread` and `undelivered` are true. `offline` depends on presence, and waits for GRACE_MS if
 *   the user has just left.
 *
 * In this order: the condition, preferences, digests, then snooze and quiet hours.
 *
 * Pure, and repeatable.
 */
export const next = (step: Step, facts: StepFacts): StepDecision => {
  const decision = wanted(step, facts)
  return decision.outcome === 'pass' ? (collected(step, facts) ?? decision) : decision
}

/**
 * Returns the next step of the plan, to be scheduled whatever the outcome of `step`. Returns undefined if there is none, or
 * if it is scheduled already: `step` is a retry, has one destination, has waited in a window, or is decided again later.
 */
export const following = (
  step: Step,
  decision: Pick<StepDecision, 'outcome'> & { window?: unknown },
): Step | undefined => {
  if (step.destination !== undefined || step.attempt !== undefined || step.held !== undefined)
    return undefined
  const { outcome, window } = decision
  return outcome === 'end' || (outcome === 'wait' && !window) ? undefined : stepAfter(step)
}
