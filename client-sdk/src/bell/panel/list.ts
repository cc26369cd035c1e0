import type { InboxItem } from '@carillon/schemas'
import type { Client } from '../../client/client.ts'
import type { Feed, FeedSnapshot } from '../../feed/feed.ts'
import { isActive } from '../../inbox/counts.ts'
import { placeOf } from '../../inbox/query.ts'
import { createGroups } from './groups.ts'
import { isCard, type Rows, rowsOf } from './rows.ts'
import { arrange, NOTHING_SHOWN } from './shown.ts'
import { ALL, type Tab } from './tabs.ts'

/** Creates the list of the chosen tab. It follows the feed of the tab without moving items under the pointer. */
export const createList = (
  client: Client,
  update: () => void,
  /** Returns whether announcements can be cards above the list. Called while there are some. */
  hasCards: () => boolean,
) => {
  let tab = ALL
  let feed: Feed
  let snapshot: FeedSnapshot
  let shown = NOTHING_SHOWN
  let unsubscribe = () => {}
  /** Whether the pointer, focus, a selection or a menu is in the list, or it is scrolled. */
  let engaged = false
  /** The place of the newest item that had been seen when the list was opened. Unseen items are above it. */
  let divider: string | undefined
  /** Items that are about to be deleted, unless the user undoes it. */
  const hidden = new Set<string>()
  /** Computed on demand. */
  let rows: Rows | undefined

  const changed = () => {
    rows = undefined
    update()
  }
  const groups = createGroups(client, () => tab, changed)
  const rowsNow = () => {
    rows ??= rowsOf({
      items: hidden.size > 0 ? shown.items.filter(({ id }) => !hidden.has(id)) : shown.items,
      membersOf: (item) => groups.members(item).filter(({ id }) => !hidden.has(id)),
      divider,
      hasCards: tab === ALL && shown.items.some(isCard) && hasCards(),
    })
    return rows
  }

  /** An item that was read stays in the list of unread items until another tab is chosen. */
  const held = (id: string) => {
    const item = client.item(id)
    return tab.query.status === 'unread' && isActive(item, client.now()) ? item : undefined
  }
  const follow = (mayInsert = !engaged) => {
    snapshot = feed.getSnapshot()
    if (snapshot.status !== 'ready') return changed()
    shown = arrange(shown, snapshot.items, held, mayInsert)
    divider ??= placeOf(shown.items.find((item) => item.seenAt !== null))
    changed()
  }
  const open = () => {
    feed = client.feed(tab.query)
    shown = NOTHING_SHOWN
    divider = undefined
    snapshot = feed.getSnapshot()
    unsubscribe = feed.subscribe(() => follow())
  }
  const close = () => {
    unsubscribe()
    groups.clear()
    feed.close()
  }
  open()

  return {
    ...{ groups, hidden: hidden as ReadonlySet<string> },
    /** Computes the rows again. */
    changed,
    get tab() {
      return tab
    },
    get feed() {
      return feed
    },
    get status() {
      return snapshot.status
    },
    get hasMore() {
      return snapshot.hasMore
    },
    /** Whether the last load failed. */
    get hasFailed() {
      return snapshot.error !== null
    },
    /** The announcements that are cards above the list. */
    get cards(): readonly InboxItem[] {
      return rowsNow().cards
    },
    get rows() {
      return rowsNow().rows
    },
    /** The items of the rows. */
    get items(): readonly InboxItem[] {
      return rowsNow().items
    },
    /** The ids of the rows. */
    get ids(): readonly string[] {
      return rowsNow().items.map(({ id }) => id)
    },
    /** The number of items that wait to be inserted. */
    get waiting() {
      return shown.waiting.length
    },
    choose(next: Tab) {
      close()
      tab = next
      open()
      follow()
    },
    /** Sets whether the user is busy with the list. Arrivals then wait. */
    engage(now: boolean) {
      engaged = now
      if (!engaged && shown.waiting.length > 0) follow()
    },
    /** Inserts the items that wait. */
    insert: () => follow(true),
    /** Begins a new session of the panel. Items that have been seen are below the divider. */
    reopen() {
      shown = NOTHING_SHOWN
      divider = undefined
      follow(true)
    },
    hide(items: readonly InboxItem[], hide: boolean) {
      for (const { id } of items) hide ? hidden.add(id) : hidden.delete(id)
      changed()
    },
    close,
  }
}
export type List = ReturnType<typeof createList>
