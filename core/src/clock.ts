/** Maximum delay of setTimeout. */
const FAR_MS = 2 ** 31 - 1

/** A clock. Times are epoch ms. */
export type Clock = {
  now(): number
  /** Calls `ring` once the clock shows `time`, or earlier if that is far away. Returns a function that prevents the call. */
  alarm(time: number, ring: () => void): () => void
}

export const systemClock: Clock = {
  now: Date.now,
  alarm: (time, ring) => {
    const timer = setTimeout(ring, Math.min(Math.max(time - Date.now(), 0), FAR_MS))
    return () => clearTimeout(timer)
  },
}
