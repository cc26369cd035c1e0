import { describe, expect, test } from 'vitest'
import { plainText, smsText } from './text.ts'

const url = 'https://app.example/posts/7'

describe('plain text', () => {
  test('contains title, body and link on separate lines', () => {
    expect(plainText({ title: 'Hello', body: 'Line 1\r\nLine 2', url }, { max: 100 })).toBe(
      `Hello\nLine 1\nLine 2\n${url}`,
    )
    expect(plainText({ body: 'Only this' }, { max: 100 })).toBe('Only this')
    expect(plainText({ url }, { max: 100 })).toBe(url)
    expect(plainText({}, { max: 100 })).toBe('')
    expect(plainText({ title: '  ', body: '\n' }, { max: 100 })).toBe('')
  })

  test('does not repeat a link that the body contains', () => {
    expect(plainText({ body: `See ${url}!`, url }, { max: 100 })).toBe(`See ${url}!`)
  })

  test('is truncated before the link, which is kept whole', () => {
    const text = plainText({ title: 'T', body: 'x'.repeat(500), url }, { max: 100 })
    expect(text).toHaveLength(100)
    expect(text).toMatch(/x…\nhttps:\/\/app\.example\/posts\/7$/)
  })

  test('is never truncated inside a character', () => {
    for (let max = 0; max < 12; max++) {
      const text = plainText({ body: '👍👍👍👍👍👍👍' }, { max })
      expect(text.length).toBeLessThanOrEqual(max)
      expect(Buffer.from(text).toString()).toBe(text)
    }
  })

  test('omits a link that takes too much room, and never truncates it', () => {
    const long = `https://app.example/${'a'.repeat(80)}`
    expect(plainText({ title: 'What it is about, at some length', url: long }, { max: 110 })).toBe(
      'What it is about, at some length',
    )
    expect(plainText({ title: 'Short', url: long }, { max: 110 })).toBe(`Short\n${long}`)
    expect(plainText({ url: long }, { max: 50 })).toBe('')
  })

  test('contains no control characters', () => {
    expect(plainText({ title: 'a\u0000b\u001b[31m', body: 'c\u0085d\n\n\n\n\ne\u2028f' }, { max: 100 })).toBe(
      'ab[31m\ncd\n\ne\nf',
    )
  })
})

describe('SMS', () => {
  test('contains at most ten segments: 1,530 characters of the GSM alphabet', () => {
    const text = smsText({ body: 'é'.repeat(2_000), url }, 1_600)
    expect(text).toHaveLength(1_530)
    expect(text).toMatch(/é\.\.\.\nhttps:/)
    expect(smsText({ body: 'a'.repeat(1_530) }, 1_600)).toBe('a'.repeat(1_530))
    expect(smsText({ body: 'a'.repeat(2_000) }, 1_000)).toHaveLength(1_000)
  })

  test('counts extension characters twice', () => {
    const text = smsText({ body: `${'€'.repeat(100)}${'a'.repeat(2_000)}` }, 1_600)
    expect(text.length + 100).toBe(1_530)
    expect(smsText({ body: '€'.repeat(2_000) }, 1_600).length * 2).toBeLessThanOrEqual(1_530)
  })

  test('contains at most 670 characters of any other alphabet', () => {
    const text = smsText({ body: `ç${'a'.repeat(2_000)}`, url }, 1_600)
    expect(text).toHaveLength(670)
    expect(text).toMatch(/a…\nhttps:/)
    const thumbs = smsText({ body: '👍'.repeat(500) }, 1_600)
    expect(thumbs.length).toBeLessThanOrEqual(670)
    expect(Buffer.from(thumbs).toString()).toBe(thumbs)
  })
})
