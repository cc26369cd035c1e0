import type { Content } from '@carillon/core/delivery/provider'
import { describe, expect, it } from 'vitest'
import { fitContent } from './fit-content.ts'

const size = (content: Content) => Buffer.byteLength(JSON.stringify(content))
const fitted = (content: Content, max: number) => fitContent(content, max, (given) => given)

describe('fitContent', () => {
  it('keeps content that fits unchanged', () => {
    const content = { title: 'Hello', body: 'World', data: { a: 1 } }
    expect(fitted(content, 1_000)).toBe(content)
  })

  it('removes data, then actions, then the image, but no more than necessary', () => {
    const content: Content = {
      body: 'b',
      data: { x: 'x'.repeat(500) },
      actions: [{ name: 'open', label: 'o'.repeat(100) }],
      image: `https://example.com/${'i'.repeat(300)}`,
    }
    expect(fitted(content, 800)).toEqual({ body: 'b', actions: content.actions, image: content.image })
    expect(fitted(content, 400)).toEqual({ body: 'b', image: content.image })
    expect(fitted(content, 100)).toEqual({ body: 'b' })
  })

  it.each(['a', '"', 'ß', '\n', '😀', '\u0001', '文'])(
    'truncates a body of %j after the last character that fits',
    (character) => {
      const content = { title: 'Hello', body: character.repeat(16_384) }
      const { title, body } = fitted(content, 3_993)
      expect(title).toBe('Hello')
      expect(size({ title, body })).toBeLessThanOrEqual(3_993)
      expect(size({ title, body: `${character}${body}` })).toBeGreaterThan(3_993)
      expect(body).not.toMatch(/\p{Surrogate}/u)
      expect(body?.endsWith('…')).toBe(true)
    },
  )

  it('makes the largest content fit', () => {
    const content = {
      title: '\u0001'.repeat(512),
      body: '\u0001'.repeat(16_384),
      url: `https://example.com/${'文'.repeat(2_000)}`,
    }
    const { title, body, url } = fitted(content, 1_000)
    expect([body, url]).toEqual([undefined, undefined])
    expect(size({ title })).toBeLessThanOrEqual(1_000)
    expect(size({ title })).toBeGreaterThan(990)
  })
})
