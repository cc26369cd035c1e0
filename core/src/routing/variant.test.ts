import { describe, expect, test } from 'vitest'
import { variantOf } from './variant.ts'

const USERS = Array.from({ length: 20_000 }, (_, index) => `user-${index}`)
const always = (condition: string | undefined) => condition === undefined

const split = (weights: Record<string, number>, type = 'order.shipped') => {
  const variants = Object.entries(weights).map(([key, weight]) => ({ key, weight }))
  return USERS.map((user) => variantOf(variants, { tenant: 'acme', type, user }, always)?.key)
}
const count = (keys: readonly (string | undefined)[], key: string) =>
  keys.filter((each) => each === key).length

describe('the split of variants', () => {
  // Six standard deviations. The split is deterministic, so the test is not flaky.
  test.each([
    [{ a: 1, b: 1 }],
    [{ a: 1, b: 3 }],
    [{ a: 5, b: 1, c: 4 }],
    [{ rare: 1, usual: 999 }],
    [Object.fromEntries('abcdefghij'.split('').map((key, index) => [key, index + 1]))],
  ])('follows the weights %j', (weights: Record<string, number>) => {
    const keys = split(weights)
    const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0)
    for (const [key, weight] of Object.entries(weights)) {
      const share = weight / total
      const tolerance = 6 * Math.sqrt(USERS.length * share * (1 - share))
      expect(Math.abs(count(keys, key) - USERS.length * share), key).toBeLessThan(tolerance)
    }
  })

  test('is stable for a person, and independent between types', () => {
    const first = split({ a: 1, b: 1 })
    expect(split({ a: 1, b: 1 })).toEqual(first)
    const other = split({ a: 1, b: 1 }, 'order.paid')
    const same = first.filter((key, index) => key === other[index]).length
    expect(Math.abs(same / USERS.length - 0.5)).toBeLessThan(0.03)
  })

  test('a variant that is added takes people from the others, and moves nobody else', () => {
    const before = split({ a: 1, b: 2 })
    const after = split({ a: 1, b: 2, c: 1 })
    const moved = after.filter((key, index) => key !== before[index])
    expect(new Set(moved)).toEqual(new Set(['c']))
    const heavier = split({ a: 4, b: 2 })
    expect(new Set(heavier.filter((key, index) => key !== before[index]))).toEqual(new Set(['a']))
  })

  test('chooses among variants whose condition holds; undefined if there is none', () => {
    const variants = [
      { key: 'a', weight: 1, if: 'false' },
      { key: 'b', weight: 1 },
    ]
    const place = { tenant: 'acme', type: 't', user: 'ada' }
    expect(variantOf(variants, place, always)?.key).toBe('b')
    expect(variantOf(variants, place, () => false)).toBeUndefined()
    expect(variantOf([], place, always)).toBeUndefined()
  })
})
