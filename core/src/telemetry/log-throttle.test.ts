import { expect, test } from 'vitest'
import { logThrottle } from './log-throttle.ts'

test('returns the number of occurrences at first and then once a minute', () => {
  let clock = 0
  const times = logThrottle(() => clock)
  expect([times('a'), times('a'), times('b'), times('a')]).toEqual([1, undefined, 1, undefined])
  clock = 59_999
  expect(times('a')).toBeUndefined()
  clock = 60_000
  expect([times('a'), times('a')]).toEqual([4, undefined])
})
