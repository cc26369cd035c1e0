import type { Addressed } from '@carillon/core/routing/addressees'
import type { Decision } from '@carillon/core/routing/decision'
import { endOf, type Planned, planning } from '@carillon/core/routing/plan'
import type { DecisionEntry } from '@carillon/core/store/ports/decisions'
import type { Pinned, Ready } from '../intake/ready.ts'

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
  return { portion: { ready, type, recipients }, against }
}
