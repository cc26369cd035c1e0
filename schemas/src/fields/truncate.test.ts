import { describe, expect, test } from 'vitest'
import { cut, cutPoint } from '../index.ts'

const FAMILY = '👨‍👩‍👧‍👦'

test('keeps text that fits, and ends truncated text in an ellipsis', () => {
  expect(cut('abcd', 4)).toBe('abcd')
  expect(cut('abcde', 4)).toBe('abc…')
  expect(cut('abcde', 4, '...')).toBe('a...')
  expect(cut('abcde', 1)).toBe('…')
  expect(cut('abcde', 0)).toBe('')
  expect(cut('abcde', 2, '...')).toBe('')
})

test.each([
  ['a family', FAMILY],
  ['a woman technologist', '👩🏽‍💻'],
  ['a kiss, the longest emoji', '👩🏽‍❤️‍💋‍👨🏿'],
  ['a flag', '🇵🇹'],
  ['the flag of Scotland', '🏴󠁧󠁢󠁳󠁣󠁴󠁿'],
  ['a keycap', '1️⃣'],
  ['combining accents', 'e\u0301\u0302'],
  ['Hangul jamo', '\u1112\u1161\u11ab'],
  ['Devanagari', 'नि'],
  ['Thai', 'กำ'],
  ['a line break', '\r\n'],
  ['an emoji', '😀'],
])('keeps or omits %s as a whole', (_, cluster) => {
  const text = `${'a'.repeat(247)}${cluster}z`
  for (let max = 240; max <= text.length; max++) {
    const kept = cut(text, max)
    expect(kept.length).toBeLessThanOrEqual(max)
    expect(kept).toMatch(/^a+…?$|z$/s)
    if (max < text.length)
      expect(kept.slice(0, -1)).toBe(
        'a'.repeat(Math.min(247, max - 1)).concat(max > 247 + cluster.length ? cluster : ''),
      )
  }
  const many = cluster.repeat(30)
  for (let max = 0; max < many.length; max++) expect(cutPoint(many, max)).toBe(max - (max % cluster.length))
})

describe('texts that occur in no script', () => {
  test.each([
    ['one combining mark', '\u0301'],
    ['a letter and its marks', `a${'\u0301'.repeat(99)}`],
    ['a joined emoji', '👩\u200d'],
    ['an enclosing mark outside the BMP', '\u{1d165}'],
  ])('splits repetitions of %s between code points', (_, part) => {
    const text = part.repeat(Math.ceil(16_384 / part.length))
    for (const max of [10, 100, 1_000, 10_000]) {
      const kept = cut(text, max)
      expect(kept.length).toBeLessThanOrEqual(max)
      expect(kept.length).toBeGreaterThan(max - 100)
      expect(kept.isWellFormed()).toBe(true)
    }
  })
})
