import { describe, expect, it } from 'vitest'
import { signLink } from '../security/link-tokens.ts'
import { createSeal } from '../security/seal.ts'
import { makeUnsubscribeUrl, readUnsubscribe, UNSUBSCRIBE_SECONDS } from './unsubscribe-link.ts'

const seal = createSeal('a root secret for tests, long enough')
const who = {
  ...{ tenant: 'acme', user: 'ann', channel: 'email' as const },
  ...{ categories: ['news', '__proto__'], types: ['order.shipped'], context: 'team-7' },
}
const NOW = 1_700_000_000_000
const tokenOf = (url: string) => url.slice(url.lastIndexOf('/') + 1)

describe('an unsubscribe link', () => {
  it('is a path of the public URL', async () => {
    const url = await makeUnsubscribeUrl(seal, 'https://bell.example/', who, NOW)
    expect(url).toMatch(/^https:\/\/bell\.example\/v1\/unsubscribe\/[\w-]+\.[\w-]+\.[\w-]+$/)
  })

  it('names every category and type of a combined message once, and is valid for thirty days', async () => {
    const twice = { ...who, categories: ['news', '__proto__', 'news'] }
    const token = tokenOf(await makeUnsubscribeUrl(seal, 'https://bell.example', twice, NOW))
    const last = NOW + UNSUBSCRIBE_SECONDS * 1_000
    expect(await readUnsubscribe(seal, token, last - 1)).toEqual({ ...who, issuedAt: NOW })
    expect(await readUnsubscribe(seal, token, last)).toEqual({ fault: 'expired' })
  })

  it('of one message fits into a line of an e-mail', async () => {
    const long = {
      ...{ tenant: 't'.repeat(36), user: 'u'.repeat(64), channel: 'email' as const },
      ...{ categories: ['c'.repeat(40)], types: [], context: 'x'.repeat(36) },
    }
    // RFC 5322, section 2.1.1.
    expect(
      (await makeUnsubscribeUrl(seal, 'https://notifications.example.com', long, NOW)).length,
    ).toBeLessThan(998 - 'List-Unsubscribe: <>'.length)
  })

  it('is refused if its claims are not those of an unsubscription', async () => {
    for (const claims of [{}, { channel: 'pigeon' }, { channel: 'email', categories: ['a b'] }]) {
      const token = await signLink(seal, 'unsubscribe', who, { claims, seconds: 60, now: NOW })
      expect(await readUnsubscribe(seal, token, NOW)).toEqual({ fault: 'invalid' })
    }
  })
})
