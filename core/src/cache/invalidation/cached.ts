import { LRUCache } from 'lru-cache'
import type { ChangeKind, Invalidations } from './port.ts'

const CACHE_MAX = 10_000

/**
 * A cache of one kind of stored values, by tenant and id. It keeps misses too, looks a value up once at a time, and
 * drops what `invalidations` names, also if its lookup is under way. While the store is out of reach, known values stay
 * valid; `ttlMs` bounds how long a missed invalidation matters.
 */
export const cached = <Value>(parts: {
  kind: ChangeKind
  ttlMs: number
  /** Entries at most. */
  max?: number
  invalidations: Pick<Invalidations, 'subscribe'>
  load: (tenant: string, id: string) => Promise<Value | undefined>
}) => {
  const { kind, ttlMs, max = CACHE_MAX, invalidations, load } = parts
  const keyOf = (tenant: string, id = '') => `${tenant}\n${id}`
  const cache = new LRUCache<string, { value: Value | undefined }, { tenant: string; id: string }>({
    max,
    ttl: ttlMs,
    allowStaleOnFetchRejection: true,
    fetchMethod: async (_key, _stale, { context: { tenant, id } }) => ({ value: await load(tenant, id) }),
  })
  invalidations.subscribe((changes) => {
    if (changes === 'all') return cache.clear()
    for (const change of changes) if (change.kind === kind) cache.delete(keyOf(change.tenant, change.id))
  })
  return async (tenant: string, id = ''): Promise<Value | undefined> => {
    // A lookup that was dropped rejects or gives nothing; so does a failed one of a value that was never known.
    const found = await cache.fetch(keyOf(tenant, id), { context: { tenant, id } })
    return found ? found.value : load(tenant, id)
  }
}
