import { PRIORITIES, type Priority } from '@carillon/schemas'

/** The weight of the newest stay in the moving average. */
const NEWEST_SHARE = 0.1

/**
 * A bulkhead: admits `width` at a time. The rest wait, the most urgent first, and none longer than `patienceMs`. Callers
 * whose estimated wait exceeds `patienceMs` are rejected immediately; the estimate comes from recent stays.
 */
export type Bulkhead = {
  /** Resolves with the function that leaves again, or with undefined if the wait is too long. */
  enter(priority: Priority): Promise<(() => void) | undefined>
  /** The expected time between two places becoming free while all are taken, ms. */
  readonly gap: number
  /** Callers inside and waiting. */
  readonly load: number
}

type Waiting = { until: number; ahead: number; admit(leave: (() => void) | undefined): void }

export const createBulkhead = (width: number, patienceMs: number): Bulkhead => {
  const queues = new Map<Priority, Waiting[]>(PRIORITIES.map((priority) => [priority, []]))
  let inside = 0
  let queued = 0
  /** The moving average of stays inside, ms. */
  let average = 0
  let watching = false

  const admit = () => {
    inside++
    const since = performance.now()
    let left = false
    // Only the first call counts.
    return () => {
      if (left) return
      left = true
      average += (performance.now() - since - average) * NEWEST_SHARE
      leave()
    }
  }

  const leave = () => {
    inside--
    for (const queue of queues.values()) {
      const next = queue.shift()
      if (!next) continue
      queued--
      return next.admit(admit())
    }
  }

  const watch = (ms: number) => {
    watching = true
    setTimeout(rejectExpired, Math.max(1, ms))
  }

  const rejectExpired = () => {
    watching = false
    const now = performance.now()
    for (const queue of queues.values())
      for (let [first] = queue; first && first.until <= now; [first] = queue) {
        queue.shift()
        queued--
        // A provider that has stopped responding is slow, although none of its sends has ended.
        average = Math.max(average, (patienceMs * width) / first.ahead)
        first.admit(undefined)
      }
    const next = Math.min(...[...queues.values()].flatMap(([first]) => first?.until ?? []))
    if (next < Number.POSITIVE_INFINITY) watch(next - now)
  }

  return {
    enter: async (priority) => {
      if (inside < width) return admit()
      let ahead = 1
      for (const [each, queue] of queues) {
        ahead += queue.length
        if (each === priority) break
      }
      if ((ahead * average) / width > patienceMs) return undefined
      queued++
      if (!watching) watch(patienceMs)
      return new Promise((resolve) =>
        queues.get(priority)?.push({ until: performance.now() + patienceMs, ahead, admit: resolve }),
      )
    },
    get gap() {
      return average / width
    },
    get load() {
      return inside + queued
    },
  }
}
