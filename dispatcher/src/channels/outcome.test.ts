import { describe, expect, test } from 'vitest'
import { oneLine } from './outcome.ts'

describe('oneLine', () => {
  test.each([
    ['550 <mia@example.com>: unknown', '550 <…>: unknown'],
    ['mailbox of "mia müller"@bücher.example is full', 'mailbox of "mia … is full'],
    ['The number +49 (151) 1234-5678 is not valid', 'The number … is not valid'],
    ['chat 4915112345678 not found', 'chat … not found'],
    ['POST https://hooks.example/T000/B000/secret?key=1 failed', 'POST https://hooks.example/… failed'],
    ['GET https://user:pass@api.example/x', 'GET https://api.example/…'],
    ['two\r\nlines\u0000 and\u202e more', 'two lines and more'],
    ['HTTP 503 at 10.0.0.1:587, code 131056', 'HTTP 503 at 10.0.0.1:587, code 131056'],
  ])('removes addresses and secrets from %j', (text, expected) => {
    expect(oneLine(text)).toBe(expected)
  })

  test('truncates any text to 200 characters', () => {
    expect(oneLine('x'.repeat(100_000))).toHaveLength(200)
    expect(oneLine('x'.repeat(100_000)).at(-1)).toBe('…')
    for (const hostile of ['@', 'a@', '+1 ', '1', 'https://', ' '])
      expect(oneLine(hostile.repeat(100_000)).length).toBeLessThanOrEqual(200)
  })
})
