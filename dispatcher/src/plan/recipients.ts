import type { Addressed } from '@carillon/core/routing/addressees'
import type { Decision } from '@carillon/core/routing/decision'
import { endOf, type Planned, planning } from '@carillon/core/routing/plan'
import type { DecisionEntry } from '@carillon/core/store/ports/decisions'
import type { Pinned, Ready } from '../intake/ready.ts'
import { USERS_KEPT } from './record.ts'

/** The plan of one recipient. */
export type PlannedRecipient = { user: string; planned: Planned }

/** One notification, and the plans of some of its recipients. */
export type Portion = Pinned & { recipients: readonly PlannedRecipient[] }

/** The recipients of a notification, and the decisions against other users. */
export type PlannedPeople = { portion: Portion; against: DecisionEntry[] }

/** Returns the ledger entry of a decision. */
export const decisionEntry = (
  { id, toAudience }: Pick<Ready, 'id' | 'toAudience'>,
  user: string,
  decision: Decision,
): DecisionEntry => ({ notification: id, user, toAudience, decision })

/** The decisions against an item for people whom no record names, and who leave no trace without one. */
const withoutItem = (ready: Ready, recipients: readonly PlannedRecipient[]): DecisionEntry[] =>
  ready.toAudience || recipients.length > USERS_KEPT
    ? recipients.flatMap(({ user, planned }) => {
        const skip = planned.inbox === 'none' && planned.decisions.find(({ outcome }) => outcome === 'skip')
        return skip ? [decisionEntry(ready, user, skip)] : []
      })
    : []

/**
 * Plans a notification for people, each with the ways in which they are addressed. What the decisions depend on is loaded
 * before, for all of them together. Pure.
 */
export const planRecipients = (
  { ready, type }: Pinned,
  people: Iterable<readonly [user: string, addressed: readonly Addressed[]]>,
  now: number,
): PlannedPeople => {
  const planFor = planning({ notification: ready.notification, type, expiresAt: ready.expiresAt }, now)
  const recipients: PlannedRecipient[] = []
  const against: DecisionEntry[] = []
  for (const [user, addressed] of people) {
    const planned = planFor({ user, addressed })
    const end = endOf(planned)
    if (end) against.push(decisionEntry(ready, user, end))
    else recipients.push({ user, planned })
  }
  against.push(...withoutItem(ready, recipients))
  return { portion: { ready, type, recipients }, against }
}
