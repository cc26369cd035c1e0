import type { Counts, InboxCounts } from '@carillon/schemas'
import type { InboxApi } from '../http/inbox-api.ts'
import type { View } from '../inbox/optimistic-view.ts'
import type { State } from '../inbox/state.ts'
import { createStore, type Readable } from '../store/store.ts'
import type { Clock } from '../timing/clock.ts'
import { createTimer } from '../timing/timer.ts'
import type { Timing } from '../timing/timing.ts'
import { since } from './since.ts'

/** The counts of each value of a label that an unread item has. Empty until the first fetch. */
export type CountsBy = Readable<ReadonlyMap<string, Counts>>

/** A label by which the hub counts items. */
export type CountLabel = keyof NonNullable<InboxCounts['by']>

/**
 * Keeps counts by label up to date while somebody is subscribed: fetches them after each change of the inbox, one request at a
 * time. A failed fetch is repeated. Until the next fetch, they follow the items that changed, as the counts of the inbox do.
 */
export const createCountsBy = (
  label: CountLabel,
  {
    api,
    view,
    state,
    timing,
    clock,
  }: {
    api: Pick<InboxApi, 'countsBy'>
    view: Readable<View>
    state: Readable<State>
    timing: Timing
    clock: Clock
  },
): CountsBy => {
  const counts = createStore<ReadonlyMap<string, Counts>>(new Map())
  const timer = createTimer()
  let subscribers = 0
  let running = false
  /** The state of the inbox at the last fetch. */
  let fetched: View | undefined
  /** What the last fetch returned, and the state that it was of. */
  let base: { counts: ReadonlyMap<string, Counts>; view: View } | undefined
  let off = () => {}

  /** The hub's counts are asked for after pending actions. */
  const isPending = () => state.getSnapshot().pending.length > 0
  const show = () => {
    if (base) counts.set(since(label, base.counts, base.view.items, view.getSnapshot().items, clock.now()))
  }
  const run = async () => {
    running = true
    const seen = view.getSnapshot()
    fetched = seen
    let wait = timing.straggler
    try {
      const { by } = await api.countsBy(label)
      base = { counts: new Map(Object.entries(by?.[label] ?? {})), view: seen }
      if (subscribers > 0) show()
    } catch {
      // The client reports the error, because it fetches the inbox as well.
      fetched = undefined
      wait = timing.retryMax
    }
    running = false
    later(wait)
  }
  const later = (wait = timing.straggler) => {
    if (running || subscribers === 0 || timer.waits() || isPending()) return
    if (view.getSnapshot() !== fetched) timer.set(run, wait)
  }

  return {
    getSnapshot: counts.getSnapshot,
    subscribe(listener) {
      const remove = counts.subscribe(listener)
      if (subscribers++ === 0) {
        off = view.subscribe(() => {
          show()
          later()
        })
      }
      later()
      return () => {
        remove()
        if (--subscribers > 0) return
        off()
        timer.clear()
      }
    },
  }
}
