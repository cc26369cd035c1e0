import { expect, test } from 'vitest'
import { escapeMarkup } from './chat.ts'
import { cut, cutEscaped } from './cut.ts'

test('what fits is left as it is, and what does not ends in an ellipsis', () => {
  expect(cut('abcd', 4)).toBe('abcd')
  expect(cut('abcde', 4)).toBe('abc…')
  expect(cut('abcde', 1)).toBe('…')
  expect(cut('abcde', 0)).toBe('')
  expect(cutEscaped('a&b', 7, escapeMarkup)).toBe('a&amp;b')
  expect(cutEscaped('a&bc', 7, escapeMarkup)).toBe('a&amp;…')
  expect(cutEscaped('a&bc', 6, escapeMarkup)).toBe('a…')
})

test('no length splits a character, or is passed', () => {
  const text = 'a😀é漢😀😀z'
  for (let max = 0; max <= 20; max++) {
    expect(cut(text, max).length).toBeLessThanOrEqual(max)
    expect(cut(text, max)).not.toMatch(/\p{Cs}/u)
    expect(cutEscaped(text, max, (part) => part)).not.toMatch(/\p{Cs}/u)
  }
})
