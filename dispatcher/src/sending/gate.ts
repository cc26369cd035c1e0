import { PRIORITIES, type Priority } from '@carillon/schemas'

/** What the newest stay counts for in the average of them all. */
const SHARE = 0.1

/**
 * Admits `width` at a time; the rest wait, the most urgent first, and none longer than `patienceMs`. Who would have to,
 * by how long stays have been of late, is sent away at once.
 */
export type Gate = {
  /** Resolves with what must be called when done, once it is through; with undefined when that takes too long. */
  enter(priority: Priority): Promise<(() => void) | undefined>
  /** Ms from one place that becomes free to the next, when all are taken. */
  readonly gap: number
  /** Those inside and those that wait. */
  readonly load: number
}

type Waiting = { until: number; ahead: number; admit(leave: (() => void) | undefined): void }

export const createGate = (width: number, patienceMs: number): Gate => {
  const queues = new Map<Priority, Waiting[]>(PRIORITIES.map((priority) => [priority, []]))
  let inside = 0
  let queued = 0
  /** Of stays inside, ms. */
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
      average += (performance.now() - since - average) * SHARE
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
    setTimeout(sendAway, Math.max(1, ms))
  }

  const sendAway = () => {
    watching = false
    const now = performance.now()
    for (const queue of queues.values())
      for (let [first] = queue; first && first.until <= now; [first] = queue) {
        queue.shift()
        queued--
        // A provider that has fallen silent is slow, though none of its sends has ended.
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
