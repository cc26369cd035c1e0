import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { UnavailableError } from '../errors.ts'
import type { Marks } from '../store/outreach.ts'

/** How long an endpoint may fail without ever working before it is left alone: five days, in ms. */
export const DISABLE_AFTER_MS = 5 * 86_400_000
/** Longer than that by far: what is left alone stays so until somebody registers it again. */
const KEPT_MS = 365 * 86_400_000
/** How long another process may go on as before. */
const CACHED_MS = 60_000
const CACHE_MAX = 10_000

const keyOf = (url: string) => `failing:${hash('sha256', url, 'base64url')}`

/**
 * Since when webhook endpoints have been failing. One that has failed for DISABLE_AFTER_MS, whatever was tried, is
 * disabled: nothing is sent there until it is registered again.
 */
export const createEndpoints = (marks: Pick<Marks, 'get' | 'put' | 'remove'>, now = Date.now) => {
  const cache = new LRUCache<string, { since: number | undefined }>({ max: CACHE_MAX, ttl: CACHED_MS })

  const since = async (tenant: string, url: string): Promise<number | undefined> => {
    const key = keyOf(url)
    const known = cache.get(`${tenant}\n${key}`)
    if (known) return known.since
    const stored = (await marks.get(tenant, [key])).get(key)
    const found = stored === undefined ? undefined : Number(stored)
    cache.set(`${tenant}\n${key}`, { since: found })
    return found
  }

  const works = async (tenant: string, url: string): Promise<void> => {
    await marks.remove(tenant, [keyOf(url)])
    cache.set(`${tenant}\n${keyOf(url)}`, { since: undefined })
  }

  return {
    disabled: async (tenant: string, url: string): Promise<boolean> =>
      now() - ((await since(tenant, url)) ?? now()) > DISABLE_AFTER_MS,

    /** Notes how a request to it ended; writes only when that is news. */
    ended: async (tenant: string, url: string, well: boolean): Promise<void> => {
      try {
        const failing = await since(tenant, url)
        if (well && failing !== undefined) await works(tenant, url)
        if (well || failing !== undefined) return
        await marks.put(tenant, [{ key: keyOf(url), value: String(now()) }], KEPT_MS)
        cache.set(`${tenant}\n${keyOf(url)}`, { since: now() })
      } catch (error) {
        // The next request that ends so says it again; what was sent must not be sent anew for a note.
        if (!(error instanceof UnavailableError)) throw error
      }
    },

    /** Somebody has registered it (again): it is as good as new. */
    registered: works,
  }
}

export type Endpoints = ReturnType<typeof createEndpoints>

/** The URL of an address, or of an account, that is an endpoint of somebody's own; undefined for all others. */
export const endpointUrlOf = (value: unknown): string | undefined => {
  if (typeof value !== 'object' || value === null || !('url' in value)) return undefined
  return typeof value.url === 'string' ? value.url : undefined
}
