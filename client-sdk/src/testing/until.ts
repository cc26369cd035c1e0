import type { Timing } from '../index.ts'
import type { Readable } from '../store/store.ts'

/** Delays that are short enough for tests. Nothing is fetched periodically. */
export const FAST: Partial<Timing> = {
  straggler: 20,
  acknowledge: 5,
  spread: 10,
  poll: 3_600_000,
  fallback: 3_600_000,
  shortPoll: 50,
  patience: 3_600_000,
  retry: 10,
  retryMax: 40,
  refused: 10,
  refusedMax: 40,
  request: 5_000,
}

/** Resolves with the first snapshot that passes `test`, now or after a change. */
export const until = <T>(store: Readable<T>, test: (snapshot: T) => boolean): Promise<T> =>
  new Promise((resolve) => {
    let off = () => {}
    let done = false
    const look = () => {
      if (done || !test(store.getSnapshot())) return
      done = true
      off()
      resolve(store.getSnapshot())
    }
    off = store.subscribe(look)
    look()
    if (done) off()
  })
