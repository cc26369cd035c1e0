import type { InContext } from '@carillon/core/contexts/in-context'
import { ownIn } from '@carillon/core/preferences/documents'
import type { Addressed } from '@carillon/core/routing/addressees'
import type { Decision } from '@carillon/core/routing/decision'
import { needsZones } from '@carillon/core/routing/delivery-time'
import { endOf, type Planned, planning, waitOf } from '@carillon/core/routing/plan'
import { subjectOf } from '@carillon/core/routing/preference'
import type { DecisionEntry } from '@carillon/core/store/ports/decisions'
import { EVERYBODY } from '@carillon/core/store/rules/decision-rows'
import { localeAndZone } from '@carillon/core/template/locale-and-zone'
import type { Pinned, Ready } from '../intake/ready.ts'
import type { PersonFacts } from './person-facts.ts'
import type { Chosen } from './preferences.ts'
import { USERS_KEPT } from './record.ts'

/** The plan for one user. `topics`: the topics that address the user, if nothing else does. */
export type PlannedRecipient = { user: string; planned: Planned; topics?: readonly string[] }

/** One notification, and the plans of some of its recipients. `unnamed`: no record names them. */
export type RecipientBatch = Pinned & { recipients: readonly PlannedRecipient[]; unnamed: boolean }

/** A recipient whose local time lies ahead. `at`: that time, epoch ms. */
export type Waiting = { user: string; at: number; addressed: readonly Addressed[] }

/** The people who get a notification now, those who wait for their local time, and the decisions about the others. */
export type PlannedPeople = { batch: RecipientBatch; waiting: Waiting[]; against: DecisionEntry[] }

/** People, each with the ways in which they are addressed. */
export type People = Iterable<readonly [user: string, addressed: readonly Addressed[]]>

/** Returns the ledger entry of a decision. */
export const decisionEntry = (
  { id, toAudience }: Pick<Ready, 'id' | 'toAudience'>,
  user: string,
  decision: Decision,
): DecisionEntry => ({ notification: id, user, toAudience, decision })

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

/** The input of planning. `partial`: some users may be addressed in more ways than known. */
export type PlanFacts = Chosen &
  PersonFacts & {
    tenancy: InContext
    now: number
    partial: boolean
    /** The instant for which they are looked at, if not that of the notification, epoch ms. */
    asked?: number
    /** Whether no record names the users. Defaults to whether there are more than a record can name. */
    unnamed?: boolean
  }

/** Returns the times of a notification, if one is local. */
const timingOf = ({ ready, type }: Pinned, asked = ready.at) => {
  const { deliverAt, expiresAt, late } = ready.notification
  if (!needsZones({ deliverAt, expiresAt })) return {}
  return { timing: { deliverAt, expiresAt, late, expiresAfter: type?.expiresAfter, asked } }
}

const NOBODY = { profile: {} }

/**
 * Plans a notification for users. The data for the decisions is loaded before, in one batch. A decision of the
 * defaults is recorded once for all users whom the record names. Pure.
 */
export const planRecipients = (pinned: Pinned, people: People, facts: PlanFacts): PlannedPeople => {
  const { ready, type } = pinned
  const { own, locked, people: known, now, asked, tenancy, partial } = facts
  const { notification, expiresAt } = ready
  const subject = subjectOf(notification.type, type, notification.category, locked)
  const split = { tenant: ready.tenant, type: notification.type }
  const timing = timingOf(pinned, asked)
  const sent = { notification, type, split, expiresAt, subject, tenancy, partial, ...timing }
  const planFor = planning(sent, now)
  const topicsOf = topicsAlone()
  const recipients: PlannedRecipient[] = []
  const waiting: Waiting[] = []
  const against: DecisionEntry[] = []
  let byDefault: Decision | undefined
  for (const [user, addressed] of people) {
    const preferences = ownIn(own.get(user), notification.context)
    const person = known?.get(user) ?? NOBODY
    const zone = timing.timing && localeAndZone(person, tenancy.settings, now).timezone
    const planned = planFor({ user, addressed, preferences, profile: known?.get(user)?.profile, zone })
    const at = waitOf(planned)
    const undone = at === undefined ? endOf(planned) : planned.decisions.at(-1)
    if (undone) {
      against.push(decisionEntry(ready, user, undone))
      if (at !== undefined) waiting.push({ user, at, addressed })
      continue
    }
    const preferred = planned.decisions.find(({ stage }) => stage === 'preference')
    if (preferred && preferences) against.push(decisionEntry(ready, user, preferred))
    else byDefault ??= preferred
    const topics = planned.steps.length > 0 ? topicsOf(addressed) : undefined
    recipients.push(topics ? { user, planned, topics } : { user, planned })
  }
  const unnamed = facts.unnamed ?? (ready.toAudience || recipients.length + waiting.length > USERS_KEPT)
  if (unnamed) against.push(...withoutItem(ready, recipients))
  else if (byDefault) against.push(decisionEntry(ready, EVERYBODY, byDefault))
  return { batch: { ready, type, recipients, unnamed }, waiting, against }
}
