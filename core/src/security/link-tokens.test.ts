import fc from 'fast-check'
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { signLink, verifyLink } from './link-tokens.ts'
import { createSeal } from './seal.ts'

const seal = createSeal('a root secret for tests, long enough')
const ann = { tenant: 'acme', user: 'ann@example.org' }
const NOW = 1_700_000_000_000
const sign = (more: { claims?: object; seconds?: number } = {}) =>
  signLink(seal, 'unsubscribe', ann, { seconds: 60, now: NOW, ...more } as never)

describe('the token of a link', () => {
  it('returns what was signed, until it expires', async () => {
    const token = await sign({ claims: { channel: 'email' } })
    expect(await verifyLink(seal, 'unsubscribe', token, NOW + 59_000)).toEqual({
      ...ann,
      issuedAt: NOW,
      claims: expect.objectContaining({ channel: 'email' }),
    })
    expect(await verifyLink(seal, 'unsubscribe', token, NOW + 60_000)).toEqual({ fault: 'expired' })
  })

  it('is a JWT of its own type, and does not reveal the user', async () => {
    const token = await sign()
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', typ: 'carillon-unsubscribe+jwt' })
    expect(decodeJwt(token)).toMatchObject({ iss: 'acme', aud: 'carillon:unsubscribe' })
    expect(JSON.stringify(decodeJwt(token))).not.toContain('ann')
  })

  it('is refused for another purpose, tenant or installation', async () => {
    const token = await sign()
    const invalid = { fault: 'invalid' }
    expect(await verifyLink(seal, 'preferences', token, NOW)).toEqual(invalid)
    const other = createSeal('another root secret for tests, long')
    expect(await verifyLink(other, 'unsubscribe', token, NOW)).toEqual(invalid)
    // The token of one tenant with the `iss` of another.
    const [header, , signature] = token.split('.')
    const moved = Buffer.from(JSON.stringify({ ...decodeJwt(token), iss: 'evil' })).toString('base64url')
    expect(await verifyLink(seal, 'unsubscribe', `${header}.${moved}.${signature}`, NOW)).toEqual(invalid)
    // Signed with the right key, but a sealed user of another tenant or purpose.
    for (const context of ['link unsubscribe evil', 'link preferences acme']) {
      const forged = await new SignJWT()
        .setProtectedHeader({ alg: 'HS256', typ: 'carillon-unsubscribe+jwt' })
        .setIssuer('acme')
        .setAudience('carillon:unsubscribe')
        .setSubject(seal.seal('ann', context))
        .setIssuedAt(NOW / 1_000)
        .setExpirationTime(NOW / 1_000 + 60)
        .sign(seal.signingKey('unsubscribe', 'acme'))
      expect(await verifyLink(seal, 'unsubscribe', forged, NOW)).toEqual(invalid)
    }
  })

  it('is refused if a character is changed, even after it has expired', async () => {
    const token = await sign()
    await fc.assert(
      fc.asyncProperty(
        fc.nat(token.length - 1),
        fc.constantFrom(...'AbZ09-_.'),
        fc.constantFrom(0, 90_000),
        async (place, character, later) => {
          const changed = token.slice(0, place) + character + token.slice(place + 1)
          // The last character has bits that base64url ignores.
          if (changed === token || place === token.length - 1) return
          expect(await verifyLink(seal, 'unsubscribe', changed, NOW + later)).toEqual({ fault: 'invalid' })
        },
      ),
    )
  })

  it('is refused without an exception if it is malformed or unsigned', async () => {
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await sign()).split('.')[1]}.`
    for (const text of ['', '.', '..', 'v1.a.b.c', 'x'.repeat(100_000), none, 'e30.e30.e30'])
      expect(await verifyLink(seal, 'unsubscribe', text, NOW)).toEqual({ fault: 'invalid' })
  })

  it('acts for nobody without a user', async () => {
    const sample = await signLink(seal, 'preferences', { tenant: 'acme' }, { seconds: 60, now: NOW })
    const link = await verifyLink(seal, 'preferences', sample, NOW)
    expect(link).toMatchObject({ tenant: 'acme' })
    expect(link).not.toHaveProperty('user')
  })
})
