import { PRIORITIES, type Priority } from '@carillon/schemas'

/** Admits `width` at a time; the rest wait, the most urgent first, at most `waiting` of each priority. */
export type Gate = {
  /** Undefined when too many wait already. Else resolves, when it is through, with what it must call when done. */
  enter(priority: Priority): Promise<() => void> | undefined
  /** Those inside and those that wait. */
  readonly load: number
}

export const createGate = (width: number, waiting: number): Gate => {
  const queues = new Map<Priority, (() => void)[]>(PRIORITIES.map((priority) => [priority, []]))
  let inside = 0
  let queued = 0

  const leave = () => {
    inside--
    for (const queue of queues.values()) {
      const next = queue.shift()
      if (!next) continue
      queued--
      inside++
      return next()
    }
  }

  /** Only the first call counts. */
  const leaver = () => {
    let left = false
    return () => {
      if (left) return
      left = true
      leave()
    }
  }

  return {
    enter: (priority) => {
      if (inside < width) {
        inside++
        return Promise.resolve(leaver())
      }
      const queue = queues.get(priority)!
      if (queue.length >= waiting) return undefined
      queued++
      return new Promise((resolve) => queue.push(() => resolve(leaver())))
    },
    get load() {
      return inside + queued
    },
  }
}
