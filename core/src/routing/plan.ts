import type { InboxMode, Notification, Plan, StoredType, UserProfile } from '@carillon/schemas'
import type { Addressed } from './addressees.ts'
import type { Decider, Decision, Reason } from './decision.ts'
import { exclusionOf } from './exclusion.ts'

/** What is to be planned, and the version of its type that it was accepted under. */
export type Sent = {
  notification: Pick<Notification, 'exclude' | 'actor' | 'inbox' | 'plan'>
  type?: Pick<StoredType, 'inbox' | 'plan'>
  /** Nothing is delivered from then on, epoch ms. */
  expiresAt: number
  cancelled?: boolean
}

/** A person whom a notification is addressed to. */
export type Recipient = {
  user: string
  /** In every way in which it is. */
  addressed: readonly Addressed[]
  /** Only read if something that decides looks at it. */
  profile?: UserProfile
  /** They are erased, or were after it had been accepted. */
  erased?: boolean
}

/** What one person gets: an item or none, and the steps beyond it. */
export type Planned = {
  inbox: InboxMode
  variant?: string
  steps: Plan
  /** In order. If the last one's outcome is `end`, there is no item and no step. */
  decisions: readonly Decision[]
}

type Typed = Pick<Sent, 'notification' | 'type'>

/** The plan of a notification: its own, else its type's. */
export const planOf = ({ notification, type }: Typed): Plan => notification.plan ?? type?.plan ?? []

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
  return decision
}

const end = (at: number, by: Decider, reason: Reason, path?: string): Decision => ({
  ...{ at, stage: 'audience', outcome: 'end', by },
  ...(path === undefined ? {} : { path }),
  reason,
})

/** Returns why nobody gets a notification, whoever they are; undefined if people do. */
export const endForAll = (
  { cancelled, expiresAt }: Pick<Sent, 'cancelled' | 'expiresAt'>,
  now: number,
): Decision | undefined => {
  if (cancelled) return end(now, 'sender', 'cancelled')
  return expiresAt <= now ? end(now, 'sender', 'expired', 'expiresAt') : undefined
}

/** The decision about somebody who is erased, or was after the notification had been accepted. */
export const endOfErased = (now: number): Decision => end(now, 'tenant', 'erased')

/**
 * Prepares the planning of one notification, for any number of recipients. Everybody whom nothing sets apart gets the
 * same value, so that planning a large audience allocates nothing per person. Pure.
 */
export const planning = (sent: Sent, now: number): ((recipient: Recipient) => Planned) => {
  const exclusion = exclusionOf(sent.notification)
  const nobody = endForAll(sent, now)
  const nothing = (decision: Decision): Planned => ({ inbox: 'none', steps: [], decisions: [decision] })
  const everybody: Planned = {
    inbox: inboxOf(sent).inbox,
    steps: planOf(sent),
    decisions: [inboxDecision(sent, now)],
  }
  return ({ user, addressed, erased }) => {
    if (addressed.length === 0) return nothing(end(now, 'sender', 'not_recipient', 'to'))
    if (nobody) return nothing(nobody)
    const path = exclusion(user)
    if (path !== undefined) return nothing(end(now, 'sender', 'excluded', path))
    return erased ? nothing(endOfErased(now)) : everybody
  }
}

/** Plans a notification for one recipient. Pure. */
export const plan = ({ recipient, now, ...sent }: Sent & { recipient: Recipient; now: number }): Planned =>
  planning(sent, now)(recipient)

/** The decision that ends everything for a recipient, if one does. */
export const endOf = ({ decisions }: Planned): Decision | undefined => {
  const last = decisions.at(-1)
  return last?.outcome === 'end' ? last : undefined
}
