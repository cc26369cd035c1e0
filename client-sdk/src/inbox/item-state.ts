import type { InboxItem, ItemState } from '@carillon/schemas'

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
