import { describe, expect, it } from 'vitest'
import { createClock } from './clock.ts'

describe('the clock of the hub', () => {
  const headerOf = (time: number) => new Date(time).toUTCString()

  it.each([-3_600_000, 3_600_000, 86_400_000])('is known from a response, %i ms away', (ahead) => {
    const clock = createClock()
    clock.observe(headerOf(Date.now() + ahead), Date.now())
    expect(Math.abs(clock.now() - Date.now() - ahead)).toBeLessThan(1_500)
    clock.observe(headerOf(Date.now()), Date.now())
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1_500)
  })

  it('is that of the device while they agree, and without a valid header', () => {
    const clock = createClock()
    const before = Date.now()
    for (const header of [null, '', 'now', 'x'.repeat(10_000), headerOf(before)])
      clock.observe(header, before)
    const now = clock.now()
    expect(now).toBeGreaterThanOrEqual(before)
    expect(now).toBeLessThanOrEqual(Date.now())
  })
})
