import { expect, test } from 'vitest'
import { derivedUuid7 } from '../../notification/ids.ts'
import { SLOTS } from '../ports/walk.ts'
import { bucketOf } from './buckets.ts'
import { slotOf } from './slots.ts'

const NOW = Date.UTC(2026, 0, 31)

test('users are spread evenly over slots, which do not change between versions', () => {
  const sizes = new Map<number, number>()
  for (let index = 0; index < 64_000; index++) {
    const slot = slotOf(`user-${index}`)
    sizes.set(slot, (sizes.get(slot) ?? 0) + 1)
  }
  expect(sizes.size).toBe(SLOTS)
  expect(Math.max(...sizes.values())).toBeLessThan(1_200)
  expect(Math.min(...sizes.values())).toBeGreaterThan(800)
  expect(['ada', 'bob', 'auth0|42'].map(slotOf)).toEqual([13, 24, 50])
})

test('notifications with a UUIDv7 share a bucket per ten seconds; others use one of 4,096', () => {
  const bucket = NOW / 10_000
  expect([0, 9_999].map((ms) => bucketOf(derivedUuid7(NOW + ms, `${ms}`)))).toEqual([bucket, bucket])
  const others = Array.from({ length: 1_000 }, (_, index) => bucketOf(`order-${index}`))
  expect(Math.max(...others)).toBeLessThan(0)
  expect(Math.min(...others)).toBeGreaterThanOrEqual(-4_096)
  expect(new Set(others).size).toBeGreaterThan(700)
})
