import type { InboxItem } from '@carillon/schemas'

/** Maximum number of remembered item ids. */
const KNOWN_MAX = 2_000

/** Announces an item, unless this name was announced before. The name defaults to the id of the item. */
export type Announce = (item: InboxItem, name?: string) => void

/** Handles items the first time they arrive: acknowledges them to the hub and announces those that are new to the user. */
export const createArrivals = (acknowledge: (ids: readonly string[]) => void, announce: Announce) => {
  const known = new Set<string>()
  /** Handles items, oldest first. Items that are known, silent or not `isNews` are not announced. */
  return (items: readonly InboxItem[], isNews: (item: InboxItem) => boolean) => {
    const fresh = items.filter(({ id }) => !known.has(id))
    for (const { id } of fresh) known.add(id)
    for (const id of known) if (known.size > KNOWN_MAX) known.delete(id)
    acknowledge(fresh.filter(({ receivedAt }) => !receivedAt).map(({ id }) => id))
    for (const item of fresh) if (!item.silent && isNews(item)) announce(item)
  }
}
