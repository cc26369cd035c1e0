/**
 * How far state and removals are written ahead of the clock (ms). Content is written with the time its
 * notification was accepted, which a sender's id may put a minute into the future and another machine's clock a
 * little more; what happens to an item must always be later than the item.
 */
export const LEAD_MS = 5 * 60_000

/** Write times in µs, ahead of the clock by `lead` (ms), and never the same twice in one process. */
export const writeClock = (lead = 0): (() => number) => {
  let last = 0
  return () => {
    last = Math.max((Date.now() + lead) * 1_000, last + 1)
    return last
  }
}
