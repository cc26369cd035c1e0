import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import type { Documents } from '@carillon/core/preferences/documents'
import type { Store } from '@carillon/core/store/port'
import type { Pinned } from '../intake/ready.ts'

/** The choices of a notification's users. `locked`: the categories that nobody can opt out of. */
export type Chosen = {
  own: ReadonlyMap<string, Documents>
  locked: ReadonlySet<string>
}

/** More users than this bypass the cache, because the members of an audience would evict all other users. */
export const CACHED_MOST = 100

/** The choices about a critical type, which ignores them. */
export const NO_CHOICES: Chosen = { own: new Map(), locked: new Set() }

export type PreferencePorts = {
  cache: Pick<SettingsCache, 'tenant' | 'context' | 'preferences' | 'transactionalCategories'>
  store: Pick<Store, 'preferences'>
}

/** Looks up the preferences of users, all together. A critical type needs none. */
export const createChosen =
  ({ cache, store }: PreferencePorts) =>
  async ({ ready, type }: Pinned, users: readonly string[]): Promise<Chosen> => {
    if (type?.critical) return NO_CHOICES
    const { tenant } = ready
    const [own, locked] = await Promise.all([
      users.length > CACHED_MOST ? store.preferences.get(tenant, users) : cache.preferences(tenant, users),
      cache.transactionalCategories(tenant),
    ])
    return { own, locked }
  }

export type ReadChosen = ReturnType<typeof createChosen>
