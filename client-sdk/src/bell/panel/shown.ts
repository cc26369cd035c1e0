import type { InboxItem } from '@carillon/schemas'
import { placeOf } from '../../inbox/query.ts'

/**
 * The items of an open list, newest first.
 *
 * - `waiting`: items that arrived and are not inserted yet, so that no row moves under the pointer.
 * - `top`: the place of the newest item that was inserted; undefined before the feed has loaded.
 */
export type Shown = {
  items: readonly InboxItem[]
  waiting: readonly InboxItem[]
  top: string | undefined
}

export const NOTHING_SHOWN: Shown = { items: [], waiting: [], top: undefined }

/**
 * Returns the list after the feed has changed. Items above `top` are inserted only if `mayInsert`. `held` returns an item that
 * left the feed and stays in the list, such as one that was read in the list of unread items.
 */
export const arrange = (
  { items, top }: Shown,
  feed: readonly InboxItem[],
  held: (id: string) => InboxItem | undefined,
  mayInsert: boolean,
): Shown => {
  const all = new Map(feed.map((item) => [item.id, item]))
  for (const { id } of items) {
    const item = all.has(id) ? undefined : held(id)
    if (item) all.set(id, item)
  }
  const sorted = [...all.values()]
  if (sorted.length > feed.length) sorted.sort((a, b) => (placeOf(a) < placeOf(b) ? 1 : -1))
  const inserts = mayInsert || top === undefined
  const known = inserts ? 0 : sorted.findIndex((item) => placeOf(item) <= top)
  const arrived = known < 0 ? sorted.length : known
  return {
    items: sorted.slice(arrived),
    waiting: sorted.slice(0, arrived),
    top: inserts ? placeOf(sorted[0]) : top,
  }
}
