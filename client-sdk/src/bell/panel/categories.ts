import type { Counts, EffectivePreferences } from '@carillon/schemas'
import type { Client } from '../../client/client.ts'
import { namesOf } from './tabs.ts'

/** Keeps the names and the unread counts of the user's categories up to date while the panel is open. */
export const createCategories = ({ preferences, countsBy }: Client, update: () => void) => {
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
    /** Returns the counts of a category that has unread items. */
    countOf: (category = ''): Counts | undefined => counts.getSnapshot().get(category),
    /** Starts to follow changes, unless it has started already. */
    start() {
      if (off.length === 0) off = [preferences.subscribe(update), counts.subscribe(update)]
    },
    stop() {
      for (const each of off.splice(0)) each()
    },
  }
}
