import type { InContext } from '@carillon/core/contexts/in-context'
import { ownIn } from '@carillon/core/preferences/documents'
import type { Addressed } from '@carillon/core/routing/addressees'
import type { Decision } from '@carillon/core/routing/decision'
import { endOf, type Planned, planning } from '@carillon/core/routing/plan'
import { subjectOf } from '@carillon/core/routing/preference'
import type { DecisionEntry } from '@carillon/core/store/ports/decisions'
import { EVERYBODY } from '@carillon/core/store/rules/decision-rows'
import type { Pinned, Ready } from '../intake/ready.ts'
import type { ConditionFacts } from './condition-facts.ts'
import type { Chosen } from './preferences.ts'
import { USERS_KEPT } from './record.ts'

/** What one person gets. `topics`: the topics through which it is addressed to them, if there is no other way. */
export type PlannedRecipient = { user: string; planned: Planned; topics?: readonly string[] }

/** One notification, and the plans of some of its recipients. */
export type Portion = Pinned & { recipients: readonly PlannedRecipient[] }

/** The people who get a notification, and the decisions about the others. */
export type PlannedPeople = { portion: Portion; against: DecisionEntry[] }

/** People, each with the ways in which they are addressed. */
export type People = Iterable<readonly [user: string, addressed: readonly Addressed[]]>

/** Returns the ledger entry of a decision. */
export const decisionEntry = (
  { id, toAudience }: Pick<Ready, 'id' | 'toAudience'>,
  user: string,
  decision: Decision,
): DecisionEntry => ({ notification: id, user, toAudience, decision })

/** Reports whether no record names the recipients. */
const isUnnamed = (ready: Ready, recipients: readonly PlannedRecipient[]): boolean =>
  ready.toAudience || recipients.length > USERS_KEPT

/** The decisions against an item for people whom no record names, and who leave no trace without one. */
const withoutItem = (ready: Ready, recipients: readonly PlannedRecipient[]): DecisionEntry[] =>
  recipients.flatMap(({ user, planned }) => {
    const skip = planned.inbox === 'none' && planned.decisions.find(({ outcome }) => outcome === 'skip')
    return skip ? [decisionEntry(ready, user, skip)] : []
  })

/** Returns a function that finds the topics of a user whom nothing but topics address. Many users share one list. */
const topicsAlone = () => {
  let last: { addressed: readonly Addressed[]; topics: readonly string[] | undefined } | undefined
  return (addressed: readonly Addressed[]): readonly string[] | undefined => {
    if (last?.addressed === addressed) return last.topics
    const topics = addressed.flatMap((way) => (way.by === 'topic' ? [way.topic] : []))
    last = { addressed, topics: topics.length === addressed.length ? topics : undefined }
    return last.topics
  }
}

/**
 * Plans a notification for people. What the decisions depend on is loaded before, for all of them together. `partial`: some
 * of them may be addressed in more ways than these. A decision of the defaults is recorded once for everybody whom the record names. Pure.
 */
export const planRecipients = (
  { ready, type }: Pinned,
  people: People,
  facts: Chosen & ConditionFacts & { tenancy: InContext; now: number; partial: boolean },
): PlannedPeople => {
  const { own, locked, profiles, now, ...shared } = facts
  const { notification, expiresAt } = ready
  const subject = subjectOf(notification.type, type, notification.category, locked)
  const split = { tenant: ready.tenant, type: notification.type }
  const planFor = planning({ notification, type, split, expiresAt, subject, ...shared }, now)
  const topicsOf = topicsAlone()
  const recipients: PlannedRecipient[] = []
  const against: DecisionEntry[] = []
  let byDefault: Decision | undefined
  for (const [user, addressed] of people) {
    const preferences = ownIn(own.get(user), notification.context)
    const planned = planFor({ user, addressed, preferences, profile: profiles?.get(user) })
    const end = endOf(planned)
    if (end) {
      against.push(decisionEntry(ready, user, end))
      continue
    }
    const preferred = planned.decisions.find(({ stage }) => stage === 'preference')
    if (preferred && preferences) against.push(decisionEntry(ready, user, preferred))
    else byDefault ??= preferred
    const topics = planned.steps.length > 0 ? topicsOf(addressed) : undefined
    recipients.push({ user, planned, ...(topics ? { topics } : {}) })
  }
  if (isUnnamed(ready, recipients)) against.push(...withoutItem(ready, recipients))
  else if (byDefault) against.push(decisionEntry(ready, EVERYBODY, byDefault))
  return { portion: { ready, type, recipients }, against }
}
