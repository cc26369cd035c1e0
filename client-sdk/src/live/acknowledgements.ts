import type { Timing } from '../timing/delays.ts'
import { createTimer } from '../timing/timer.ts'

/** Maximum number of ids that are sent at once. */
const IDS_MAX = 100
/** Maximum number of ids that wait until the user is back. */
const WAITING_MAX = 1_000

/** Collects ids of received items, and sends them in batches. `send` returns false while they cannot be sent. */
export const createAcknowledgements = (send: (ids: string[]) => boolean, timing: Timing) => {
  const waiting = new Set<string>()
  const timer = createTimer()

  const flush = () => {
    const ids = [...waiting].slice(0, IDS_MAX)
    if (!send(ids)) return
    for (const id of ids) waiting.delete(id)
    resume()
  }
  /** Schedules a batch, if ids are waiting. */
  const resume = () => {
    if (waiting.size > 0 && !timer.waits()) timer.set(flush, timing.acknowledge)
  }

  return {
    resume,
    add(ids: readonly string[]) {
      for (const id of ids) if (waiting.size < WAITING_MAX) waiting.add(id)
      resume()
    },
    stop: timer.clear,
  }
}
