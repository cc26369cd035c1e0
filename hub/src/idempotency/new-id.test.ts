import { uuid7Time } from '@carillon/core/notification/ids'
import { expect, test } from 'vitest'
import { newId } from './new-id.ts'

test('ids are UUIDv7 of the current time, in the order in which they are made, and distinct', () => {
  const before = Date.now()
  const ids = Array.from({ length: 2_000 }, newId)
  const times = ids.map((id) => uuid7Time(id) ?? 0)
  expect(times[0]).toBeGreaterThanOrEqual(before)
  expect(times.at(-1)).toBeLessThanOrEqual(Date.now())
  expect([...ids].sort()).toEqual(ids)
  expect(new Set(ids).size).toBe(ids.length)
  expect(new Set(ids.map((id) => id.slice(-8))).size).toBeGreaterThan(ids.length - 3)
})
