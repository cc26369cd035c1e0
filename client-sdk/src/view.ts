import type { Counts } from '@carillon/schemas'
import { nextMoment, sameCounts } from './items.ts'
import { type Items, overlay, type State } from './state.ts'
import { createStore, type Store } from './store.ts'
import { createTimer } from './timing.ts'

export type View = { items: Items; counts: Counts }

/**
 * What a person sees of the state. It is made anew when the state changes, and when an item wakes or expires by
 * itself: then `turned` is called, because the hub's counts have changed without a word.
 */
export const createView = (state: Store<State>, turned: () => void) => {
  const view = createStore<View>(state.getSnapshot())
  const timer = createTimer()

  const update = () => {
    const now = Date.now()
    const { items, counts } = overlay(state.getSnapshot(), now)
    const before = view.getSnapshot().counts
    view.set({ items, counts: sameCounts(before, counts) ? before : counts })
    timer.set(() => {
      update()
      turned()
    }, nextMoment(items.values(), now) - now)
  }

  const off = state.subscribe(update)
  return {
    ...view,
    close() {
      off()
      timer.clear()
    },
  }
}
