/** A queue's share: when all queues are full, they get turns in proportion to `weight`. */
type Weighted = { weight: number }

/**
 * A fair scheduler for queues that share a concurrency (start-time fair queueing): the next turn goes to the
 * queue with the fewest turns relative to its weight. A queue that was idle does not save up turns, but
 * starts level with the others.
 */
export const createFairScheduler = <Queue extends Weighted>(queues: readonly Queue[]) => {
  /** When the next turn of each queue starts, in virtual time. */
  const starts = new Map(queues.map((queue) => [queue, 0]))
  /** The start of the latest turn. */
  let now = 0
  const startOf = (queue: Queue) => Math.max(starts.get(queue) ?? 0, now)

  return {
    /** Returns the waiting queue whose turn is next; undefined if none is waiting. */
    next: ([first, ...rest]: readonly Queue[]): Queue | undefined => {
      if (!first) return undefined
      const chosen = rest.reduce((least, queue) => (startOf(queue) < startOf(least) ? queue : least), first)
      now = startOf(chosen)
      starts.set(chosen, now + 1 / chosen.weight)
      return chosen
    },
  }
}
