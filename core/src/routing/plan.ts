import type { InboxMode, Notification, Plan, StoredType, UserProfile } from '@carillon/schemas'
import type { Decider, Decision, Reason } from './decision.ts'

/** What is to be planned, and under which type it was accepted. */
export type Sent = {
  notification: Pick<Notification, 'exclude' | 'actor' | 'plan'> & { inbox?: InboxMode }
  type?: Pick<StoredType, 'plan'> & { inbox?: InboxMode }
  /** Nothing is delivered from then on, epoch ms. */
  expiresAt: number
  cancelled?: boolean
}

/** One way in which a notification is addressed to somebody. */
export type Addressed = { by: 'user' | 'everyone' } | { by: 'topic'; topic: string }

/** A person whom a notification is addressed to. */
export type Recipient = {
  user: string
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
  /** In order; the last one ends it if its outcome is `end`: there is no item, and no step. */
  decisions: readonly Decision[]
}

/** The plan of a notification: its own, else its type's. */
export const planOf = ({ notification, type }: Pick<Sent, 'notification' | 'type'>): Plan =>
  notification.plan ?? type?.plan ?? []

/** Whether there is to be an item, and who says so. */
export const inboxOf = ({
  notification,
  type,
}: Pick<Sent, 'notification' | 'type'>): { inbox: InboxMode; by: Decider } => {
  if (notification.inbox !== undefined) return { inbox: notification.inbox, by: 'sender' }
  return type?.inbox === undefined ? { inbox: 'shown', by: 'system' } : { inbox: type.inbox, by: 'type' }
}

const inboxDecision = (sent: Sent, at: number): Decision => {
  const { inbox, by } = inboxOf(sent)
  const decision = { at, stage: 'inbox', channel: 'inbox', by } as const
  const path = by === 'system' ? {} : { path: 'inbox' }
  if (inbox === 'none') return { ...decision, outcome: 'skip', ...path, reason: 'no_item' }
  return { ...decision, outcome: 'pass', ...path, ...(inbox === 'silent' ? { reason: 'silent' } : {}) }
}

const ended = (at: number, by: Decider, reason: Reason, path?: string): Planned => ({
  inbox: 'none',
  steps: [],
  decisions: [{ at, stage: 'audience', outcome: 'end', by, ...(path === undefined ? {} : { path }), reason }],
})

/**
 * Returns why nobody gets a notification at all, whoever they are; undefined if people do.
 */
export const over = ({ cancelled, expiresAt }: Pick<Sent, 'cancelled' | 'expiresAt'>, now: number) => {
  if (cancelled) return ended(now, 'sender', 'cancelled')
  return expiresAt <= now ? ended(now, 'sender', 'expired', 'expiresAt') : undefined
}

/**
 * Prepares the planning of one notification, for any number of recipients: the result is the same value for everybody
 * whom nothing sets apart, so planning a large audience allocates nothing per person. Pure.
 */
export const planning = (sent: Sent, now: number): ((recipient: Recipient) => Planned) => {
  const { exclude, actor } = sent.notification
  const excluded = new Set(exclude)
  const nobody = over(sent, now)
  const everybody: Planned = {
    inbox: inboxOf(sent).inbox,
    steps: planOf(sent),
    decisions: [inboxDecision(sent, now)],
  }
  return ({ user, addressed, erased }) => {
    if (addressed.length === 0) return ended(now, 'sender', 'not_recipient', 'to')
    if (nobody) return nobody
    if (excluded.has(user)) return ended(now, 'sender', 'excluded', 'exclude')
    if (actor?.user === user) return ended(now, 'sender', 'excluded', 'actor.user')
    if (erased) return ended(now, 'tenant', 'erased')
    return everybody
  }
}

/** Plans a notification for one recipient. Pure. */
export const plan = ({ recipient, now, ...sent }: Sent & { recipient: Recipient; now: number }): Planned =>
  planning(sent, now)(recipient)

/** The decision that ends everything for a recipient, if one does. */
export const endOf = ({ decisions }: Planned): Decision | undefined =>
  decisions.find(({ outcome }) => outcome === 'end')
