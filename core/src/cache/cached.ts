import { LRUCache } from 'lru-cache'
import { UnavailableError } from '../errors.ts'
import type { ChangeKind, Invalidations } from './invalidation/port.ts'

const CACHE_MAX = 10_000

/** `known`: the last value from the store. `version` counts the invalidations. */
type Entry<Value> = {
  version: number
  known?: { value: Value | undefined; freshUntil: number }
  lookup?: Promise<Value | undefined>
}

const forgetLookup = (entry: Entry<unknown>) => {
  entry.version++
  entry.lookup = undefined
}

/**
 * Returns a read-through cache of one kind of stored value, by tenant and id. It caches misses too, and
 * concurrent callers share one lookup.
 *
 * - A named invalidation removes the value, because it is known to be outdated.
 * - The invalidation `all` marks every value stale, because it may be outdated. A value also becomes stale
 *   after `ttlMs`, which bounds the effect of a lost invalidation.
 * - A stale value is served only while the store is unavailable.
 * - A lookup that is pending when its value is invalidated is repeated.
 */
export const cached = <Value>(parts: {
  kind: ChangeKind
  ttlMs: number
  /** Maximum number of entries. */
  max?: number
  invalidations: Pick<Invalidations, 'subscribe'>
  load: (tenant: string, id: string) => Promise<Value | undefined>
}) => {
  const { kind, ttlMs, max = CACHE_MAX, invalidations, load } = parts
  const keyOf = (tenant: string, id = '') => `${tenant}\n${id}`
  const entries = new LRUCache<string, Entry<Value>>({ max })

  const remove = (key: string) => {
    const entry = entries.peek(key)
    if (entry) forgetLookup(entry)
    entries.delete(key)
  }
  const markAllStale = () => {
    for (const entry of entries.values()) {
      forgetLookup(entry)
      if (entry.known) entry.known.freshUntil = 0
    }
  }
  invalidations.subscribe((changes) => {
    if (changes === 'all') return markAllStale()
    for (const change of changes) if (change.kind === kind) remove(keyOf(change.tenant, change.id))
  })

  const lookUp = async (entry: Entry<Value>, tenant: string, id: string): Promise<Value | undefined> => {
    const { version, known } = entry
    const settled = await Promise.resolve()
      .then(() => load(tenant, id))
      .then(
        (value) => ({ value, freshUntil: performance.now() + ttlMs }),
        (error: unknown) => {
          if (known && error instanceof UnavailableError) return known
          return { error }
        },
      )
    if (entry.version !== version) return get(tenant, id)
    entry.lookup = undefined
    if ('error' in settled) throw settled.error
    entry.known = settled
    return settled.value
  }

  const get = async (tenant: string, id = ''): Promise<Value | undefined> => {
    const key = keyOf(tenant, id)
    const entry = entries.get(key) ?? { version: 0 }
    if (entry.known && performance.now() < entry.known.freshUntil) return entry.known.value
    entries.set(key, entry)
    entry.lookup ??= lookUp(entry, tenant, id)
    return entry.lookup
  }
  return get
}
