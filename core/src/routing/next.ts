import type { InboxItem } from '@carillon/schemas'
import { type Step, stepAfter } from '../delivery/step.ts'
import { GRACE_MS, type Presence } from '../live/port.ts'
import type { Decider, Reason, StepDecision } from './decision.ts'

/** What the person did with an item, as it is now. */
export type ItemNow = Pick<InboxItem, 'receivedAt' | 'seenAt' | 'readAt' | 'archivedAt' | 'snoozedUntil'>

/** What is known when a step's time has come. */
export type StepFacts = {
  /** The item that the step names; undefined when it is in no inbox any more. */
  item: ItemNow | undefined
  /** The notification is cancelled. */
  cancelled: boolean
  /** The person is erased, or was after it had been accepted. */
  erased: boolean
  /** Only asked if `needsPresence`; undefined while the live bus is unavailable. */
  presence?: Presence
  now: number
}

/** Whether a step stands for an item in an inbox. A one-time password, and a notification without an inbox, do not. */
const hasItem = ({ item }: Step): boolean => item !== undefined

/** Whether a step asks if the person is connected when it is due: there is no item that could tell. */
export const needsPresence = (step: Step): boolean =>
  !hasItem(step) && step.secret === undefined && step.plan[step.index]?.when === 'offline'

/** Who dealt with an item, and how, if somebody did: then nothing that waits is wanted any more. */
const dealtWith = (item: ItemNow | undefined, now: number): Reason | undefined => {
  if (!item) return 'deleted'
  if (item.readAt !== null) return 'read'
  if (item.archivedAt !== null) return 'archived'
  if (item.snoozedUntil !== null && Date.parse(item.snoozedUntil) > now) return 'snoozed'
  return undefined
}

/** Without an item, only presence says anything about the person. */
const withoutItem = (step: Step, { presence, now }: StepFacts): Verdict => {
  const { when } = step.plan[step.index]!
  if (when === 'failed' && !step.failed) return { outcome: 'skip', by: 'system', reason: 'not_needed' }
  if (when !== 'offline' || presence === undefined || presence === 'away') return GO
  if (presence === 'here') return { outcome: 'skip', by: 'system', reason: 'online' }
  return { outcome: 'wait', by: 'system', reason: 'online', until: now + GRACE_MS }
}

const withItem = (step: Step, { item, now }: StepFacts): Verdict => {
  const { when, after } = step.plan[step.index]!
  // What has begun, waits for a permit or is tried again is wanted whatever they did, as is what never waited.
  const begun = after === 0 || step.attempt !== undefined || step.queued === true
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

type Verdict = { by: Decider } & (
  | { outcome: 'pass'; reason?: Reason }
  | { outcome: 'wait'; reason: Reason; until: number }
  | { outcome: 'skip' | 'end'; reason: Reason }
)
const GO: Verdict = { outcome: 'pass', by: 'system' }

const verdict = (step: Step, facts: StepFacts): Verdict => {
  const { erased, cancelled, now } = facts
  if (erased) return { outcome: 'end', by: 'tenant', reason: 'erased' }
  if (cancelled) return { outcome: 'end', by: 'sender', reason: 'cancelled' }
  if (step.expiresAt <= now) return { outcome: 'end', by: 'sender', reason: 'expired' }
  if (step.silent && step.plan[step.index]?.channel === 'push')
    return { outcome: 'skip', by: 'sender', reason: 'silent' }
  if (step.secret !== undefined) return { outcome: 'pass', by: 'system', reason: 'otp' }
  return hasItem(step) ? withItem(step, facts) : withoutItem(step, facts)
}

/**
 * Decides what is done with a step whose time has come.
 *
 * - `pass`: it is taken. `wait`: it is looked at again at `until`. `skip`: not this step. `end`: neither this step nor
 *   any after it, because the person has dealt with the notification, or it is void.
 * - The item's own state decides, which is what the person did, wherever they did it. `always` without a delay is taken
 *   whatever they did; with one, reading ends it like any other.
 * - Without an item, `unseen`, `unread` and `undelivered` hold, and `offline` follows presence: it waits for GRACE_MS
 *   while somebody has only just left.
 *
 * Pure. The same step may be decided on any number of times.
 */
export const next = (step: Step, facts: StepFacts): StepDecision => ({
  at: facts.now,
  stage: 'condition',
  channel: step.plan[step.index]!.channel,
  step: step.index,
  ...verdict(step, facts),
})

/**
 * Returns the step that waits for its own time once `step` has been decided on, whatever comes of that; undefined if
 * none is to follow, or if this one was decided on before: it is one destination's, another attempt, or waits.
 */
export const following = (step: Step, { outcome }: Pick<StepDecision, 'outcome'>): Step | undefined => {
  if (step.target !== undefined || step.attempt !== undefined) return undefined
  return outcome === 'end' || outcome === 'wait' ? undefined : stepAfter(step)
}
