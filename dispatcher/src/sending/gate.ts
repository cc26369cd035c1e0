import { PRIORITIES, type Priority } from '@carillon/schemas'

/** What the newest gap counts for in the average of them all: places become free in bursts. */
const SHARE = 1 / 64

/**
 * Admits `width` at a time; the rest wait, the most urgent first, and none longer than `patienceMs`. Who would have to,
 * by how fast places have become free of late, is sent away at once.
 */
export type Gate = {
  /** Resolves with what must be called when done, once it is through; with undefined when that takes too long. */
  enter(priority: Priority): Promise<(() => void) | undefined>
  /** Ms from one place that becomes free to the next, of late. */
  readonly gap: number
  /** Those inside and those that wait. */
  readonly load: number
}

type Waiting = { until: number; admit(leave: (() => void) | undefined): void }

export const createGate = (width: number, patienceMs: number): Gate => {
  const queues = new Map<Priority, Waiting[]>(PRIORITIES.map((priority) => [priority, []]))
  let inside = 0
  let queued = 0
  /** Of the gaps between places that became free while somebody waited, ms. */
  let average = 0
  /** When a place last became free, or the last free one was taken. */
  let since = 0
  let timer: NodeJS.Timeout | undefined

  const admit = () => {
    if (++inside === width) since = performance.now()
    let left = false
    // Only the first call counts.
    return () => {
      if (left) return
      left = true
      leave()
    }
  }

  const leave = () => {
    inside--
    const now = performance.now()
    if (queued > 0) average += (now - since - average) * SHARE
    since = now
    for (const queue of queues.values()) {
      const next = queue.shift()
      if (!next) continue
      queued--
      return next.admit(admit())
    }
  }

  const sendAway = () => {
    timer = undefined
    const now = performance.now()
    for (const queue of queues.values())
      while (queue[0] && queue[0].until <= now) {
        queued--
        queue.shift()?.admit(undefined)
        // Slow already, though none of the sends to a provider that has fallen silent has ended.
        average = Math.max(average, now - since)
      }
    const next = Math.min(...[...queues.values()].flatMap(([first]) => first?.until ?? []))
    if (next < Number.POSITIVE_INFINITY) timer = setTimeout(sendAway, Math.max(1, next - now))
  }

  return {
    enter: async (priority) => {
      if (inside < width) return admit()
      let ahead = 1
      for (const [each, queue] of queues) {
        ahead += queue.length
        if (each === priority) break
      }
      if (ahead * average > patienceMs) return undefined
      queued++
      timer ??= setTimeout(sendAway, patienceMs)
      return new Promise((resolve) =>
        queues.get(priority)?.push({ until: performance.now() + patienceMs, admit: resolve }),
      )
    },
    get gap() {
      return average
    },
    get load() {
      return inside + queued
    },
  }
}
