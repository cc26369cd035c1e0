import type { Counts, InboxItem, InboxStatus, ItemState } from '@carillon/schemas'

/** Which items a feed lists. */
export type Query = { status: InboxStatus; category?: string | undefined; tag?: string | undefined }

export const NONE: Counts = { unread: 0, unseen: 0 }

const snoozed = ({ snoozedUntil }: ItemState, now: number) =>
  snoozedUntil !== null && Date.parse(snoozedUntil) > now
const expired = ({ expiresAt }: InboxItem, now: number) =>
  expiresAt !== undefined && Date.parse(expiresAt) <= now

export const isActive = (item: InboxItem, now: number): boolean =>
  item.archivedAt === null && !snoozed(item, now) && !expired(item, now)

/** Whether the hub would list the item under the query. `now` is epoch ms. */
export const matches = (item: InboxItem, { status, category, tag }: Query, now: number): boolean => {
  if (category !== undefined && item.category !== category) return false
  if (tag !== undefined && !item.tags?.includes(tag)) return false
  if (status === 'archived') return item.archivedAt !== null && !expired(item, now)
  if (status === 'snoozed') return item.archivedAt === null && snoozed(item, now) && !expired(item, now)
  if (!isActive(item, now)) return false
  if (status === 'unread') return item.readAt === null
  if (status === 'unseen') return item.seenAt === null
  return status === 'active' || item.readAt !== null
}

/** What the item adds to the counts; an item that is not there adds nothing. */
export const weight = (item: InboxItem | undefined, now: number): Counts =>
  item && isActive(item, now)
    ? { unread: item.readAt === null ? 1 : 0, unseen: item.seenAt === null ? 1 : 0 }
    : NONE

/** Counts after something that weighed `before` came to weigh `after`; never below zero. */
export const shifted = (counts: Counts, before: Counts, after: Counts): Counts => ({
  unread: Math.max(0, counts.unread + after.unread - before.unread),
  unseen: Math.max(0, counts.unseen + after.unseen - before.unseen),
})

export const sameCounts = (a: Counts, b: Counts): boolean => a.unread === b.unread && a.unseen === b.unseen

/** The item with cells that the hub reported; `acted` adds to what is there. */
export const withState = (item: InboxItem, change: Partial<ItemState>): InboxItem => ({
  ...item,
  ...change,
  acted: { ...item.acted, ...change.acted },
})

/** The item as our own change will leave it: what is already read, seen or archived keeps its time. */
export const withChange = (item: InboxItem, change: Partial<ItemState>): InboxItem => {
  const kept: Partial<ItemState> = {}
  for (const cell of ['readAt', 'seenAt', 'archivedAt'] as const)
    if (item[cell] !== null && change[cell]) kept[cell] = item[cell]
  return withState(item, { ...change, ...kept })
}

/** A dispatcher that sends an item again knows nothing of what its user did with it since. */
export const hasNoState = (item: InboxItem): boolean =>
  !item.receivedAt &&
  !item.seenAt &&
  !item.readAt &&
  !item.archivedAt &&
  !item.snoozedUntil &&
  Object.keys(item.acted).length === 0

export const stateOf = ({
  receivedAt,
  seenAt,
  readAt,
  archivedAt,
  snoozedUntil,
  acted,
}: InboxItem): ItemState => ({
  receivedAt,
  seenAt,
  readAt,
  archivedAt,
  snoozedUntil,
  acted,
})

/** When, after `now`, the first of the items wakes or expires by itself; Infinity if none does. */
export const nextMoment = (items: Iterable<InboxItem>, now: number): number => {
  let next = Number.POSITIVE_INFINITY
  for (const { snoozedUntil, expiresAt } of items)
    for (const time of [snoozedUntil, expiresAt]) {
      const at = time ? Date.parse(time) : 0
      if (at > now && at < next) next = at
    }
  return next
}
