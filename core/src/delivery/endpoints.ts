import { hash } from 'node:crypto'
import { cached } from '../cache/cached.ts'
import { inProcessInvalidations } from '../cache/invalidation/in-process.ts'
import type { Invalidations } from '../cache/invalidation/port.ts'
import { UnavailableError } from '../errors.ts'
import type { ExpiringKeys } from '../store/ports/expiring-keys.ts'

/** How long an endpoint may fail without any success before it is disabled: five days, in ms. */
export const DISABLE_AFTER_MS = 5 * 86_400_000
/** Failures further apart than this are separate outages. Longer than the longest delay between two retries. */
const GAP_MS = 86_400_000
/** Minimum time between two writes about one outage. */
const NOTED_MS = 3_600_000
/** TTL of a note, in ms. An endpoint stays disabled until it is registered again. */
const KEPT_MS = 365 * 86_400_000
/** How long an outdated note may be served if its invalidation is lost. */
const CACHED_MS = 60_000

const DISABLED = 'disabled'

const keyOf = (url: string) => `failing:${hash('sha256', url, 'base64url')}`

/** Since when an endpoint has been failing, and when it was last noted, epoch ms. */
type Trouble = { since: number; noted: number }

const written = ({ since, noted }: Trouble) => `${since} ${noted}`
const read = (value: string): Trouble => {
  const [since, noted] = value.split(' ').map(Number)
  return { since: since ?? 0, noted: noted ?? since ?? 0 }
}

/** Outcome of a request to an endpoint. `gone`: it returned 410. */
export type EndpointEnd = 'worked' | 'failed' | 'gone'

/**
 * Disables failing webhook endpoints. An endpoint that failed for `disableAfterMs`, without a success or a long gap between
 * failures, is disabled until it is registered again. An endpoint that returns 410 is disabled at once.
 */
export const createEndpoints = (
  expiringKeys: Pick<ExpiringKeys, 'get' | 'put' | 'remove'>,
  {
    disableAfterMs = DISABLE_AFTER_MS,
    now = Date.now,
    invalidations = inProcessInvalidations(),
  }: { disableAfterMs?: number; now?: () => number; invalidations?: Invalidations } = {},
) => {
  const noted = cached({
    kind: 'endpoint',
    ttlMs: CACHED_MS,
    invalidations,
    load: async (tenant, key) => (await expiringKeys.get(tenant, [key])).get(key),
  })
  const get = (tenant: string, url: string) => noted(tenant, keyOf(url))

  const put = async (tenant: string, url: string, value: string): Promise<void> => {
    const key = keyOf(url)
    await expiringKeys.put(tenant, [{ key, value }], KEPT_MS)
    await invalidations.publish([{ kind: 'endpoint', tenant, id: key }])
  }

  const clear = async (tenant: string, url: string): Promise<void> => {
    const key = keyOf(url)
    await expiringKeys.remove(tenant, [key])
    await invalidations.publish([{ kind: 'endpoint', tenant, id: key }])
  }

  /** Returns the note to store after a failure; undefined if the stored note stays. */
  const noteOf = (value: string | undefined): string | undefined => {
    const time = now()
    const { since, noted } = value === undefined ? { since: time, noted: 0 } : read(value)
    if (value === undefined || time - noted > GAP_MS) return written({ since: time, noted: time })
    if (time - since > disableAfterMs) return DISABLED
    return time - noted > NOTED_MS ? written({ since, noted: time }) : undefined
  }

  const note = async (tenant: string, url: string, end: EndpointEnd): Promise<void> => {
    if (end === 'gone') return put(tenant, url, DISABLED)
    const value = await get(tenant, url)
    if (end === 'worked') return value === undefined ? undefined : clear(tenant, url)
    const news = value === DISABLED ? undefined : noteOf(value)
    if (news !== undefined) await put(tenant, url, news)
  }

  return {
    disabled: async (tenant: string, url: string): Promise<boolean> => (await get(tenant, url)) === DISABLED,

    /** Records the outcome of a request. Writes only if that changes the note. */
    ended: async (tenant: string, url: string, end: EndpointEnd): Promise<void> => {
      try {
        await note(tenant, url, end)
      } catch (error) {
        // A message that was sent must not be resent because its note failed. The next failure is noted
        // instead.
        if (!(error instanceof UnavailableError)) throw error
      }
    },

    /** Enables an endpoint that was registered again. */
    registered: clear,
  }
}

export type Endpoints = ReturnType<typeof createEndpoints>

/** Returns the URL of a device or an account's config, if it has one. */
export const endpointUrlOf = (value: unknown): string | undefined => {
  if (typeof value !== 'object' || value === null || !('url' in value)) return undefined
  return typeof value.url === 'string' ? value.url : undefined
}
