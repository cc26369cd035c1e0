import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { type InContext, lookUpInContext } from '@carillon/core/contexts/in-context'
import { type Documents, defaultsIn, ownIn } from '@carillon/core/preferences/documents'
import type { Categories } from '@carillon/core/store/ports/categories'
import type { UserPreferences } from '@carillon/core/store/ports/preferences'
import type { Types } from '@carillon/core/store/ports/types'
import type { Users } from '@carillon/core/store/ports/users'
import { localeAndZone } from '@carillon/core/template/locale-and-zone'
import type { EffectivePreferences, NotificationType } from '@carillon/schemas'
import { gridOf } from './grid.ts'

export type EffectivePorts = {
  preferences: Pick<UserPreferences, 'get'>
  types: Pick<Types, 'list'>
  categories: Pick<Categories, 'list'>
  users: Pick<Users, 'get'>
  cache: Pick<SettingsCache, 'tenant' | 'context'>
}

/** The effective preferences of a user, and the data that they were derived from. */
type Effective = {
  grid: EffectivePreferences
  documents: Documents | undefined
  types: readonly NotificationType[]
  tenancy: InContext
  locale: string | undefined
}

/**
 * Returns a function that reads the effective preferences of a user in a context. Without a user, it returns those of users
 * without choices. `fallback`: the language of names if none is known.
 */
export const createEffective =
  ({ preferences, types, categories, users, cache }: EffectivePorts) =>
  async (
    { tenant, user }: { tenant: string; user?: string | undefined },
    context: string | undefined,
    fallback?: string,
  ): Promise<Effective> => {
    const named = user === undefined ? [] : [user]
    const [own, all, defined, tenancy, [person]] = await Promise.all([
      preferences.get(tenant, named),
      types.list(tenant),
      categories.list(tenant),
      lookUpInContext(cache, tenant, context),
      users.get(tenant, named),
    ])
    const documents = user === undefined ? undefined : own.get(user)
    const { locale } = localeAndZone(person ?? { profile: {} }, tenancy.settings, 0)
    const layers = { ...ownIn(documents, context), ...defaultsIn(tenancy) }
    const grid = gridOf({ types: all, categories: defined, locale: locale ?? fallback }, layers, Date.now())
    return { grid, documents, types: all, tenancy, locale }
  }

export type ReadEffective = ReturnType<typeof createEffective>
