import { expect, test } from 'vitest'
import { escapeMarkup } from './chat.ts'
import { cutEscaped } from './cut.ts'

test('keeps text that fits, and splits no escape sequence', () => {
  expect(cutEscaped('a&b', 7, escapeMarkup)).toBe('a&amp;b')
  expect(cutEscaped('a&bc', 7, escapeMarkup)).toBe('a&amp;…')
  expect(cutEscaped('a&bc', 6, escapeMarkup)).toBe('a…')
})

test('splits no grapheme cluster, and never exceeds the length', () => {
  const clusters = ['a', '👨‍👩‍👧‍👦', '&', 'e\u0301', '🇵🇹', '<', '😀']
  const text = clusters.join('')
  const prefixes = clusters.map((_, count) => escapeMarkup(clusters.slice(0, count).join('')))
  for (let max = 1; max < escapeMarkup(text).length; max++) {
    const kept = cutEscaped(text, max, escapeMarkup)
    expect(kept.length).toBeLessThanOrEqual(max)
    expect(prefixes).toContain(kept.slice(0, -1))
  }
})
