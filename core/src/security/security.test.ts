import { createECDH } from 'node:crypto'
import { type JWTHeaderParameters, SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { inProcessInvalidations } from '../cache/invalidation/in-process.ts'
import { createSettingsCache } from '../cache/settings-cache.ts'
import type { ApiKey, Tenant } from '../store/ports/tenants.ts'
import { newApiKey, verifyApiKey } from './api-keys.ts'
import { newTenant, newVapidKeys } from './new-tenant.ts'
import { createSeal, SEAL_BYTES } from './seal.ts'
import { signUserToken, verifyUserToken } from './user-tokens.ts'

const acme = newTenant('acme')
const other = newTenant('other')

const ERASED_AT = Date.now() - 30_000

const cacheOf = (tenants: Tenant[], keys: ApiKey[] = [], erased: string[] = []) => {
  const calls = { tenant: 0 }
  const store = {
    tenants: {
      get: async (id: string) => {
        calls.tenant++
        return tenants.find((tenant) => tenant.id === id)
      },
      key: async (tenant: string, id: string) => keys.find((key) => key.tenant === tenant && key.id === id),
    },
    types: { get: async () => undefined },
    users: { erased: async () => new Map(erased.map((user) => [user, { erasedAt: ERASED_AT }])) },
  } as unknown as Parameters<typeof createSettingsCache>[0]
  const invalidations = inProcessInvalidations()
  return { cache: createSettingsCache(store, invalidations), invalidations, calls }
}

const forge = (
  claims: Record<string, unknown>,
  secret = acme.secrets[0]!.secret,
  alg = 'HS256',
  header: { kid?: string; typ?: unknown } = {},
) =>
  new SignJWT(claims).setProtectedHeader({ alg, ...header } as JWTHeaderParameters).sign(Buffer.from(secret))

const now = Math.floor(Date.now() / 1_000)
const good = { iss: 'acme', sub: 'u1', aud: 'carillon', iat: now, exp: now + 60 }

test('a verified token yields its tenant, user and expiry', async () => {
  const { cache } = cacheOf([acme])
  const { token, expiresAt } = await signUserToken(acme, 'u1', 60)
  const user = await verifyUserToken(cache, token)
  const { kid } = acme.secrets[0]!
  expect(user).toEqual({
    tenant: 'acme',
    user: 'u1',
    kid,
    issuedAt: expect.any(Number),
    expiresAt: Date.parse(expiresAt) + 60_000,
  })
  expect(Date.now() - user.issuedAt).toBeLessThan(10_000)
})

test('a token issued before the erasure of its user is rejected, a later one is accepted', async () => {
  const { cache } = cacheOf([acme], [], ['u1'])
  const seconds = ERASED_AT / 1_000
  for (const iat of [seconds - 60, Math.floor(seconds), seconds])
    await expect(verifyUserToken(cache, await forge({ ...good, iat }))).rejects.toMatchObject({
      message: 'the user token is not valid for this Carillon',
      reason: 'erased',
    })
  const later = await forge({ ...good, iat: seconds + 0.001 })
  expect((await verifyUserToken(cache, later)).issuedAt).toBe(ERASED_AT + 1)
  const other = await forge({ ...good, sub: 'u2', iat: seconds - 60 })
  expect((await verifyUserToken(cache, other)).user).toBe('u2')
})

test('a token signed with the previous secret stays valid', async () => {
  const { token } = await signUserToken(acme, 'u1')
  const rotated = { ...acme, secrets: [...newTenant('acme').secrets, ...acme.secrets] }
  const { cache } = cacheOf([rotated])
  expect((await verifyUserToken(cache, token)).user).toBe('u1')
})

test.each<[string, string, () => Promise<string>]>([
  ['another secret', 'signature', () => forge(good, other.secrets[0]!.secret)],
  [
    'another secret and its kid',
    'kid_unknown',
    () => forge(good, other.secrets[0]!.secret, 'HS256', { kid: other.secrets[0]!.kid }),
  ],
  ['another tenant', 'signature', () => forge({ ...good, iss: 'other' })],
  ['an unknown tenant', 'issuer', () => forge({ ...good, iss: 'nobody' })],
  ['no tenant', 'issuer', () => forge({ ...good, iss: undefined })],
  ['another audience', 'audience', () => forge({ ...good, aud: 'elsewhere' })],
  ['no audience', 'audience', () => forge({ ...good, aud: undefined })],
  ['no expiry', 'expiry', () => forge({ ...good, exp: undefined })],
  ['no iat', 'issued_at', () => forge({ ...good, iat: undefined })],
  ['no user', 'subject', () => forge({ ...good, sub: undefined })],
  ['a hostile user', 'subject', () => forge({ ...good, sub: '__proto__\n' })],
  ['another algorithm', 'algorithm', () => forge(good, acme.secrets[0]!.secret, 'HS512')],
  ['the type of an access token', 'type', () => forge(good, undefined, 'HS256', { typ: 'at+jwt' })],
  ['the type of a logout token', 'type', () => forge(good, undefined, 'HS256', { typ: 'logout+jwt' })],
  ['a type that is not a string', 'type', () => forge(good, undefined, 'HS256', { typ: ['JWT'] })],
  ['no signature', 'algorithm', async () => `${btoa('{"alg":"none"}')}.${btoa(JSON.stringify(good))}.`],
  ['too long a lifetime', 'expiry_too_far', () => forge({ ...good, exp: now + 86_401 })],
  ['nbf in the future', 'not_yet', () => forge({ ...good, nbf: now + 90 })],
  ['iat in the future', 'issued_ahead', () => forge({ ...good, iat: now + 90 })],
  ['a string as exp', 'claim_exp', () => forge({ ...good, exp: 'tomorrow' })],
  ['no contexts', 'contexts', () => forge({ ...good, contexts: [] })],
  ['a context instead of a list', 'contexts', () => forge({ ...good, contexts: 'org-7' })],
  ['a hostile context', 'contexts', () => forge({ ...good, contexts: ['a\n'] })],
  ['17 contexts', 'contexts', () => forge({ ...good, contexts: Array.from({ length: 17 }, String) })],
  ['garbage', 'malformed', async () => 'x.y.z'],
  ['nothing', 'malformed', async () => ''],
])(
  'a token with %s is rejected with the same message as any other; the reason is %s',
  async (_, reason, make) => {
    const { cache } = cacheOf([acme, other])
    const token = await make()
    const error = await verifyUserToken(cache, token).catch((error: unknown) => error)
    expect(error).toMatchObject({
      message: 'the user token is not valid for this Carillon',
      problem: { code: 'unauthenticated' },
      reason,
      explanation: expect.stringMatching(/^(it|the) /),
    })
  },
)

test('a token may be limited to contexts', async () => {
  const { cache } = cacheOf([acme])
  const contexts = ['__proto__', '', 'org:7', '__proto__']
  const { token } = await signUserToken(acme, 'u1', 60, contexts)
  expect((await verifyUserToken(cache, token)).contexts).toEqual(['__proto__', '', 'org:7'])
  expect((await verifyUserToken(cache, await forge(good))).contexts).toBeUndefined()
})

test.each(['JWT', 'jwt', 'application/jwt', undefined])('a token of the type %s is accepted', async (typ) => {
  const { cache } = cacheOf([acme])
  const token = await forge(good, undefined, 'HS256', { typ })
  expect((await verifyUserToken(cache, token)).user).toBe('u1')
})

test('clocks may differ by up to a minute', async () => {
  const { cache } = cacheOf([acme])
  const ahead = await forge({ ...good, iat: now + 50, nbf: now + 50, exp: now + 110 })
  expect((await verifyUserToken(cache, ahead)).user).toBe('u1')
  const behind = await forge({ ...good, iat: now - 110, exp: now - 50 })
  expect((await verifyUserToken(cache, behind)).expiresAt).toBe((now + 10) * 1_000)
})

test('an expired token is rejected as token_expired', async () => {
  const { cache } = cacheOf([acme])
  const token = await forge({ ...good, iat: now - 180, exp: now - 61 })
  await expect(verifyUserToken(cache, token)).rejects.toMatchObject({
    problem: { code: 'token_expired' },
    reason: 'expired',
    tenant: 'acme',
  })
})

test('an API key is valid for its tenant until it is revoked', async () => {
  const { key, token } = newApiKey('acme', 'billing', ['notifications:write'])
  expect(await verifyApiKey(cacheOf([], [key]).cache, token)).toEqual({
    tenant: 'acme',
    key: key.id,
    scopes: ['notifications:write'],
  })
  const unauthenticated = { problem: { code: 'unauthenticated' } }
  const revoked = cacheOf([], [{ ...key, revokedAt: new Date().toISOString() }]).cache
  await expect(verifyApiKey(revoked, token)).rejects.toMatchObject({
    ...unauthenticated,
    reason: 'key_revoked',
  })
  const { cache } = cacheOf([], [key])
  for (const bad of [
    `${token}x`,
    token.slice(0, -1).concat('!'),
    token.replace('acme', 'other'),
    'ck_',
    'ck_a.b.c',
  ])
    await expect(verifyApiKey(cache, bad)).rejects.toMatchObject(unauthenticated)
})

test('the cache reads the store once, including for misses', async () => {
  const { cache, invalidations, calls } = cacheOf([])
  await Promise.all([cache.tenant('nobody'), cache.tenant('nobody')])
  await cache.tenant('nobody')
  expect(calls.tenant).toBe(1)
  await invalidations.publish([{ kind: 'tenant', tenant: 'nobody' }])
  await cache.tenant('nobody')
  expect(calls.tenant).toBe(2)
})

test('a sealed value opens only with its secret and context', () => {
  const seal = createSeal('a secret of some length')
  const sealed = seal.seal('hush', 'tenant:acme')
  expect(sealed).not.toContain('hush')
  expect(seal.open(sealed, 'tenant:acme')).toBe('hush')
  expect(seal.seal('hush', 'tenant:acme')).not.toBe(sealed)
  expect(() => seal.open(sealed, 'tenant:other')).toThrow()
  expect(() => seal.open(sealed.slice(0, -4), 'tenant:acme')).toThrow()
  for (const foreign of ['hush', '', 'v1', 'v2.a.b.c', sealed.replace('v1.', '')])
    expect(() => seal.open(foreign, 'tenant:acme')).toThrow(/not sealed by/)
})

test('sealed bytes open only with their secret and context', () => {
  const seal = createSeal('a secret of some length')
  const plain = Uint8Array.from({ length: 1_000 }, (_, index) => index % 256)
  const sealed = seal.sealBytes(plain, 'attachment:acme:1:0')
  expect(sealed).toHaveLength(plain.length + SEAL_BYTES)
  expect(Buffer.from(sealed).includes(Buffer.from(plain.subarray(0, 16)))).toBe(false)
  expect(Buffer.from(seal.openBytes(sealed, 'attachment:acme:1:0')).equals(plain)).toBe(true)
  expect(seal.openBytes(seal.sealBytes(new Uint8Array(), 'x'), 'x')).toHaveLength(0)
  expect(seal.sealBytes(plain, 'attachment:acme:1:0')).not.toEqual(sealed)
  expect(() => seal.openBytes(sealed, 'attachment:acme:1:1')).toThrow()
  expect(() => seal.openBytes(sealed.subarray(0, -1), 'attachment:acme:1:0')).toThrow()
  expect(() => createSeal('another').openBytes(sealed, 'attachment:acme:1:0')).toThrow(
    /was sealed with key [\w-]{8}, and CARILLON_SECRET is key/,
  )
  for (const foreign of [plain, new Uint8Array(), sealed.subarray(0, SEAL_BYTES - 1)])
    expect(() => seal.openBytes(foreign, 'attachment:acme:1:0')).toThrow(/not sealed by/)
})

test('opening a value with another secret names both keys', () => {
  const [first, second] = [createSeal('a secret of some length'), createSeal('another')]
  const keyId = (sealed: string) => sealed.split('.')[1]
  const sealed = first.seal('hush', 'x')
  expect(keyId(sealed)).toMatch(/^[\w-]{8}$/)
  expect(keyId(createSeal('a secret of some length').seal('other', 'y'))).toBe(keyId(sealed))
  const other = keyId(second.seal('hush', 'x'))
  expect(other).not.toBe(keyId(sealed))
  expect(() => second.open(sealed, 'x')).toThrow(
    `sealed with key ${keyId(sealed)}, and CARILLON_SECRET is key ${other}`,
  )
})

test('a digest is equal only for the same value, context and secret', () => {
  const { digest } = createSeal('a secret of some length')
  const own = digest('ada@example.org', 'suppression:acme')
  expect(own).toMatch(/^[\w-]{43}$/)
  expect(createSeal('a secret of some length').digest('ada@example.org', 'suppression:acme')).toBe(own)
  const others = [
    digest('bob@example.org', 'suppression:acme'),
    digest('ada@example.org', 'suppression:other'),
    createSeal('another').digest('ada@example.org', 'suppression:acme'),
  ]
  expect(new Set([own, ...others]).size).toBe(4)
})

test('every tenant has its own VAPID keys', () => {
  const { publicKey, privateKey } = newVapidKeys()
  const pair = createECDH('prime256v1')
  pair.setPrivateKey(privateKey, 'base64url')
  expect(pair.getPublicKey('base64url')).toBe(publicKey)
  expect(Buffer.from(publicKey, 'base64url')).toHaveLength(65)
  expect(Buffer.from(privateKey, 'base64url')).toHaveLength(32)
  expect(acme.vapid).not.toEqual(other.vapid)
})
