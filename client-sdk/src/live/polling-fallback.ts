import { createTimer } from '../timing/timer.ts'
import type { createLongPolling } from './long-polling.ts'

type LongPolling = ReturnType<typeof createLongPolling>

/**
 * Decides between the WebSocket and polling: polling is loaded and started when no WebSocket has connected for `ms`, and ends
 * once one has.
 */
export const createPollingFallback = (
  ms: number,
  isNeeded: () => boolean,
  load: () => Promise<() => LongPolling>,
) => {
  const timer = createTimer()
  let polling: LongPolling | undefined

  const start = async () => {
    try {
      const create = await load()
      if (isNeeded()) polling ??= create()
    } catch {
      // The code cannot be loaded. The next attempt to connect sets the timer again.
    }
  }

  return {
    current: () => polling,
    expect() {
      if (!polling && !timer.waits()) timer.set(start, ms)
    },
    end() {
      timer.clear()
      polling?.stop()
      polling = undefined
    },
  }
}
