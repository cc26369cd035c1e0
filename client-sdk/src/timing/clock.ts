/** Smaller differences are within the precision of a `Date` header, which has whole seconds, and of the network. */
const TOLERANCE_MS = 2_000

/**
 * Creates a clock that follows the hub's time, by which items expire and wake. Until the first response, it is the clock of the
 * device.
 */
export const createClock = () => {
  let ahead = 0
  return {
    /** Returns the hub's time, in epoch ms. */
    now: () => Date.now() + ahead,
    /** Sets the clock by the `date` header of a response. `sentAt` is the device's time at which the request was sent. */
    observe(date: string | null, sentAt: number) {
      const found = Date.parse(date ?? '') + 500 - (sentAt + Date.now()) / 2
      if (Math.abs(found - ahead) > TOLERANCE_MS) ahead = found
    },
  }
}
export type Clock = ReturnType<typeof createClock>
