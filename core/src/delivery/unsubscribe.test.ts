import { describe, expect, it } from 'vitest'
import { createSeal } from '../security/seal.ts'
import { makeUnsubscribeUrl, readUnsubscribe, UNSUBSCRIBE_MS } from './unsubscribe.ts'

const seal = createSeal('a root secret for tests, long enough')
const who = {
  ...{ tenant: 'acme', user: 'ann', channel: 'email' as const },
  ...{ type: 'news.weekly', category: 'news' },
}
const NOW = 1_700_000_000_000
const tokenOf = (url: string) => url.slice(url.lastIndexOf('/') + 1)

describe('an unsubscribe link', () => {
  const url = makeUnsubscribeUrl(seal, 'https://bell.example/', who, NOW)

  it('is a path of the public URL and does not reveal the user', () => {
    expect(url).toMatch(/^https:\/\/bell\.example\/v1\/unsubscribe\/[A-Za-z0-9._-]+$/)
    expect(url).not.toContain('ann')
    expect(Buffer.from(tokenOf(url), 'base64url').toString('latin1')).not.toContain('news')
  })

  it('is valid for thirty days', () => {
    expect(readUnsubscribe(seal, tokenOf(url), NOW + UNSUBSCRIBE_MS - 1)).toEqual({ ...who, at: NOW })
    expect(readUnsubscribe(seal, tokenOf(url), NOW + UNSUBSCRIBE_MS)).toBeUndefined()
  })

  it('cannot be forged, modified, or made from another sealed value', () => {
    const token = tokenOf(url)
    for (const other of [
      '',
      'x',
      'v1.a.b.c',
      token.slice(0, -4),
      `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`.replace(/.{8}$/, 'AAAAAAAA'),
      'x'.repeat(10_000),
      seal.seal(JSON.stringify({ ...who, expires: NOW * 2 }), 'elsewhere'),
      tokenOf(makeUnsubscribeUrl(createSeal('another root secret for tests, long'), 'https://x', who, NOW)),
    ])
      expect(readUnsubscribe(seal, other, NOW)).toBeUndefined()
  })
})
