import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'

/** A clock that all processes of an installation share, epoch ms. */
export type SharedClock = () => Promise<number>

const SAMPLES = 5
const EVERY_MS = 60_000

/**
 * Returns the offset of this process's clock from the shared clock in ms, positive if it is ahead. Uses the sample with the
 * shortest round trip; its error is at most half of that.
 */
export const clockOffset = async (clock: SharedClock, samples = SAMPLES): Promise<number> => {
  let shortest = Number.POSITIVE_INFINITY
  let offset = 0
  for (let sample = 0; sample < samples; sample++) {
    const start = Date.now()
    const begun = performance.now()
    const shared = await clock()
    const took = performance.now() - begun
    if (took >= shortest) continue
    shortest = took
    offset = start + took / 2 - shared
  }
  return offset
}

/**
 * Measures the offset now and every minute, exports it, and warns while it exceeds `toleranceMs`. Keeps the last value while
 * the shared clock is unavailable.
 */
export const watchClockOffset = ({
  clock,
  toleranceMs,
  metrics,
  log,
}: {
  clock: SharedClock
  toleranceMs: number
  metrics: Pick<Metrics, 'clockOffset'>
  log: Log
}) => {
  const measure = async (): Promise<void> => {
    try {
      const offset = await clockOffset(clock)
      metrics.clockOffset.set(offset / 1_000)
      if (Math.abs(offset) > toleranceMs)
        log.warn(
          { offsetMs: Math.round(offset), toleranceMs },
          'the clock of this machine is wrong: new items may appear as read; synchronize it (NTP)',
        )
    } catch {
      // Calls that need the server report the outage.
    }
  }
  const timer = setInterval(() => void measure(), EVERY_MS)
  timer.unref()
  return { first: measure(), stop: () => clearInterval(timer) }
}
