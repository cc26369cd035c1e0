import type {
  InboxMode,
  Notification,
  NotificationType,
  Plan,
  TypeVariant,
  UserProfile,
  Warning,
} from '@carillon/schemas'
import { type InContext, inContext, zoneIn } from '../contexts/in-context.ts'
import { dueAt, type TimedPlan } from '../delivery/step.ts'
import { type Unmet, unmet, usesUser } from '../expression/condition.ts'
import { ignoredOverrides } from '../notification/overrides.ts'
import { defaultsIn } from '../preferences/documents.ts'
import { ignoredContent } from '../template/filled.ts'
import type { Addressed } from './addressees.ts'
import type { Decider, Decision, Reason } from './decision.ts'
import { type DeliveryTime, deliveryTime, type Timing, timeDecision } from './delivery-time.ts'
import { exclusionOf } from './exclusion.ts'
import { type Preference, type PreferenceLayers, preferenceOf, type Subject } from './preference.ts'
import { timedPlan } from './timed-plan.ts'
import { type Split, variantOf } from './variant.ts'

/** Parts of a notification that its type may replace, or that may have no step. */
type Ignorable = 'title' | 'body' | 'url' | 'image' | 'actions' | 'category' | 'overrides'

/** A notification to plan, and its type at the time it was accepted. */
export type Sent = {
  notification: Pick<Notification, 'exclude' | 'actor' | 'inbox' | 'plan' | 'data' | 'context' | Ignorable>
  type?: Pick<NotificationType, 'inbox' | 'plan' | 'if' | 'variants' | 'content' | 'category'>
  /** The key of the assignment to variants. Without it, nobody gets a variant. */
  split?: Split
  /** When delivery stops, epoch ms. */
  expiresAt: number
  cancelled?: boolean
  /** The key for looking up preferences. Without it, preferences do not apply. */
  subject?: Omit<Subject, 'addressed'>
  /** The tenant and context, for preference defaults and conditions. */
  tenancy?: InContext
  /** Set if a time is local, so that each recipient has their own instant. */
  timing?: Timing
  /** Recipients may be addressed in more ways than are known, because several audiences are planned separately. */
  partial?: boolean
}

/** A user to whom a notification is addressed. */
export type Recipient = {
  user: string
  /** Every way in which it is addressed to the user. */
  addressed: readonly Addressed[]
  /** Only loaded if a decision depends on it. */
  profile?: UserProfile | undefined
  /** The choices of the user, in the context and in general; undefined if there are none. */
  preferences?: Pick<PreferenceLayers, 'user' | 'userContext'> | undefined
  /** Only known if a time is local. */
  zone?: string | undefined
  /** The user is erased, or was erased after the notification was accepted. */
  erased?: boolean
}

/** The plan for one recipient: an item or none, and the steps beyond the inbox. */
export type Planned = {
  inbox: InboxMode
  variant?: string
  steps: TimedPlan
  /** The recipient's times, if a time is local. */
  time?: DeliveryTime
  /** In order. If the outcome of the last one is `end` or `wait`, there is no item and no step, or not yet. */
  decisions: readonly Decision[]
}

type Typed = Pick<Sent, 'notification' | 'type'>

/** Returns the delivery plan: the notification's own, else that of the variant, else that of its type. */
const planOf = ({ notification, type }: Typed, variant?: Pick<TypeVariant, 'plan'>): Plan =>
  notification.plan ?? variant?.plan ?? type?.plan ?? []

const ownPlans = ({ notification, type }: Typed) =>
  notification.plan ? [] : (type?.variants ?? []).filter(({ plan }) => plan !== undefined)

/** Returns every delivery plan that may apply to a recipient. */
export const plansOf = (sent: Typed): Plan[] => [
  planOf(sent),
  ...ownPlans(sent).map((variant) => planOf(sent, variant)),
]

/** Returns the ignored parts of a notification: content that its type replaces, and overrides of channels without a step. */
export const ignoredParts = ({ notification, type }: Typed): Warning[] => [
  ...ignoredContent(notification, type),
  ...(notification.overrides ? ignoredOverrides(notification, plansOf({ notification, type })) : []),
]

const inboxOf = ({ notification, type }: Typed): { inbox: InboxMode; by: Decider } => {
  if (notification.inbox !== undefined) return { inbox: notification.inbox, by: 'sender' }
  return type?.inbox === undefined ? { inbox: 'shown', by: 'system' } : { inbox: type.inbox, by: 'type' }
}

const inboxDecision = (sent: Typed, at: number): Decision => {
  const { inbox, by } = inboxOf(sent)
  const decision: Decision = {
    at,
    stage: 'inbox',
    channel: 'inbox',
    outcome: inbox === 'none' ? 'skip' : 'pass',
    by,
  }
  if (by !== 'system') decision.path = 'inbox'
  if (inbox !== 'shown') decision.reason = inbox === 'none' ? 'no_item' : 'silent'
  const ignored = ignoredParts(sent)
  if (ignored.length > 0) decision.detail = `ignored: ${ignored.map(({ pointer }) => pointer).join(', ')}`
  return decision
}

const stepsOf = (sent: Typed & Pick<Sent, 'tenancy'>, start: number, variant?: TypeVariant): TimedPlan =>
  timedPlan(planOf(sent, variant), sent.notification.data, zoneIn(sent.tenancy), start)

/**
 * The delays of a plan. A step with `when: failed` has none: it follows a failure at once. The path of one that waits for a
 * date ends with `from`.
 */
const delays = (sent: Typed & Pick<Sent, 'tenancy'>, at: number, variant?: TypeVariant): Decision[] => {
  const plan = stepsOf(sent, at, variant)
  return plan.flatMap(({ channel, when, after }, step) =>
    after === 0 || when === 'failed'
      ? []
      : [
          {
            ...{ at, stage: 'condition', channel, step, outcome: 'wait' },
            by: sent.notification.plan ? 'sender' : 'type',
            path: `plan.${step}.after${typeof after === 'number' ? '' : '.from'}`,
            ...{ reason: 'delay', until: dueAt({ at, plan, index: step }) },
          } as const,
        ],
  )
}

/**
 * Returns the decisions about every recipient without an exception: about the item, and the delays of the plan. If variants
 * have plans of their own, the delays of each name their variant.
 */
export const decisionsForAll = (sent: Typed & Pick<Sent, 'tenancy'>, now: number): Decision[] => {
  if (ownPlans(sent).length === 0) return [inboxDecision(sent, now), ...delays(sent, now)]
  const marked = [undefined, ...(sent.type?.variants ?? [])].flatMap((variant) =>
    delays(sent, now, variant).map((decision) => ({ ...decision, variant: variant?.key ?? '' })),
  )
  return [inboxDecision(sent, now), ...marked]
}

const end = (at: number, by: Decider, reason: Reason, path?: string): Decision => ({
  ...{ at, stage: 'audience', outcome: 'end', by },
  ...(path === undefined ? {} : { path }),
  reason,
})

const preferenceDecision = (at: number, { outcome, by, path, reason }: Preference): Decision => ({
  ...{ at, stage: 'preference', channel: 'inbox', outcome, by },
  ...(path === undefined ? {} : { path }),
  ...(reason === undefined ? {} : { reason }),
})

/**
 * Returns a function that omits the item of a recipient whose inbox is off. Steps stay: preferences decide about each
 * when it is due. `everybody`: the plan for a recipient whose inbox is on.
 */
const byPreference = (
  { subject, tenancy, partial }: Sent,
  everybody: Planned,
  now: number,
): ((recipient: Recipient) => Planned) => {
  if (!subject) return () => everybody
  const plan = (preference: Preference): Planned => {
    const decisions = [preferenceDecision(now, preference)]
    if (preference.outcome === 'pass') return { ...everybody, decisions }
    return { ...everybody, inbox: 'none', decisions }
  }
  const defaults = defaultsIn(tenancy)
  const usual = preferenceOf({ ...subject, addressed: [] }, 'inbox', defaults)
  const hasItem = everybody.inbox !== 'none'
  const unchosen = hasItem && usual.outcome === 'skip' ? plan(usual) : everybody
  return ({ addressed, preferences }) => {
    if (!preferences) return unchosen
    const preference = preferenceOf({ ...subject, addressed }, 'inbox', { ...preferences, ...defaults })
    // Another audience may address the user too. Its part of the notification then has the steps.
    if (partial && preference.reason === 'topic_muted') return { ...plan(preference), steps: [] }
    if (!hasItem || (preference.outcome === 'pass' && unchosen === everybody)) return everybody
    return plan(preference)
  }
}

/** Returns the decision that ends a cancelled notification for everybody. */
export const cancelledForAll = (now: number): Decision => end(now, 'sender', 'cancelled')

/** Returns the decision that ends the notification for everybody; undefined if it is delivered. */
export const endForAll = (
  { cancelled, expiresAt }: Pick<Sent, 'cancelled' | 'expiresAt'>,
  now: number,
): Decision | undefined => {
  if (cancelled) return cancelledForAll(now)
  return expiresAt <= now ? end(now, 'sender', 'expired', 'expiresAt') : undefined
}

const conditionEnd = (at: number, { reason, detail }: Unmet): Decision => ({
  ...{ at, stage: 'condition', outcome: 'end', by: 'type', path: 'if', reason },
  ...(detail === undefined ? {} : { detail }),
})

const NOBODY = { id: '', profile: undefined }
const NOWHERE = inContext({})

/**
 * Returns the decision that ends the notification for everybody because the condition of its type does not hold. Undefined
 * if it holds, or depends on the user.
 */
export const conditionForAll = (
  { notification: { data }, type, tenancy = NOWHERE }: Pick<Sent, 'notification' | 'type' | 'tenancy'>,
  now: number,
): Decision | undefined => {
  if (usesUser(type?.if)) return undefined
  const failed = unmet(type?.if, { data, user: NOBODY, tenancy })
  return failed && conditionEnd(now, failed)
}

/** Returns the decision about a user who is erased, or was erased after the notification was accepted. */
export const endOfErased = (now: number): Decision => end(now, 'tenant', 'erased')

/** Returns a function that chooses the variant of a recipient and returns the planning of that variant. */
const byVariant = (sent: Sent, now: number) => {
  const { notification, type, split, tenancy = NOWHERE } = sent
  const { data } = notification
  const plannings = new Map<string | undefined, (recipient: Recipient) => Planned>()
  const planningOf = (variant: TypeVariant | undefined) => {
    const known = plannings.get(variant?.key)
    if (known) return known
    const everybody: Planned = {
      inbox: inboxOf(sent).inbox,
      ...(variant ? { variant: variant.key } : {}),
      steps: stepsOf(sent, now, variant),
      decisions: [inboxDecision(sent, now)],
    }
    const fresh = byPreference(sent, everybody, now)
    plannings.set(variant?.key, fresh)
    return fresh
  }
  const variants = type?.variants
  if (!variants || !split) {
    const everybody = planningOf(undefined)
    return () => everybody
  }
  return ({ user, profile }: Recipient) => {
    const facts = { data, user: { id: user, profile }, tenancy }
    return planningOf(variantOf(variants, { ...split, user }, (condition) => !unmet(condition, facts)))
  }
}

/**
 * Returns a function that plans one notification for any number of recipients. All recipients of one variant without an
 * exception share one value, so planning a large audience allocates nothing per recipient. A condition of the type that does
 * not depend on the user is not evaluated: `conditionForAll` decides about it. Pure.
 */
export const planning = (sent: Sent, now: number): ((recipient: Recipient) => Planned) => {
  const exclusion = exclusionOf(sent.notification)
  const nobody = endForAll(sent, now)
  const nothing = (decision: Decision): Planned => ({ inbox: 'none', steps: [], decisions: [decision] })
  const planningFor = byVariant(sent, now)
  const { data } = sent.notification
  const { tenancy = NOWHERE } = sent
  const condition = usesUser(sent.type?.if) ? sent.type?.if : undefined
  const { timing } = sent
  return (recipient) => {
    const { user, addressed, profile, zone = 'UTC', erased } = recipient
    if (addressed.length === 0) return nothing(end(now, 'sender', 'not_recipient', 'to'))
    if (nobody) return nothing(nobody)
    const path = exclusion(user)
    if (path !== undefined) return nothing(end(now, 'sender', 'excluded', path))
    if (erased) return nothing(endOfErased(now))
    const time = timing && deliveryTime(timing, zone)
    const untimely = timing && time && timeDecision(timing, time, now)
    if (untimely) return nothing(untimely)
    const failed = unmet(condition, { data, user: { id: user, profile }, tenancy })
    if (failed) return nothing(conditionEnd(now, failed))
    const planned = planningFor(recipient)(recipient)
    return time ? { ...planned, time: { ...time, at: Math.max(time.at, timing.asked) } } : planned
  }
}

/** Plans a notification for one recipient. Pure. */
export const plan = ({ recipient, now, ...sent }: Sent & { recipient: Recipient; now: number }): Planned =>
  planning(sent, now)(recipient)

/** Returns the time at which a recipient is due, in epoch ms; undefined if it is due now. */
export const waitOf = ({ decisions }: Planned): number | undefined => {
  const last = decisions.at(-1)
  return last?.outcome === 'wait' ? last.until : undefined
}

/** Returns the decision that ends everything for a recipient, if there is one. */
export const endOf = ({ decisions }: Planned): Decision | undefined => {
  const last = decisions.at(-1)
  return last?.outcome === 'end' ? last : undefined
}
