import type { Counts, EffectivePreferences } from '@carillon/schemas'
import type { Client } from '../../client/client.ts'
import { NONE, shifted, weight } from '../../inbox/counts.ts'
import type { List } from './list.ts'
import { namesOf, type Tab, UNREAD } from './tabs.ts'

/** Keeps the names and the unread counts of the user's categories up to date while the panel is open. */
export const createCategories = (
  { preferences, countsBy, counts: all, item, now }: Client,
  list: List,
  update: () => void,
) => {
  const counts = countsBy('category')
  let off: (() => void)[] = []
  let known: EffectivePreferences | undefined
  let names = namesOf(known)

  return {
    get names() {
      const { effective } = preferences.getSnapshot()
      if (effective !== known) {
        known = effective
        names = namesOf(known)
      }
      return names
    },
    /** Returns the counts of a tab that may have unread items, without those that are about to be deleted. */
    countOf(tab: Tab): Counts | undefined {
      const { category = '' } = tab.query
      let left = tab === UNREAD ? all.getSnapshot() : counts.getSnapshot().get(category)
      for (const id of list.hidden) {
        const hidden = item(id)
        // A folded group counts as one item until it is deleted.
        if (left && (!category || category === hidden?.category))
          left = shifted(left, weight(hidden, now()), NONE)
      }
      return left
    },
    /** Subscribes to changes, unless it is subscribed. */
    start() {
      if (off.length === 0) off = [preferences.subscribe(update), counts.subscribe(update)]
    },
    stop() {
      for (const each of off.splice(0)) each()
    },
  }
}
