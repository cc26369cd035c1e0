import type { StateChange } from '@carillon/schemas'
import type { InboxPlace } from '../ports/inbox.ts'
import { comparePlaces } from './places.ts'
import { HINT_KINDS, type Hint, type Revival } from './rows.ts'

/** Returns the candidates of a hint and the revivals in its range, newest first, each item once. */
export const withRevivals = (
  { candidates, top, bottom }: Hint,
  revivals: readonly InboxPlace[],
): InboxPlace[] => {
  if (revivals.length === 0) return [...candidates]
  const all = new Map(candidates.map((each): [string, InboxPlace] => [each.id, each]))
  for (const { place, id } of revivals)
    if (place <= top && comparePlaces({ place, id }, bottom) >= 0) all.set(id, { place, id })
  return [...all.values()].sort((one, other) => comparePlaces(other, one))
}

const kindsOf = ({ archivedAt, readAt, seenAt, snoozedUntil }: StateChange): readonly Revival['kind'][] => {
  if (archivedAt === null) return HINT_KINDS
  if (snoozedUntil === null && archivedAt === undefined) return HINT_KINDS
  if (seenAt === null) return ['unread', 'unseen']
  return readAt === null ? ['unread'] : []
}

/**
 * Returns what a change at `at` may bring back into lists. This depends on the change alone, because a
 * concurrent change may have removed the item from a list in which this one still finds it.
 */
export const revivalsOf = ({ place, id }: InboxPlace, change: StateChange, at: number): Revival[] => {
  const revivals = kindsOf(change).map((kind): Revival => ({ kind, place, id, at }))
  const { snoozedUntil } = change
  return snoozedUntil ? [...revivals, { kind: 'snoozed', place, id, at: Date.parse(snoozedUntil) }] : revivals
}
