import type { CategoryDefinition, NotificationType } from '@carillon/schemas'
import { LRUCache } from 'lru-cache'
import type { Documents } from '../preferences/documents.ts'
import type { Store } from '../store/port.ts'
import type { StoredAccount } from '../store/ports/accounts.ts'
import type { StoredContext } from '../store/ports/contexts.ts'
import type { Library } from '../store/ports/library.ts'
import type { ApiKey, Tenant } from '../store/ports/tenants.ts'
import type { Erasure } from '../store/rules/erasure.ts'
import { batched } from './batched.ts'
import { cached } from './cached.ts'
import { inProcessInvalidations } from './invalidation/in-process.ts'
import type { Invalidations } from './invalidation/port.ts'

/** How long an outdated value may be served if its invalidation is lost, in ms. */
export const SETTINGS_TTL_MS = 10_000
/** Maximum users whose erasure or preferences are cached, including users without any. */
const USERS_MAX = 50_000
/** Maximum cached contexts, including those that do not exist. */
const CONTEXTS_MAX = 20_000
/** Maximum cached versions of types, besides the current ones. */
const VERSIONS_MAX = 1_000
const NONE: ReadonlySet<string> = new Set()
const NO_CATEGORIES: ReadonlyMap<string, CategoryDefinition> = new Map()
/** Maximum size of all cached libraries, in characters of JSON. */
const LIBRARIES_MAX = 32_000_000

/**
 * Caches the parts of a tenant that every request and message needs: the tenant itself, its contexts, API keys, types,
 * categories, library, provider accounts, erasures and preferences. A value is looked up again after `invalidations` names
 * it, and after SETTINGS_TTL_MS at the latest. While the store is unavailable, the last known values are served, except
 * those that were named.
 */
export type SettingsCache = {
  tenant(id: string): Promise<Tenant | undefined>
  /** Returns a context; undefined if it does not exist. Concurrent calls share one read of the store. */
  context(tenant: string, key: string): Promise<StoredContext | undefined>
  apiKey(tenant: string, id: string): Promise<ApiKey | undefined>
  /** Returns the current version of a type. */
  type(tenant: string, key: string): Promise<NotificationType | undefined>
  /** Returns one version of a type. Versions never change, so a cached version does not expire. */
  typeVersion(tenant: string, key: string, version: number): Promise<NotificationType | undefined>
  /** Returns the keys of the tenant's transactional categories: nobody can opt out of them. */
  transactionalCategories(tenant: string): Promise<ReadonlySet<string>>
  /** Returns the tenant's categories by key. */
  categories(tenant: string): Promise<ReadonlyMap<string, CategoryDefinition>>
  /** Returns the newest revision of the library; 0 if there is none. */
  revision(tenant: string): Promise<number>
  /** Returns one revision of the library; undefined if it does not exist. Revisions never change, so they do not expire. */
  library(tenant: string, revision: number): Promise<Library | undefined>
  /** Returns the tenant's provider accounts. */
  accounts(tenant: string): Promise<StoredAccount[]>
  /**
   * Returns the preferences of a few users in general and in every context, with one read of the store. Users without any
   * are omitted.
   */
  preferences(tenant: string, users: readonly string[]): Promise<Map<string, Documents>>
  /** Returns when a user was last erased; undefined if never. */
  erasure(tenant: string, user: string): Promise<Erasure | undefined>
}

const byKey = (categories: readonly CategoryDefinition[]) => ({
  all: new Map(categories.map((each) => [each.key, each])),
  transactional: new Set(categories.flatMap(({ key, optOut }) => (optOut === false ? [key] : []))),
})

export const createSettingsCache = (
  store: Pick<
    Store,
    'tenants' | 'contexts' | 'types' | 'categories' | 'library' | 'accounts' | 'users' | 'preferences'
  >,
  invalidations: Pick<Invalidations, 'subscribe'> = inProcessInvalidations(),
): SettingsCache => {
  const common = { ttlMs: SETTINGS_TTL_MS, invalidations }
  const tenant = cached({ ...common, kind: 'tenant', load: (id) => store.tenants.get(id) })
  const context = cached({
    ...{ ...common, kind: 'context', max: CONTEXTS_MAX },
    load: batched((of, keys) => store.contexts.get(of, keys)),
  })
  const apiKey = cached({ ...common, kind: 'key', load: (of, id) => store.tenants.key(of, id) })
  const type = cached({ ...common, kind: 'type', load: (of, key) => store.types.get(of, key) })
  const versions = new LRUCache<string, NotificationType>({ max: VERSIONS_MAX })
  const typeVersion = async (of: string, key: string, version: number) => {
    const current = await type(of, key)
    if (current?.version === version) return current
    const place = `${of}\n${key}\n${version}`
    const found = versions.get(place) ?? (await store.types.get(of, key, version))
    if (found) versions.set(place, found)
    return found
  }
  const categories = cached({
    ...{ ...common, kind: 'categories' },
    load: async (of) => byKey(await store.categories.list(of)),
  })
  const revision = cached({ ...common, kind: 'library', load: (of) => store.library.newest(of) })
  const libraries = new LRUCache<string, Library>({
    maxSize: LIBRARIES_MAX,
    sizeCalculation: ({ size }) => size + 1,
  })
  const library = async (of: string, at: number) => {
    const place = `${of}\n${at}`
    const found = libraries.get(place) ?? (await store.library.at(of, at))
    if (found) libraries.set(place, found)
    return found
  }
  const accounts = cached({ ...common, kind: 'accounts', load: (of) => store.accounts.list(of) })
  const erasure = cached({
    ...{ ...common, kind: 'erasure', max: USERS_MAX },
    load: async (of, user) => (await store.users.erased(of, [user])).get(user),
  })
  const preferencesOf = cached({
    ...{ ...common, kind: 'preferences', max: USERS_MAX },
    load: batched((of, users) => store.preferences.get(of, users)),
  })
  const preferences = async (of: string, users: readonly string[]) => {
    const found = await Promise.all(users.map((user) => preferencesOf(of, user)))
    return new Map(
      users.flatMap((user, index) => {
        const known = found[index]
        return known ? [[user, known] as const] : []
      }),
    )
  }
  return {
    preferences,
    tenant,
    context,
    apiKey,
    type,
    typeVersion,
    revision: async (of) => (await revision(of)) ?? 0,
    library,
    erasure,
    categories: async (of) => (await categories(of))?.all ?? NO_CATEGORIES,
    transactionalCategories: async (of) => (await categories(of))?.transactional ?? NONE,
    accounts: async (of) => (await accounts(of)) ?? [],
  }
}
