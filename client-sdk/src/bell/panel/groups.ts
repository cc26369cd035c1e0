import type { InboxItem } from '@carillon/schemas'
import type { Client } from '../../client/client.ts'
import type { Feed } from '../../feed/feed.ts'
import { groupOf } from '../../inbox/groups.ts'
import type { Tab } from './tabs.ts'

/** Reports whether the item stands for others of its group. */
export const isGroup = ({ group }: InboxItem): boolean => (group?.count ?? 1) > 1

/** Tracks the unfolded groups of a list, each with a feed of its items. */
export const createGroups = (client: Client, tab: () => Tab, update: () => void) => {
  const feeds = new Map<string, { feed: Feed; off: () => void }>()

  const close = (key: string) => {
    const opened = feeds.get(key)
    feeds.delete(key)
    opened?.off()
    opened?.feed.close()
  }

  return {
    isUnfolded: (item: InboxItem) => feeds.has(groupOf(item) ?? ''),
    /** Reports whether an action on this item applies to its whole group, because the group is folded. */
    isWhole: (item: InboxItem) => isGroup(item) && !feeds.has(groupOf(item) ?? ''),
    toggle(item: InboxItem) {
      const key = groupOf(item)
      if (!key) return
      if (feeds.has(key)) close(key)
      else {
        const { status = 'active' } = tab().query
        const { context = '', type } = item
        const feed = client.feed({ status, group: item.group!.key, type, context })
        feeds.set(key, { feed, off: feed.subscribe(update) })
      }
      update()
    },
    /** Returns the items of an unfolded group after the one that stands for it, newest first. */
    members(item: InboxItem): readonly InboxItem[] {
      const opened = feeds.get(groupOf(item) ?? '')
      return opened?.feed.getSnapshot().items.filter(({ id }) => id !== item.id) ?? []
    },
    /** Returns the feed of an unfolded group, to load more of it. */
    feed: (item: InboxItem) => feeds.get(groupOf(item) ?? '')?.feed,
    clear() {
      for (const key of feeds.keys()) close(key)
    },
  }
}
