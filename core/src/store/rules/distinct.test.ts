import { expect, test } from 'vitest'
import { estimateDistinct, highest, registerOf } from './distinct.ts'

const sketch = (count: number, name = 'user') =>
  highest(Array.from({ length: count }, (_, index) => registerOf(`${name}-${index}`)))

test.each([0, 1, 2, 5, 20, 30])('%i elements are counted exactly', (count) => {
  expect(estimateDistinct(sketch(count))).toBe(count)
})

// Four standard errors.
test.each([300, 1_000, 4_000, 10_000, 20_000, 100_000])('%i elements are counted within 6.5 %%', (count) => {
  for (const name of ['user', 'person', 'id']) {
    const estimate = estimateDistinct(sketch(count, name))
    expect(Math.abs(estimate - count) / count).toBeLessThan(0.065)
  }
})

test('repeated elements count once, in any order and in parts', () => {
  const elements = Array.from({ length: 500 }, (_, index) => registerOf(`user-${index}`))
  const once = estimateDistinct(highest(elements))
  expect(estimateDistinct(highest([...elements, ...elements.reverse()]))).toBe(once)
  expect(
    estimateDistinct(highest([...highest(elements.slice(0, 300)), ...highest(elements.slice(200))])),
  ).toBe(once)
})

test('a full sketch is finite', () => {
  const full = Array.from({ length: 4_096 }, (_, register) => ({ register, rank: 65 }))
  expect(Number.isNaN(estimateDistinct(full))).toBe(false)
})
