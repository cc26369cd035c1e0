import { createAnnounced } from './announced.ts'

/** How long a tab keeps what another one should announce, in ms, in case that one closes before it does. */
const KEEP_MS = 10_000
/** Maximum number of items that a tab keeps. */
const KEPT_MAX = 100

/**
 * Announces each item in one tab, the leader, and once. A tab that takes the lead announces what it received shortly before, unless
 * the former leader did.
 */
export const createAnnouncements = <Item extends { id: string }>(announce: (item: Item) => void) => {
  let isFirst = (_id: string) => true
  let leads = true
  let kept: { item: Item; name: string; since: number }[] = []

  /** `name`: what is announced once; another one for each version of an item that rings again. */
  const add = (item: Item, name = item.id) => {
    if (leads && isFirst(name)) announce(item)
    if (!leads) kept = [...kept, { item, name, since: Date.now() }].slice(-KEPT_MAX)
  }

  return {
    add,
    /** From now on, tabs with this name announce together, and only the leader does. */
    share(name: string) {
      isFirst = createAnnounced(name)
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
