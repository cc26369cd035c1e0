import { afterEach, describe, expect, it, vi } from 'vitest'
import { createClock } from './clock.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('the clock of the hub', () => {
  const headerOf = (time: number) => new Date(time).toUTCString()

  it.each([-3_600_000, 3_600_000, 86_400_000])('is known from a response, %i ms away', (ahead) => {
    const clock = createClock()
    clock.observe(headerOf(Date.now() + ahead))
    expect(Math.abs(clock.now() - Date.now() - ahead)).toBeLessThan(1_500)
    clock.observe(headerOf(Date.now()))
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1_500)
  })

  it('is never ahead of the hub, and is exact after a response at the start of a second', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 })
    const clock = createClock()
    for (const at of [1_700, 2_950, 3_400, 5_000, 6_999]) {
      vi.setSystemTime(1_800_000_000_000 + at)
      clock.observe(headerOf(Date.now()))
      expect(clock.now()).toBeLessThanOrEqual(Date.now())
      expect(clock.now()).toBeGreaterThan(Date.now() - 1_000)
    }
    expect(clock.now()).toBe(Date.now())
  })

  it('is the clock of the device without a valid header', () => {
    const clock = createClock()
    const before = Date.now()
    for (const header of [null, '', 'now', 'x'.repeat(10_000)]) clock.observe(header)
    const now = clock.now()
    expect(now).toBeGreaterThanOrEqual(before)
    expect(now).toBeLessThanOrEqual(Date.now())
  })
})
