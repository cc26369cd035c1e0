import type { Counts } from '@carillon/schemas'
import { nextMoment, sameCounts } from './items.ts'
import { type Items, overlay, type State } from './state.ts'
import { createStore, type Store } from './store.ts'
import { createTimer } from './timing.ts'

export type View = { items: Items; counts: Counts }

/** The timer below cannot wait for ever. */
const DAY_MS = 86_400_000

/**
 * What a person sees of the state. It is made anew when items, counts or ops change, and when an item wakes or
 * expires by itself: then `turned` is called, because the hub's counts have changed without a word.
 */
export const createView = (state: Store<State>, turned: () => void) => {
  let seen = state.getSnapshot()
  const view = createStore<View>(overlay(seen, 0))
  const timer = createTimer()

  const update = () => {
    const now = Date.now()
    const { items, counts } = overlay(seen, now)
    const before = view.getSnapshot().counts
    view.set({ items, counts: sameCounts(before, counts) ? before : counts })
    const wait = nextMoment(items.values(), now) - now
    timer.set(
      () => {
        update()
        turned()
      },
      Math.min(wait, DAY_MS),
    )
  }

  const off = state.subscribe(() => {
    const { items, pending, counts } = seen
    seen = state.getSnapshot()
    if (items !== seen.items || pending !== seen.pending || counts !== seen.counts) update()
  })
  return {
    ...view,
    close() {
      off()
      timer.clear()
    },
  }
}
