import { manualClock } from '@carillon/core/testing/manual-clock'
import { vi } from 'vitest'

/**
 * Fakes the time of this process and of the embedded log: `Date` is faked, timers are real. Returns the log's clock and a
 * function that sets both. Ends with `vi.useRealTimers`.
 */
export const fakeTime = (start: string) => {
  const clock = manualClock(Date.parse(start))
  vi.useFakeTimers({ toFake: ['Date'], now: clock.now() })
  return {
    clock,
    setTime: (instant: string | number) => {
      const time = typeof instant === 'number' ? instant : Date.parse(instant)
      vi.setSystemTime(time)
      clock.set(time)
    },
  }
}

/** Repeats a check until it passes. Each repetition advances the time, because a step may wait a moment for a permit. */
export const untilTimed = <T>(setTime: (now: number) => void, check: () => Promise<T> | T): Promise<T> =>
  vi.waitFor(
    () => {
      setTime(Date.now() + 1)
      return check()
    },
    { timeout: 10_000, interval: 10 },
  )
