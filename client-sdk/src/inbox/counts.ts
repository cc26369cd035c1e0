import type { Counts, InboxItem } from '@carillon/schemas'
import { countsOf } from '@carillon/schemas/item-rules'
import { type Maybe, matches } from './query.ts'

export const NONE: Counts = { unread: 0, unseen: 0 }

/** Reports whether the item counts: it is neither archived, snoozed nor expired. */
export const isActive = (item: Maybe, now: number): item is InboxItem =>
  matches(item, { status: 'active' }, now)

/** Returns what the item adds to the counts. */
export const weight = (item: Maybe, now: number): Counts =>
  isActive(item, now) ? { unread: item.readAt === null ? 1 : 0, unseen: item.seenAt === null ? 1 : 0 } : NONE

/** Returns the counts after an item changed its weight from `before` to `after`. Counts with `more` stay as they are. */
export const shifted = (counts: Counts, before: Counts, after: Counts): Counts =>
  counts.more
    ? counts
    : countsOf(
        Math.max(0, counts.unread + after.unread - before.unread),
        Math.max(0, counts.unseen + after.unseen - before.unseen),
      )

export const sameCounts = (a: Counts, b: Counts): boolean =>
  a.unread === b.unread && a.unseen === b.unseen && a.more === b.more
