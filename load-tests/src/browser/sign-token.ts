import { createHmac } from 'node:crypto'
import { vi } from 'vitest'
import { runCarillon, type Settings } from '../rig/carillon.ts'

/** The hub accepts a token for this time after its expiry, in seconds. */
const TOLERANCE = 60

/** Signs a token of the tenant `demo` that the hub accepts for some seconds. */
export const signToken = (secret: string, user: string, seconds: number, tenant = 'demo'): string => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = Math.floor(Date.now() / 1_000)
  const claims = { iss: tenant, sub: user, aud: 'carillon', iat: now - 3_600, exp: now + seconds - TOLERANCE }
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

/** Makes a new secret of the tenant `demo`. Resolves when the hub accepts its tokens. */
export const newSecret = async (url: string, settings: Settings): Promise<string> => {
  const { stdout } = await runCarillon(['tenant', '--rotate', 'demo'], settings)
  const secret = stdout.trim().split(' ')[1]!
  const headers = { authorization: `Bearer ${signToken(secret, 'nobody', 60)}` }
  await vi.waitUntil(async () => (await fetch(`${url}/v1/inbox`, { headers })).ok, { timeout: 30_000 })
  return secret
}
