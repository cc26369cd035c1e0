import { parse, TOKEN, UserId } from '@carillon/schemas'
import { decodeJwt, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import type { Seal } from './seal.ts'

/** The purpose of a link. A token that was signed for one purpose is refused for every other. */
export type LinkPurpose = 'unsubscribe' | 'preferences' | 'push' | 'subscription'

/** The user that a link acts for. `user` is absent in a sample, which acts for nobody. */
export type LinkOwner = { tenant: string; user?: string | undefined }

/** A verified token. `issuedAt` is in epoch ms; `claims` are all claims, including those of the purpose. */
export type LinkToken = LinkOwner & { issuedAt: number; claims: JWTPayload }

/** Why a token is refused. `invalid`: it was not signed for this purpose, tenant and installation. */
export type LinkFault = { fault: 'expired' | 'invalid' }

/** Maximum length of a token. A token with fifty categories has about 4,000 characters. */
const TOKEN_MAX = 8_192

const audience = (purpose: LinkPurpose) => `carillon:${purpose}`
const type = (purpose: LinkPurpose) => `carillon-${purpose}+jwt`
const sealedFor = (purpose: LinkPurpose, tenant: string) => `link ${purpose} ${tenant}`

/**
 * Signs the token of a link: a JWT (RFC 7519, HS256) with `iss` the tenant, `sub` the user, `aud` the purpose, `iat` and
 * `exp`. The key is derived from the root secret for the purpose and the tenant. `sub` is encrypted, because links are
 * forwarded and logged by others.
 */
export const signLink = (
  seal: Seal,
  purpose: LinkPurpose,
  { tenant, user }: LinkOwner,
  { claims = {}, seconds, now }: { claims?: JWTPayload; seconds: number; now: number },
): Promise<string> => {
  const token = new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: type(purpose) })
    .setIssuer(tenant)
    .setAudience(audience(purpose))
    // In fractions of a second, because it is compared with the time of an erasure.
    .setIssuedAt(now / 1_000)
    .setExpirationTime(Math.floor(now / 1_000) + seconds)
  if (user !== undefined) token.setSubject(seal.seal(user, sealedFor(purpose, tenant)))
  return token.sign(seal.signingKey(purpose, tenant))
}

/** Returns the tenant that a token names, without verifying it. */
const issuerOf = (token: string): string | undefined => {
  try {
    const { iss } = decodeJwt(token)
    return typeof iss === 'string' && TOKEN.test(iss) ? iss : undefined
  } catch {
    return undefined
  }
}

const userOf = (seal: Seal, sealed: string, context: string): string | undefined => {
  try {
    const user = parse(UserId, seal.open(sealed, context))
    return user.success ? user.data : undefined
  } catch {
    return undefined
  }
}

/** Verifies a token for one purpose. Never rejects. */
export const verifyLink = async (
  seal: Seal,
  purpose: LinkPurpose,
  token: string,
  now: number,
): Promise<LinkToken | LinkFault> => {
  const tenant = token.length > TOKEN_MAX ? undefined : issuerOf(token)
  if (tenant === undefined) return { fault: 'invalid' }
  try {
    const { payload } = await jwtVerify(token, seal.signingKey(purpose, tenant), {
      algorithms: ['HS256'],
      typ: type(purpose),
      issuer: tenant,
      audience: audience(purpose),
      requiredClaims: ['exp', 'iat'],
      currentDate: new Date(now),
    })
    const { sub, iat = 0 } = payload
    const verified = { tenant, issuedAt: Math.round(iat * 1_000), claims: payload }
    if (sub === undefined) return verified
    const user = userOf(seal, sub, sealedFor(purpose, tenant))
    return user === undefined ? { fault: 'invalid' } : { ...verified, user }
  } catch (error) {
    return { fault: error instanceof errors.JWTExpired ? 'expired' : 'invalid' }
  }
}
