import type { Counts, InboxItem, InboxStatus, ItemState } from '@carillon/schemas'

/** Which items a feed lists. */
export type Query = { status: InboxStatus; category?: string | undefined; tag?: string | undefined }

export const NONE: Counts = { unread: 0, unseen: 0 }

const isAfter = (time: string | null | undefined, now: number) => !!time && Date.parse(time) > now
const snoozed = (item: ItemState, now: number) => isAfter(item.snoozedUntil, now)
const expired = (item: InboxItem, now: number) => !!item.expiresAt && !isAfter(item.expiresAt, now)

/** An item that is not there is in no list and weighs nothing. */
type Maybe = InboxItem | null | undefined

export const isActive = (item: Maybe, now: number): item is InboxItem =>
  !!item && item.archivedAt === null && !snoozed(item, now) && !expired(item, now)

/** Whether the hub would list the item under the query. `now` is epoch ms. */
export const matches = (item: Maybe, { status, category, tag }: Query, now: number): item is InboxItem => {
  if (!item || expired(item, now)) return false
  if (category && item.category !== category) return false
  if (tag && !item.tags?.includes(tag)) return false
  if (status === 'archived') return item.archivedAt !== null
  if (status === 'snoozed') return item.archivedAt === null && snoozed(item, now)
  if (!isActive(item, now)) return false
  if (status === 'unread') return item.readAt === null
  if (status === 'unseen') return item.seenAt === null
  return status === 'active' || item.readAt !== null
}

/** What the item adds to the counts. */
export const weight = (item: Maybe, now: number): Counts =>
  isActive(item, now) ? { unread: item.readAt === null ? 1 : 0, unseen: item.seenAt === null ? 1 : 0 } : NONE

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

/** The item as our own change will leave it: what is already read, seen, archived or acted on keeps its time. */
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
