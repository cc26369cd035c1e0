import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { type InContext, lookUpInContext } from '@carillon/core/contexts/in-context'
import { type Documents, defaultsIn, ownIn } from '@carillon/core/preferences/documents'
import type { Categories } from '@carillon/core/store/ports/categories'
import type { UserPreferences } from '@carillon/core/store/ports/preferences'
import type { Types } from '@carillon/core/store/ports/types'
import type { Users } from '@carillon/core/store/ports/users'
import { localeAndZone } from '@carillon/core/template/locale-and-zone'
import { DeliveryChannel, type EffectivePreferences, type NotificationType } from '@carillon/schemas'
import { gridOf } from './grid.ts'

export type EffectivePorts = {
  preferences: Pick<UserPreferences, 'get'>
  types: Pick<Types, 'list'>
  categories: Pick<Categories, 'list'>
  users: Pick<Users, 'get'>
  cache: Pick<SettingsCache, 'tenant' | 'context' | 'accounts'>
}

/** The effective preferences of a user, and the data that they were derived from. */
type Effective = {
  grid: EffectivePreferences
  documents: Documents | undefined
  tenancy: InContext
  locale: string | undefined
}

/** Returns the channels of a tenant's plans and providers. Webhooks go to machines, and users do not set them up. */
const channelsOf = (
  types: readonly NotificationType[],
  accounts: readonly { channels: readonly DeliveryChannel[] }[],
): DeliveryChannel[] => {
  const used = new Set<DeliveryChannel>([
    'inbox',
    ...accounts.flatMap(({ channels }) => channels),
    ...types.flatMap(({ plan = [] }) => plan.map(({ channel }) => channel)),
  ])
  return DeliveryChannel.options.filter((channel) => used.has(channel) && channel !== 'webhook')
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
    const [own, all, defined, tenancy, [person], accounts] = await Promise.all([
      preferences.get(tenant, named),
      types.list(tenant),
      categories.list(tenant),
      lookUpInContext(cache, tenant, context),
      users.get(tenant, named),
      cache.accounts(tenant),
    ])
    const documents = user === undefined ? undefined : own.get(user)
    const { locale, timezone } = localeAndZone(person ?? { profile: {} }, tenancy.settings, 0)
    const layers = { ...ownIn(documents, context), ...defaultsIn(tenancy) }
    const what = { types: all, categories: defined, channels: channelsOf(all, accounts) }
    const grid = gridOf({ ...what, locale: locale ?? fallback, timezone }, layers, Date.now())
    return { grid, documents, tenancy, locale }
  }

export type ReadEffective = ReturnType<typeof createEffective>
