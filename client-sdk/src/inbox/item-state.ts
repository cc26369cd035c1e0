import type { InboxItem, ItemState } from '@carillon/schemas'

/** Returns the item after the change. The first time of a read, seen, archived or action state is kept. */
export const withChange = (item: InboxItem, change: Partial<ItemState>): InboxItem => {
  const next = { ...item, ...change, acted: { ...change.acted, ...item.acted } }
  for (const cell of ['readAt', 'seenAt', 'archivedAt', 'clickedAt'] as const)
    if (next[cell]) next[cell] = item[cell] ?? next[cell]
  return next
}

/** Whether the user has done nothing with the item. A redelivered item never has state. */
export const hasNoState = ({ receivedAt, seenAt, readAt, archivedAt, snoozedUntil }: ItemState): boolean =>
  !(receivedAt || seenAt || readAt || archivedAt || snoozedUntil)
