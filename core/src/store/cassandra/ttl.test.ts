import { expect, test } from 'vitest'
import { ttlFor, ttlUntil } from './ttl.ts'

const NOW = Date.parse('2027-06-01T00:00:00Z')
const DAY_MS = 86_400_000

test('counts whole seconds, rounded up, and at least one', () => {
  expect(ttlUntil(NOW + 1_001, NOW)).toBe(2)
  expect(ttlUntil(NOW - 5_000, NOW)).toBe(1)
  expect(ttlFor(2_000, NOW)).toBe(2)
})

test('is capped at the latest expiry that Cassandra can store', () => {
  const longest = (Date.parse('2038-01-19T03:14:06Z') - NOW) / 1_000
  for (const ms of [
    3_650 * DAY_MS,
    (3_650 + 366 + 31) * DAY_MS,
    20 * 366 * DAY_MS,
    Number.MAX_SAFE_INTEGER / 2,
  ])
    expect(ttlFor(ms, NOW)).toBeLessThan(longest)
  expect(ttlFor(3_650 * DAY_MS, NOW)).toBe(3_650 * 86_400)
})
