import { rememberAnnounced } from './announced-ids.ts'

/** How long a tab keeps items that the leader should announce, in ms, in case the leader closes first. */
const KEEP_MS = 10_000
/** Maximum number of items that a tab keeps. */
const KEPT_MAX = 100

/**
 * Announces each item once, in the leading tab. A new leader announces the items that it received shortly before, unless the
 * former leader did.
 */
export const announceOnce = <Item extends { id: string }>(announce: (item: Item) => void) => {
  let isFirst = (_id: string) => true
  let leads = true
  let kept: { item: Item; name: string; since: number }[] = []

  /** `name` is announced once. Each version of an item that alerts again has another one. */
  const add = (item: Item, name = item.id) => {
    if (!leads) kept = [...kept, { item, name, since: Date.now() }].slice(-KEPT_MAX)
    else if (isFirst(name)) announce(item)
  }

  return {
    add,
    /** Shares announcements with the tabs of this name. From now on, only the leader announces. */
    share(name: string) {
      isFirst = rememberAnnounced(name)
      leads = false
    },
    lead(now: boolean) {
      leads = now
      if (!leads) return
      const recent = kept.filter(({ since }) => Date.now() - since < KEEP_MS)
      kept = []
      for (const { item, name } of recent) add(item, name)
    },
  }
}
