import { expect, test } from 'vitest'
import { cleanText, nonEmptyText, parse, text } from '../index.ts'

test.each([
  'Hello, Ada!\tA tab,\r\na line break',
  'é ünïcode 漢字 مرحبا שלום',
  '👩‍💻 👨‍👩‍👧‍👦 ❤️‍🔥 1️⃣ 🇵🇹',
  '🏴󠁧󠁢󠁥󠁮󠁧󠁿',
  // Persian with ZWNJ, Hindi with ZWJ, an ideographic variant, direction marks
  'می‌خواهم क्‍ष 葛\u{e0100} a\u200eb\u200fc\u061c',
  '\u115f\u1161 \u1112\u1161\u11ab e\u0301',
])('keeps %j unchanged', (given) => {
  expect(cleanText(given)).toBe(given)
})

test.each([
  ['half an emoji \ud83d', 'half an emoji \ufffd'],
  ['\udd14 the other half', '\ufffd the other half'],
  ['a\u0000b\u001b[31m\u009b', 'a\ufffdb\ufffd[31m\ufffd'],
  ['one\u000btwo\u000cthree\u0085four', 'one\ntwo\nthree\nfour'],
  ['invoice\u202egnp.exe', 'invoicegnp.exe'],
  ['\u202aa\u202bb\u202cc\u202dd\u2066e\u2067f\u2068g\u2069', 'abcdefg'],
  ['pay\u200bpal\u2060\u2061\u2062\u2063\u2064\ufeff\u00ad', 'paypal'],
  ['\u3164\uffa0\ufff9\ufffa\ufffb', ''],
  ['hidden\u{e0001}\u{e0041}\u{e0042}\u{e007f}', 'hidden'],
  ['🏴\u{e0061}\u{e0062}\u{e007f}', '🏴'],
  ['ad\u200dmin\u200c', 'admin'],
  ['❤\ufe0f\ufe0f\ufe0e\u200d\u200d🔥', '❤\ufe0f🔥'],
  ['❤\u{e0100}\u{e0101}\u{e0102}\u{e0103}', '❤\u{e0100}'],
])('cleans %j to %j', (given, kept) => {
  expect(cleanText(given)).toBe(kept)
  expect(cleanText(kept)).toBe(kept)
})

test('cleans any two of the characters above, in any order, in one pass', () => {
  const all = [
    ...'a\u0000\u0085\n\ud83d\ude00\u200d\u200c\ufe0f\u{e0100}\u202e🏴\u{e0067}\u{e0062}\u{e007f}ب',
    '\ud83d',
  ]
  for (const first of all)
    for (const second of all)
      for (const third of all) {
        const once = cleanText(`x${first}${second}${third}${first}`)
        expect(cleanText(once)).toBe(once)
        expect(once.isWellFormed()).toBe(true)
      }
})

test('applies the limit to the cleaned text', () => {
  expect(text(3).parse('a\u200bb\u200bc')).toBe('abc')
  expect(text(3).safeParse('abcd').success).toBe(false)
  expect(text(3).min(1).safeParse('\u200b\u2060').success).toBe(false)
})

test('measures a text in characters, as JSON Schema does', () => {
  expect(parse(text(3), '🔔🔔🔔').success).toBe(true)
  expect(parse(text(3), '🔔🔔🔔🔔')).toEqual({
    success: false,
    issues: [{ path: [], message: 'must have at most 3 characters' }],
  })
  expect(parse(nonEmptyText(3), '\u200b').success).toBe(false)
})
