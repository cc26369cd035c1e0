/**
 * How far state and removals are written ahead of the clock (ms). Content is written with the time its
 * notification was accepted, which a sender's id may put a minute into the future and another machine's clock a
 * little more; what happens to an item must always be later than the item.
 */
export const LEAD_MS = 5 * 60_000

/** Write times in µs for what happens to items: ahead by LEAD_MS, and never the same twice in one process. */
export const stateClock = (): (() => number) => {
  let last = 0
  return () => {
    last = Math.max((Date.now() + LEAD_MS) * 1_000, last + 1)
    return last
  }
}
