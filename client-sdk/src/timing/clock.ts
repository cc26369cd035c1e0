/** Smaller differences are within the precision of a `Date` header, which has whole seconds, and of the network. */
const TOLERANCE_MS = 2_000

/**
 * The hub's clock, known from its responses. Items expire and wake by it, whatever the clock of the device says. Until the first
 * response, it is the clock of the device.
 */
export const createClock = () => {
  let ahead = 0
  return {
    /** Returns the hub's time, in epoch ms. */
    now: () => Date.now() + ahead,
    /** Takes the `date` header of a response to a request that was sent at the given time of the device. */
    observe(date: string | null, sentAt: number) {
      const found = Date.parse(date ?? '') + 500 - (sentAt + Date.now()) / 2
      if (Math.abs(found - ahead) > TOLERANCE_MS) ahead = found
    },
  }
}
export type Clock = ReturnType<typeof createClock>
