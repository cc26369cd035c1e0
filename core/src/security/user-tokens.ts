import { createECDH, randomBytes } from 'node:crypto'
import { parse, TOKEN, UserId } from '@carillon/schemas'
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import type { SettingsCache } from '../cache/tenants-and-types.ts'
import type { Tenant } from '../store/ports/tenants.ts'
import { CredentialsError } from './credentials-error.ts'

/**
 * An end user who has shown a valid token, issued at `issuedAt`. It is accepted until `expiresAt` (both epoch ms), while the
 * tenant has the secret `kid` that it is signed with, and unless the user is erased.
 */
export type EndUser = { tenant: string; user: string; kid: string; issuedAt: number; expiresAt: number }

const AUDIENCE = 'carillon'
/** RFC 7515, section 4.1.9: `application/` may be left out, and case does not matter. */
const JWT_TYPE = /^(application\/)?jwt$/i
/** The longest life of a user token, however it was signed. */
export const USER_TOKEN_MAX_SECONDS = 24 * 3_600
export const USER_TOKEN_DEFAULT_SECONDS = 3_600
/** How far the clock of a backend that signs tokens may be from ours, in seconds: `iat`, `nbf` and `exp` are read so. */
export const CLOCK_TOLERANCE_SECONDS = 60

export const newTenant = (id: string): Tenant => ({
  id,
  secrets: [newTenantSecret()],
  vapid: newVapidKeys(),
  createdAt: new Date().toISOString(),
  settings: {},
  limits: {},
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
    // With a fraction, so that it can be told whether it was before or after an erasure of the same second.
    .setIssuedAt(Date.now() / 1_000)
    .setExpirationTime(expires)
    .sign(Buffer.from(secret))
  return { token, expiresAt: new Date(expires * 1_000).toISOString() }
}

const UNAUTHENTICATED = {
  code: 'unauthenticated',
  detail: 'the user token is not valid for this Carillon',
} as const
const EXPIRED = {
  code: 'token_expired',
  detail: 'the user token has expired; ask your backend for a new one',
} as const

const refused = (reason: string, explanation: string, tenant?: string) =>
  new CredentialsError(UNAUTHENTICATED, { reason, explanation, tenant })

const hours = (seconds: number) => Math.round(seconds / 360) / 10

/** What is wrong with the claims of a token whose signature is good, by claim. */
const CLAIM_FAULTS: Record<string, { reason: string; explanation: string }> = {
  aud: { reason: 'audience', explanation: `the claim aud must be "${AUDIENCE}"` },
  sub: { reason: 'subject', explanation: 'the claim sub (the user id) is missing' },
  exp: { reason: 'expiry', explanation: 'the claim exp (when it expires, in seconds) is missing' },
  iat: { reason: 'issued_at', explanation: 'the claim iat (when it was issued, in seconds) is missing' },
  nbf: { reason: 'not_yet', explanation: 'the claim nbf lies ahead: the token is not valid yet' },
}

/** Names what jose refused. Undefined if only the signature does not match this secret. */
const faultOf = (error: unknown, tenant: string): CredentialsError | undefined => {
  if (error instanceof errors.JWSSignatureVerificationFailed) return
  if (error instanceof errors.JWTExpired) {
    const explanation = `the token has expired, by more than the ${CLOCK_TOLERANCE_SECONDS} s that are tolerated`
    return new CredentialsError(EXPIRED, { reason: 'expired', explanation, tenant })
  }
  if (error instanceof errors.JOSEAlgNotAllowed)
    return refused('algorithm', 'the header alg must be HS256', tenant)
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim, reason } = error
    const known = CLAIM_FAULTS[claim]
    if (claim === 'iat' && reason === 'check_failed')
      return refused(
        'issued_ahead',
        `the claim iat lies more than ${CLOCK_TOLERANCE_SECONDS} s ahead: check the clock of the backend that signs`,
        tenant,
      )
    if (known && (reason === 'missing' || claim === 'aud' || claim === 'nbf'))
      return refused(known.reason, known.explanation, tenant)
    return refused(`claim_${claim}`, `the claim ${claim} has the wrong type or value`, tenant)
  }
  return refused('malformed', 'it is not a signed JWT', tenant)
}

type Claimed = { issuer: string; kid: unknown; typ: unknown }

/** What a token says of itself, unverified. */
const claimed = (token: string): Claimed => {
  try {
    const { kid, typ } = decodeProtectedHeader(token)
    const { iss } = decodeJwt(token)
    if (iss !== undefined && TOKEN.test(iss)) return { issuer: iss, kid, typ }
  } catch {
    throw refused('malformed', 'it is not a signed JWT')
  }
  throw refused('issuer', 'the claim iss (the tenant) is missing, or is not the id of a tenant')
}

/** Throws CredentialsError (`unauthenticated`) if the user was erased since the token was issued. */
export const requireNotErased = async (
  cache: Pick<SettingsCache, 'erasure'>,
  { tenant, user, issuedAt }: EndUser,
): Promise<void> => {
  const erasure = await cache.erasure(tenant, user)
  if (erasure && issuedAt <= erasure.erasedAt)
    throw refused('erased', 'the user has been erased since the token was issued', tenant)
}

/**
 * Checks type, signature, algorithm, issuer, audience, expiry and age (RFC 8725), with CLOCK_TOLERANCE_SECONDS for clocks that
 * differ, and that the user has not been erased since. Throws `token_expired` for a good token that is too old and
 * `unauthenticated` for everything else, both as CredentialsError.
 */
export const verifyUserToken = async (cache: SettingsCache, token: string): Promise<EndUser> => {
  const { issuer, kid, typ } = claimed(token)
  const tenant = await cache.tenant(issuer)
  if (!tenant) throw refused('issuer', 'the claim iss names no tenant of this installation')
  if (typ !== undefined && !(typeof typ === 'string' && JWT_TYPE.test(typ)))
    throw refused(
      'type',
      'the header typ must be JWT or left out: this is a token of another kind',
      tenant.id,
    )
  for (const { kid: signer, secret } of tenant.secrets) {
    let payload: JWTPayload
    try {
      const verified = await jwtVerify(token, Buffer.from(secret), {
        algorithms: ['HS256'],
        issuer: tenant.id,
        audience: AUDIENCE,
        requiredClaims: ['sub', 'exp', 'iat'],
        maxTokenAge: USER_TOKEN_MAX_SECONDS,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
      })
      payload = verified.payload
    } catch (error) {
      const fault = faultOf(error, tenant.id)
      if (fault) throw fault
      continue
    }
    const user = endUserOf(tenant.id, signer, payload)
    await requireNotErased(cache, user)
    return user
  }
  if (kid !== undefined && !tenant.secrets.some((secret) => secret.kid === kid))
    throw refused(
      'kid_unknown',
      "the header kid is none of the tenant's, and none of its secrets fits",
      tenant.id,
    )
  throw refused('signature', "the signature does not match the tenant's secret", tenant.id)
}

const endUserOf = (tenant: string, kid: string, { sub, exp = 0, iat = 0 }: JWTPayload): EndUser => {
  const user = parse(UserId, sub)
  if (!user.success)
    throw refused('subject', `the claim sub is not a user id: ${user.issues[0]?.message}`, tenant)
  if (exp - iat > USER_TOKEN_MAX_SECONDS)
    throw refused(
      'expiry_too_far',
      `the claim exp lies ${hours(exp - iat)} h after iat; ${hours(USER_TOKEN_MAX_SECONDS)} h are the most`,
      tenant,
    )
  return {
    tenant,
    user: user.data,
    kid,
    issuedAt: Math.round(iat * 1_000),
    expiresAt: (exp + CLOCK_TOLERANCE_SECONDS) * 1_000,
  }
}
