/** A `Date` header has whole seconds, and the response takes some time. */
const TOLERANCE_MS = 3_000

/**
 * Creates a clock that follows the hub's time, by which items expire and wake. Until the first response, it is the clock of the
 * device. It may be behind the hub by a second and the time of a response, but is never ahead of it. A client that fetches the
 * counts when an item expires would otherwise fetch them too early.
 */
export const createClock = () => {
  let ahead: number | undefined
  return {
    /** Returns the hub's time, in epoch ms. */
    now: () => Date.now() + (ahead ?? 0),
    /** Sets the clock by the `date` header of a response. The hub's time is not earlier than the header. */
    observe(date: string | null) {
      const least = Date.parse(date ?? '') - Date.now()
      // If it is much less, the clock of the device was set forward.
      if (least > (ahead ?? Number.NEGATIVE_INFINITY) || least < ahead! - TOLERANCE_MS) ahead = least
    },
  }
}
export type Clock = ReturnType<typeof createClock>
