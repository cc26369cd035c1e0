import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { SettingsCache } from '../cache/settings-cache.ts'
import type { ApiKey } from '../store/ports/tenants.ts'
import { CredentialsError } from './credentials-error.ts'

/** Permissions of API keys. Each route requires one. */
export const SCOPES = [
  'notifications:write',
  'notifications:read',
  'users:write',
  'users:read',
  'topics:write',
  'topics:read',
  'types:write',
  'types:read',
  'tokens:write',
  'tenant:write',
  'tenant:read',
  'providers:write',
  'providers:read',
  'suppressions:write',
  'suppressions:read',
  'dead-letters:write',
  'dead-letters:read',
  'otp:write',
  'preferences:write',
  'preferences:read',
  'contexts:write',
  'contexts:read',
  'schedules:write',
  'schedules:read',
  'items:write',
  'items:read',
] as const
export type Scope = (typeof SCOPES)[number]

/** An authenticated backend. */
export type Sender = { tenant: string; key: string; scopes: readonly string[] }

const digest = (secret: string) => hash('sha256', secret, 'base64url')

/** Creates an API key. `token` has the form `ck_<tenant>.<id>.<secret>` and is not stored. */
export const newApiKey = (
  tenant: string,
  name: string,
  scopes: readonly Scope[] = SCOPES,
): { key: ApiKey; token: string } => {
  const id = randomBytes(9).toString('base64url')
  const secret = randomBytes(32).toString('base64url')
  const key = {
    id,
    tenant,
    name,
    hash: digest(secret),
    scopes: [...scopes],
    createdAt: new Date().toISOString(),
    revokedAt: null,
  }
  return { key, token: `ck_${tenant}.${id}.${secret}` }
}

export const isApiKey = (token: string) => token.startsWith('ck_')

const UNAUTHENTICATED = {
  code: 'unauthenticated',
  detail: 'the API key is not valid; create one with carillon token --sender',
} as const

const refused = (reason: string, explanation: string, tenant?: string) =>
  new CredentialsError(UNAUTHENTICATED, { reason, explanation, tenant })

/**
 * Verifies an API key with a constant-time comparison. Throws CredentialsError (`unauthenticated`), with the same message
 * for malformed, unknown, revoked and wrong keys.
 */
export const verifyApiKey = async (cache: SettingsCache, token: string): Promise<Sender> => {
  const [, tenant, id, secret] =
    /^ck_([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{12})\.([A-Za-z0-9_-]{43})$/.exec(token) ?? []
  if (!tenant || !id || !secret)
    throw refused(
      'key_malformed',
      'an API key has the form ck_<tenant>.<id>.<secret>; this one may be truncated',
    )
  const key = await cache.apiKey(tenant, id)
  if (!key) throw refused('key_unknown', 'no API key of this tenant has this id')
  if (key.revokedAt !== null) throw refused('key_revoked', 'the API key has been revoked', key.tenant)
  if (!timingSafeEqual(Buffer.from(digest(secret)), Buffer.from(key.hash)))
    throw refused('key_secret', 'the secret part of the API key is wrong', key.tenant)
  return { tenant: key.tenant, key: key.id, scopes: key.scopes }
}
