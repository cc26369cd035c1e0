import { expect, test } from 'vitest'
import { derivedUuid7, earliestUuid7 } from '../../notification/ids.ts'
import { monthOf, monthsBetween } from './months.ts'

const NOW = Date.UTC(2026, 0, 31)

test('counts months in UTC', () => {
  expect(monthOf(0)).toBe(0)
  expect(monthOf(Date.UTC(2026, 0, 31, 23, 59, 59, 999))).toBe(672)
  expect(monthOf(Date.UTC(2026, 1, 1))).toBe(673)
  expect(monthsBetween(3, 1)).toEqual([3, 2, 1])
  expect(monthsBetween(1, 2)).toEqual([])
})

test('earliestUuid7 is not greater than any id of its time', () => {
  expect(derivedUuid7(NOW, 'x') >= earliestUuid7(NOW)).toBe(true)
  expect(derivedUuid7(NOW - 1, 'x') < earliestUuid7(NOW)).toBe(true)
})
