import { beforeEach, describe, expect, test } from 'vitest'
import { type Breaker, CRITICAL_PROBE_MS, createBreaker, PAUSE_CAP_MS } from './breaker.ts'

let time: number
let breaker: Breaker
beforeEach(() => {
  time = 1_000_000
  breaker = createBreaker(() => time)
})

const waits = (priority: 'critical' | 'normal' = 'normal') => {
  const at = breaker.opensAt(priority)
  return at === undefined ? 0 : at - time
}

describe('a breaker', () => {
  test('opens after five faults in a row; a success in between restarts the count', () => {
    for (let fault = 0; fault < 4; fault++) breaker.begin().failed()
    breaker.begin().succeeded()
    for (let fault = 0; fault < 4; fault++) breaker.begin().failed()
    expect(waits()).toBe(0)
    breaker.begin().failed()
    expect([waits(), breaker.cause]).toEqual([10_000, 'down'])
  })

  test('lets one message probe after the pause; a success closes it, a failure does not', () => {
    for (let fault = 0; fault < 5; fault++) breaker.begin().failed()
    time += 10_000
    expect(waits()).toBe(0)
    const probe = breaker.begin()
    expect(waits()).toBeGreaterThan(0)
    expect(waits('critical')).toBeGreaterThan(0)
    probe.failed()
    expect(waits()).toBe(10_000)
    time += 10_000
    breaker.begin().succeeded()
    expect([waits(), breaker.cause]).toEqual([0, undefined])
  })

  test('stays open for the pause that the provider asked for, up to ten minutes', () => {
    breaker.begin().limited(30_000)
    expect([waits(), breaker.cause]).toEqual([30_000, 'limited'])
    time += 30_000
    breaker.begin().limited(24 * 3_600_000)
    expect(waits()).toBe(PAUSE_CAP_MS)
  })

  test('doubles the pause of each rate limit without Retry-After', () => {
    const pauses = Array.from({ length: 12 }, () => {
      breaker.begin().limited()
      const pause = waits()
      time += pause
      return pause
    })
    expect(pauses.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 8_000])
    expect(pauses.at(-1)).toBe(PAUSE_CAP_MS)
  })

  test('lets a critical message probe every five seconds; its success closes the breaker', () => {
    breaker.begin().limited(PAUSE_CAP_MS)
    expect(waits('critical')).toBe(CRITICAL_PROBE_MS)
    time += CRITICAL_PROBE_MS
    expect([waits('critical'), waits() > 0]).toEqual([0, true])
    breaker.begin().limited(PAUSE_CAP_MS)
    expect(waits('critical')).toBe(CRITICAL_PROBE_MS)
    time += CRITICAL_PROBE_MS
    breaker.begin().succeeded()
    expect(waits()).toBe(0)
  })

  test('ignores the outcome of sends that began before it opened', () => {
    const early = Array.from({ length: 3 }, () => breaker.begin())
    breaker.begin().limited()
    early[0]?.succeeded()
    expect(waits()).toBe(1_000)
    early[1]?.limited(60_000)
    expect(waits()).toBe(1_000)
    time += 1_000
    const probe = breaker.begin()
    early[2]?.released()
    expect(waits()).toBeGreaterThan(0)
    probe.released()
    expect(waits()).toBe(0)
  })
})
