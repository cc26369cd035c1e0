import type { View } from './feed.ts'
import { nextMoment } from './items.ts'
import { overlay, type State } from './state.ts'
import { createStore, type Readable, type Store } from './store.ts'

/** Timers cannot wait longer than 2^31 ms. */
const LONGEST_MS = 86_400_000

/**
 * What a person sees of the state, kept while neither items nor ops change. Items that wake or expire by
 * themselves make it new; `turned` is called then.
 */
export const createView = (state: Store<State>, turned: () => void) => {
  const view = createStore<View>(overlay(state.getSnapshot(), Date.now()))
  let seen = state.getSnapshot()
  let timer: ReturnType<typeof setTimeout> | undefined

  const update = () => {
    const { items, counts } = overlay(seen, Date.now())
    const before = view.getSnapshot()
    const same = before.counts.unread === counts.unread && before.counts.unseen === counts.unseen
    view.set({ items, counts: same ? before.counts : counts })
    clearTimeout(timer)
    const now = Date.now()
    const next = nextMoment(items.values(), now)
    if (next === Number.POSITIVE_INFINITY) return
    timer = setTimeout(
      () => {
        update()
        if (Date.now() >= next) turned()
      },
      Math.min(next - now + 1, LONGEST_MS),
    )
  }

  const off = state.subscribe(() => {
    const now = state.getSnapshot()
    const same = now.items === seen.items && now.pending === seen.pending && now.counts === seen.counts
    seen = now
    if (!same) update()
  })
  return {
    view: view as Readable<View>,
    close() {
      off()
      clearTimeout(timer)
    },
  }
}
