import { createTimer } from '../timing/timer.ts'

/** Polls the hub in place of the socket; see `fallback.ts`. */
export type Fallback = {
  changed(): void
  received(ids: readonly string[]): Promise<unknown>
  stop(): void
}

/** Loads and starts a fallback when no WebSocket has connected for `ms`, and ends it once one has. */
export const createStandIn = (ms: number, isNeeded: () => boolean, load: () => Promise<() => Fallback>) => {
  const timer = createTimer()
  let fallback: Fallback | undefined

  const start = async () => {
    try {
      const create = await load()
      if (isNeeded()) fallback ??= create()
    } catch {
      // The code cannot be loaded. The next attempt to connect sets the timer again.
    }
  }

  return {
    current: () => fallback,
    expect() {
      if (!fallback && !timer.waits()) timer.set(start, ms)
    },
    end() {
      timer.clear()
      fallback?.stop()
      fallback = undefined
    },
  }
}
