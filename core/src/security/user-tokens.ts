import { createECDH, randomBytes } from 'node:crypto'
import { parse, TOKEN, UserId } from '@carillon/schemas'
import { decodeJwt, errors, jwtVerify, SignJWT } from 'jose'
import { ProblemError } from '../errors.ts'
import type { Tenant } from '../store/port.ts'
import type { Directory } from './directory.ts'

/** An end user who has shown a valid token; the connection ends at `expiresAt` (epoch ms). */
export type EndUser = { tenant: string; user: string; expiresAt: number }

const AUDIENCE = 'carillon'
/** The longest life of a user token, however it was signed. */
export const USER_TOKEN_MAX_SECONDS = 24 * 3_600
export const USER_TOKEN_DEFAULT_SECONDS = 3_600

export const newTenant = (id: string): Tenant => ({
  id,
  secrets: [newTenantSecret()],
  vapid: newVapidKeys(),
  createdAt: new Date().toISOString(),
  settings: {},
})

/** A P-256 key pair as Web Push knows it (RFC 8292): the point uncompressed, the number in 32 bytes. */
export const newVapidKeys = () => {
  const pair = createECDH('prime256v1')
  const publicKey = pair.generateKeys('base64url')
  // A leading zero byte is not part of the number; the standard wants it all the same.
  const number = Buffer.concat([Buffer.alloc(32), pair.getPrivateKey()]).subarray(-32)
  return { publicKey, privateKey: number.toString('base64url') }
}

export const newTenantSecret = () => ({
  kid: randomBytes(6).toString('base64url'),
  secret: randomBytes(32).toString('base64url'),
})

/**
 * Signs a user token: a JWT (RFC 7519, HS256 with the tenant's newest secret) with `iss` the tenant, `sub` the
 * user, `aud` "carillon", `iat` and `exp`. A tenant's backend may sign the same by itself.
 */
export const signUserToken = async (
  tenant: Tenant,
  user: string,
  seconds = USER_TOKEN_DEFAULT_SECONDS,
): Promise<{ token: string; expiresAt: string }> => {
  const { kid, secret } = tenant.secrets[0]!
  const expires = Math.floor(Date.now() / 1_000) + Math.min(seconds, USER_TOKEN_MAX_SECONDS)
  const token = await new SignJWT()
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid })
    .setIssuer(tenant.id)
    .setSubject(user)
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setExpirationTime(expires)
    .sign(Buffer.from(secret))
  return { token, expiresAt: new Date(expires * 1_000).toISOString() }
}

const refused = () => new ProblemError('unauthenticated', 'the user token is not valid for this Carillon')

const claimedTenant = (token: string): string | undefined => {
  try {
    const { iss } = decodeJwt(token)
    return iss !== undefined && TOKEN.test(iss) ? iss : undefined
  } catch {
    return undefined
  }
}

/**
 * Checks signature, algorithm, issuer, audience, expiry and age (RFC 8725). Throws `token_expired` for a good token
 * that is too old, and `unauthenticated`, always in the same words, for everything else.
 */
export const verifyUserToken = async (directory: Directory, token: string): Promise<EndUser> => {
  const issuer = claimedTenant(token)
  const tenant = issuer === undefined ? undefined : await directory.tenant(issuer)
  for (const { secret } of tenant?.secrets ?? []) {
    try {
      const { payload } = await jwtVerify(token, Buffer.from(secret), {
        algorithms: ['HS256'],
        issuer: tenant!.id,
        audience: AUDIENCE,
        requiredClaims: ['sub', 'exp', 'iat'],
        maxTokenAge: USER_TOKEN_MAX_SECONDS,
        clockTolerance: 5,
      })
      if (!parse(UserId, payload.sub).success) throw refused()
      const expires = Math.min(payload.exp!, payload.iat! + USER_TOKEN_MAX_SECONDS)
      return { tenant: tenant!.id, user: payload.sub!, expiresAt: expires * 1_000 }
    } catch (error) {
      if (error instanceof errors.JWTExpired)
        throw new ProblemError('token_expired', 'the user token has expired; ask your backend for a new one')
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw refused()
    }
  }
  throw refused()
}
