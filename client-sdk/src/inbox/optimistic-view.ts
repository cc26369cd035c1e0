import type { Counts } from '@carillon/schemas'
import { createStore, type Store } from '../store/store.ts'
import type { Clock } from '../timing/clock.ts'
import { createTimer } from '../timing/timer.ts'
import { sameCounts } from './counts.ts'
import type { Items, State } from './state.ts'
import { nextWakeOrExpiry } from './wake-and-expire.ts'

export type View = { items: Items; counts: Counts }

/** Applies the pending operations. */
export type Overlay = (state: State, now: number) => State

/**
 * The state with the pending operations applied. It is recomputed when the state changes, and when an item
 * wakes or expires. `turned` is called in the latter case, because the hub sends no message for the changed
 * counts.
 */
export const createView = (
  state: Store<State>,
  {
    clock,
    overlay,
    turned,
  }: {
    clock: Clock
    /** Undefined before the first action. */
    overlay: () => Overlay | undefined
    turned: () => void
  },
) => {
  const view = createStore<View>(state.getSnapshot())
  const timer = createTimer()

  const update = () => {
    const now = clock.now()
    const known = state.getSnapshot()
    const { items, counts } = overlay()?.(known, now) ?? known
    const before = view.getSnapshot().counts
    view.set({ items, counts: sameCounts(before, counts) ? before : counts })
    timer.set(() => {
      update()
      turned()
    }, nextWakeOrExpiry(items.values(), now) - now)
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
