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
  let kept: { item: Item; since: number }[] = []

  const add = (item: Item) => {
    if (leads && isFirst(item.id)) announce(item)
    if (!leads) kept = [...kept, { item, since: Date.now() }].slice(-KEPT_MAX)
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
      for (const { item } of recent) add(item)
    },
  }
}
