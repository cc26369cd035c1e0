import type { Counts, InboxCounts } from '@carillon/schemas'
import { asError, type CarillonError, isRefusal } from '../http/error.ts'
import type { InboxApi } from '../http/inbox-api.ts'
import type { View } from '../inbox/optimistic-view.ts'
import type { State } from '../inbox/state.ts'
import { createStore, type Readable } from '../store/store.ts'
import type { Clock } from '../timing/clock.ts'
import type { Timing } from '../timing/delays.ts'
import { createTimer } from '../timing/timer.ts'
import { adjustedCounts } from './adjusted-counts.ts'

/** The counts of unread items for each value of a label. Empty until the first fetch. */
export type CountsBy = Readable<ReadonlyMap<string, Counts>>

/** A label by which the hub counts items. */
export type CountLabel = keyof NonNullable<InboxCounts['by']>

/**
 * Keeps counts by label up to date while there is a subscriber. They are fetched after each change of the inbox, one request at
 * a time. A failed fetch is retried. Until the next fetch, they are adjusted by the items that changed.
 */
export const createCountsBy = (
  label: CountLabel,
  {
    api,
    view,
    state,
    timing,
    clock,
    fail,
  }: {
    api: Pick<InboxApi, 'countsBy'>
    view: Readable<View>
    state: Readable<State>
    timing: Timing
    clock: Clock
    fail: (error: CarillonError) => void
  },
): CountsBy => {
  const counts = createStore<ReadonlyMap<string, Counts>>(new Map())
  const timer = createTimer()
  let subscribers = 0
  let running = false
  /** The state of the inbox at the last fetch. */
  let fetched: View | undefined
  /** The counts of the last fetch, and the view at that time. */
  let base: { counts: ReadonlyMap<string, Counts>; view: View } | undefined
  let off = () => {}

  /** Reports whether an action is pending. The hub's counts do not include it yet. */
  const isPending = () => state.getSnapshot().pending.length > 0
  const show = () => {
    if (base)
      counts.set(adjustedCounts(label, base.counts, base.view.items, view.getSnapshot().items, clock.now()))
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
    } catch (thrown) {
      // The client reports other errors, because it also fetches the inbox.
      const error = asError(thrown)
      if (!error.temporary && !isRefusal(error.code)) fail(error)
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
