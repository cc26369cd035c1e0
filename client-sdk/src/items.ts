import type { Counts, InboxItem, InboxStatus, ItemState } from '@carillon/schemas'
import { countsOf, hasLabels, hasStatus, type ItemFilter } from '@carillon/schemas/item-rules'

/** Which items a feed lists. */
export type Query = { status: InboxStatus } & ItemFilter

/** Where an item stands in every list: the hub lists by arrival, then by id. A later item has a greater place; none has ''. */
export const placeOf = (item: Maybe): string => (item ? `${item.arrivedAt}${item.id}` : '')

export const NONE: Counts = { unread: 0, unseen: 0 }

const expired = ({ expiresAt = '' }: InboxItem, now: number) => Date.parse(expiresAt) <= now

/** An item that is not there is in no list and weighs nothing. */
type Maybe = InboxItem | null | undefined

/** Whether the hub would list the item under the query. `now` is epoch ms. */
export const matches = (item: Maybe, { status, ...filter }: Query, now: number): item is InboxItem =>
  !!item && !expired(item, now) && hasLabels(item, filter) && hasStatus(status, item, now)

const isActive = (item: Maybe, now: number): item is InboxItem => matches(item, { status: 'active' }, now)

/** What the item adds to the counts. */
export const weight = (item: Maybe, now: number): Counts =>
  isActive(item, now) ? { unread: item.readAt === null ? 1 : 0, unseen: item.seenAt === null ? 1 : 0 } : NONE

/** Counts after something that weighed `before` came to weigh `after`. What the hub does not count exactly stays. */
export const shifted = (counts: Counts, before: Counts, after: Counts): Counts =>
  counts.more
    ? counts
    : countsOf(
        Math.max(0, counts.unread + after.unread - before.unread),
        Math.max(0, counts.unseen + after.unseen - before.unseen),
      )

export const sameCounts = (a: Counts, b: Counts): boolean =>
  a.unread === b.unread && a.unseen === b.unseen && a.more === b.more

/** The item as a change leaves it: what is already read, seen, archived or acted on keeps its time. */
export const withChange = (item: InboxItem, change: Partial<ItemState>): InboxItem => {
  const next = { ...item, ...change, acted: { ...change.acted, ...item.acted } }
  for (const cell of ['readAt', 'seenAt', 'archivedAt'] as const)
    if (next[cell]) next[cell] = item[cell] ?? next[cell]
  return next
}

/** A dispatcher that sends an item again knows nothing of what its user did with it since. */
export const hasNoState = ({ receivedAt, seenAt, readAt, archivedAt, snoozedUntil }: ItemState): boolean =>
  !(receivedAt || seenAt || readAt || archivedAt || snoozedUntil)

const DAY_MS = 86_400_000

/** When, after `now`, the first of the items wakes or expires by itself; a day from now at the latest. */
export const nextMoment = (items: Iterable<InboxItem | null>, now: number): number =>
  Math.min(
    now + DAY_MS,
    ...[...items]
      .flatMap((item) => [item?.snoozedUntil, item?.expiresAt])
      .map((time) => Date.parse(time ?? ''))
      .filter((time) => time > now),
  )
