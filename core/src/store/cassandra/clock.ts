/**
 * Lead of the write timestamps of state changes and removals over the clock, in ms. Content is written with the time of
 * acceptance, which a sender's id may set a minute ahead and another machine's clock a little more. Changes must always be
 * later than the content.
 */
export const LEAD_MS = 5 * 60_000

/** Returns write timestamps in µs, `lead` (ms) ahead of the clock and strictly increasing within the process. */
export const writeClock = (lead = 0): (() => number) => {
  let last = 0
  return () => {
    last = Math.max((Date.now() + lead) * 1_000, last + 1)
    return last
  }
}

/** Returns a write timestamp after every write of a millisecond. */
export const endOf = (ms: number): number => ms * 1_000 + 999
