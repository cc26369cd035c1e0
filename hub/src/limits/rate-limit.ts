import type { IncomingMessage } from 'node:http'
import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import type { Limit } from '@carillon/core/limits/port'
import type { Sender } from '@carillon/core/security/api-keys'
import { CredentialsError } from '@carillon/core/security/credentials-error'
import type { EndUser } from '@carillon/core/security/user-tokens'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { Rate } from '@carillon/schemas'
import { RateLimitedError } from '../http/problems.ts'
import type { RequestLimits, Taken } from './requests.ts'

/** Limits per API key, per tenant, per user, and of refused credentials per client address. */
export type RequestRates = Record<'key' | 'tenant' | 'user' | 'guesses', Rate | null>

type Name = keyof RequestRates
/** The limits that an operator can override for a tenant. */
type Limited = Exclude<Name, 'guesses'>
type Named = Limit & { name: Name }

const WHO: Record<Name, string> = {
  key: 'this API key has',
  tenant: 'this tenant has',
  user: 'this user has',
  guesses: 'this address has shown invalid credentials too often; it has',
}

/** Formats a token bucket as a quota and the seconds in which it refills. */
const policyOf = ({ name, perSecond, burst }: Named) =>
  `"${name}";q=${burst};w=${Math.max(1, Math.ceil(burst / perSecond))}`

/** Returns `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10) of the tightest limit. */
const headersOf = (limit: Named, { remaining, resetMs }: Taken): Record<string, string> => ({
  ratelimit: `"${limit.name}";r=${remaining};t=${Math.ceil(resetMs / 1_000)}`,
  'ratelimit-policy': policyOf(limit),
})

export type RateLimit = {
  /** Counts a request of a backend. Returns the response headers. Throws RateLimitedError. */
  sender(sender: Sender): Promise<Record<string, string>>
  /**
   * Counts a request or socket handshake against the user's limit. Returns the response headers. Throws
   * RateLimitedError.
   */
  user(user: Pick<EndUser, 'tenant' | 'user'>): Promise<Record<string, string>>
  /**
   * Counts rejected credentials against the client address. Returns the error to respond with:
   * RateLimitedError above the limit. Valid credentials are never rejected because of their address.
   */
  refused(error: unknown, request: IncomingMessage | undefined): unknown
}

/** Creates the request limits of the installation; limits set for a tenant override them. */
export const createRateLimit = (parts: {
  requests: RequestLimits
  rates: RequestRates | undefined
  cache: SettingsCache
  addressOf: (request: IncomingMessage) => string
  metrics: Pick<Metrics, 'rateLimited'>
}): RateLimit => {
  const { requests, rates, cache, addressOf, metrics } = parts

  const take = (limits: readonly Named[]): Record<string, string> => {
    const [first, ...others] = limits
    if (!first) return {}
    const taken = requests.take([first, ...others])
    const limit = taken.limit as Named
    const headers = headersOf(limit, taken)
    if (taken.waitMs === 0) return headers
    metrics.rateLimited.inc({ limit: limit.name })
    const detail = `${WHO[limit.name]} ${limit.perSecond} requests a second, and ${limit.burst} at once`
    throw new RateLimitedError(detail, taken.waitMs, headers)
  }

  const limitsOf = async (tenant: string, keys: readonly [Limited, string][]): Promise<Named[]> => {
    const own = (await cache.tenant(tenant))?.limits.requests
    const limits: Named[] = []
    for (const [name, key] of keys) {
      const rate = own?.[name] === undefined ? rates?.[name] : own[name]
      if (rate) limits.push({ name, key: `${name}:${tenant}:${key}`, ...rate })
    }
    return limits
  }

  return {
    sender: async ({ tenant, key }) =>
      take(
        await limitsOf(tenant, [
          ['key', key],
          ['tenant', ''],
        ]),
      ),
    user: async ({ tenant, user }) =>
      take(
        await limitsOf(tenant, [
          ['user', user],
          ['tenant', ''],
        ]),
      ),
    refused: (error, request) => {
      const guessed = error instanceof CredentialsError && error.problem.code === 'unauthenticated'
      if (!guessed || !request || !rates?.guesses) return error
      try {
        take([{ name: 'guesses', key: `guesses:${addressOf(request)}`, ...rates.guesses }])
        return error
      } catch (limited) {
        return limited
      }
    },
  }
}
