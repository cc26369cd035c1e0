import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'

/** A clock that all processes of an installation can ask, epoch ms. */
export type SharedClock = () => Promise<number>

const SAMPLES = 5
const EVERY_MS = 60_000

/**
 * Returns how far this process's clock is ahead of the shared one (ms; negative if it is behind). Of several samples the
 * one with the shortest round trip counts; it is off by at most half of that.
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
 * Measures the offset now and every minute, exports it, and warns while it is larger than `toleranceMs`. A shared clock
 * that does not answer leaves the last value.
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
      // Calls that need the server report that it does not answer.
    }
  }
  const timer = setInterval(() => void measure(), EVERY_MS)
  timer.unref()
  return { first: measure(), stop: () => clearInterval(timer) }
}
