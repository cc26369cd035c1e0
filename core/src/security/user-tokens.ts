import { parse, TOKEN, TOKEN_CONTEXTS_MAX, TokenContexts, UserId } from '@carillon/schemas'
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import type { SettingsCache } from '../cache/settings-cache.ts'
import type { Tenant } from '../store/ports/tenants.ts'
import { CredentialsError } from './credentials-error.ts'

/**
 * An authenticated end user. The token was issued at `issuedAt` and is accepted until `expiresAt` (both epoch ms), as long as
 * the tenant has the secret `kid` that signed it and the user is not erased. `contexts` limits the token to items of these
 * contexts; '' stands for items without one. If absent, the token is not limited.
 */
export type EndUser = {
  tenant: string
  user: string
  contexts?: readonly string[]
  kid: string
  issuedAt: number
  expiresAt: number
}

const AUDIENCE = 'carillon'
/** RFC 7515, section 4.1.9: `application/` is optional, and case does not matter. */
const JWT_TYPE = /^(application\/)?jwt$/i
/** The maximum lifetime of a user token, whoever signed it. */
export const USER_TOKEN_MAX_SECONDS = 24 * 3_600
export const USER_TOKEN_DEFAULT_SECONDS = 3_600
/** The tolerated clock difference of signing backends, in seconds, for `iat`, `nbf` and `exp`. */
export const CLOCK_TOLERANCE_SECONDS = 60

/**
 * Signs a user token: a JWT (RFC 7519, HS256 with the tenant's newest secret) with `iss` the tenant, `sub` the
 * user, `aud` "carillon", `iat`, `exp` and, in a limited token, `contexts`. A tenant's backend may sign such tokens itself.
 */
export const signUserToken = async (
  tenant: Tenant,
  user: string,
  seconds = USER_TOKEN_DEFAULT_SECONDS,
  contexts?: readonly string[],
): Promise<{ token: string; expiresAt: string }> => {
  const { kid, secret } = tenant.secrets[0]!
  const expires = Math.floor(Date.now() / 1_000) + Math.min(seconds, USER_TOKEN_MAX_SECONDS)
  const token = await new SignJWT(contexts ? { contexts } : {})
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid })
    .setIssuer(tenant.id)
    .setSubject(user)
    .setAudience(AUDIENCE)
    // With milliseconds, to compare with an erasure in the same second.
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

/** Explanations of invalid claims in tokens with a valid signature, by claim. */
const CLAIM_FAULTS: Record<string, { reason: string; explanation: string }> = {
  aud: { reason: 'audience', explanation: `the claim aud must be "${AUDIENCE}"` },
  sub: { reason: 'subject', explanation: 'the claim sub (the user id) is missing' },
  exp: { reason: 'expiry', explanation: 'the claim exp (when it expires, in seconds) is missing' },
  iat: { reason: 'issued_at', explanation: 'the claim iat (when it was issued, in seconds) is missing' },
  nbf: { reason: 'not_yet', explanation: 'the claim nbf is in the future: the token is not valid yet' },
}

/** Converts an error of jose. Returns undefined if only the signature does not match this secret. */
const faultOf = (error: unknown, tenant: string): CredentialsError | undefined => {
  if (error instanceof errors.JWSSignatureVerificationFailed) return
  if (error instanceof errors.JWTExpired) {
    const explanation = `the token has expired, by more than the tolerance of ${CLOCK_TOLERANCE_SECONDS} s`
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
        `the claim iat is more than ${CLOCK_TOLERANCE_SECONDS} s in the future: check the clock of the signing backend`,
        tenant,
      )
    if (known && (reason === 'missing' || claim === 'aud' || claim === 'nbf'))
      return refused(known.reason, known.explanation, tenant)
    return refused(`claim_${claim}`, `the claim ${claim} has the wrong type or value`, tenant)
  }
  return refused('malformed', 'it is not a signed JWT', tenant)
}

type UnverifiedClaims = { issuer: string; kid: unknown; typ: unknown }

/** Decodes a token without verifying it. */
const decodeUnverified = (token: string): UnverifiedClaims => {
  try {
    const { kid, typ } = decodeProtectedHeader(token)
    const { iss } = decodeJwt(token)
    if (iss !== undefined && TOKEN.test(iss)) return { issuer: iss, kid, typ }
  } catch {
    throw refused('malformed', 'it is not a signed JWT')
  }
  throw refused('issuer', 'the claim iss is missing, or is not a tenant id')
}

/** Throws CredentialsError (`unauthenticated`) if the user was erased since the token was issued. */
export const requireNotErased = async (
  cache: Pick<SettingsCache, 'erasure'>,
  { tenant, user, issuedAt }: Pick<EndUser, 'tenant' | 'user' | 'issuedAt'>,
): Promise<void> => {
  const erasure = await cache.erasure(tenant, user)
  if (erasure && issuedAt <= erasure.erasedAt)
    throw refused('erased', 'the user has been erased since the token was issued', tenant)
}

/**
 * Verifies type, signature, algorithm, issuer, audience, expiry and age of a token (RFC 8725), with a tolerance of
 * CLOCK_TOLERANCE_SECONDS, and that the user has not been erased since it was issued. Throws CredentialsError:
 * `token_expired` for a valid token that has expired, `unauthenticated` otherwise.
 */
export const verifyUserToken = async (cache: SettingsCache, token: string): Promise<EndUser> => {
  const { issuer, kid, typ } = decodeUnverified(token)
  const tenant = await cache.tenant(issuer)
  if (!tenant) throw refused('issuer', 'the claim iss names no tenant of this installation')
  if (typ !== undefined && !(typeof typ === 'string' && JWT_TYPE.test(typ)))
    throw refused('type', 'the header typ must be JWT or absent: this is another kind of token', tenant.id)
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
      "the header kid is unknown, and the signature matches none of the tenant's secrets",
      tenant.id,
    )
  throw refused('signature', "the signature does not match the tenant's secret", tenant.id)
}

const endUserOf = (
  tenant: string,
  kid: string,
  { sub, exp = 0, iat = 0, contexts: claimed }: JWTPayload,
): EndUser => {
  const user = parse(UserId, sub)
  if (!user.success)
    throw refused('subject', `the claim sub is not a user id: ${user.issues[0]?.message}`, tenant)
  if (exp - iat > USER_TOKEN_MAX_SECONDS)
    throw refused(
      'expiry_too_far',
      `the claim exp is ${hours(exp - iat)} h after iat; the maximum is ${hours(USER_TOKEN_MAX_SECONDS)} h`,
      tenant,
    )
  const contexts = claimed === undefined ? undefined : parse(TokenContexts, claimed)
  if (contexts && !contexts.success)
    throw refused(
      'contexts',
      `the claim contexts is not a list of 1 to ${TOKEN_CONTEXTS_MAX} contexts: ${contexts.issues[0]?.message}`,
      tenant,
    )
  return {
    tenant,
    user: user.data,
    ...(contexts ? { contexts: [...new Set(contexts.data)] } : {}),
    kid,
    issuedAt: Math.round(iat * 1_000),
    expiresAt: (exp + CLOCK_TOLERANCE_SECONDS) * 1_000,
  }
}
