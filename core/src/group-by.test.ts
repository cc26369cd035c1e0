import { expect, test } from 'vitest'
import { slicesBySize } from './group-by.ts'

test('chunks by size hold what fits, in order, and a larger item alone', () => {
  const slicesOf = (...sizes: number[]) => slicesBySize(sizes, (size) => size, 10)
  expect(slicesOf()).toEqual([])
  expect(slicesOf(4, 6, 1, 25, 3, 7, 0)).toEqual([[4, 6], [1], [25], [3, 7, 0]])
})
