import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import type { Unsubscribe } from '@carillon/core/delivery/unsubscribe-link'
import { typesInTheWay, unsubscribing } from '@carillon/core/preferences/unsubscribe'
import type { Categories } from '@carillon/core/store/ports/categories'
import type { UserPreferences } from '@carillon/core/store/ports/preferences'
import type { Types } from '@carillon/core/store/ports/types'
import { categoryWords } from '@carillon/core/template/category-words'
import type { ChangePreferences } from '../preferences/change.ts'

/** Maximum versions of a type to check. Pending notifications may be of an older one, in another category. */
const VERSIONS_MAX = 20

type Ports = {
  preferences: Pick<UserPreferences, 'get'>
  types: Pick<Types, 'versions'>
  categories: Pick<Categories, 'list'>
  cache: Pick<SettingsCache, 'type' | 'typeVersion'>
  change: ChangePreferences
}

export const createUnsubscribe = ({ preferences, types, categories, cache, change }: Ports) => {
  /** Returns the categories that a type has or had; undefined stands for a version without one. */
  const categoriesOf = async (tenant: string, key: string): Promise<ReadonlySet<string | undefined>> => {
    const versions = await types.versions(tenant, key, { limit: VERSIONS_MAX })
    const found = await Promise.all(versions.map(({ version }) => cache.typeVersion(tenant, key, version)))
    const known = found.flatMap((type) => (type ? [type.category] : []))
    return new Set(known.length > 0 ? known : [undefined])
  }

  return {
    /** Returns the names of what is switched off, in the closest language. */
    names: async (
      { tenant, categories: keys, types: typeKeys }: Unsubscribe,
      locale: string | undefined,
    ): Promise<string[]> => {
      const defined = new Map((await categories.list(tenant)).map((each) => [each.key, each]))
      const named = keys.map((key) => categoryWords(defined.get(key) ?? {}, locale).name ?? key)
      const typed = await Promise.all(
        typeKeys.map(async (key) => (await cache.type(tenant, key))?.name ?? key),
      )
      return [...named, ...typed]
    },

    /**
     * Switches off what a link names. Idempotent: a second call finds nothing to change. `since`: when the link was made, in epoch ms.
     * Throws `erased`.
     */
    unsubscribe: async (what: Unsubscribe & { user: string }, since: number): Promise<void> => {
      const { tenant, user, channel } = what
      const documents = (await preferences.get(tenant, [user])).get(user) ?? new Map()
      const inTheWay = await Promise.all(
        typesInTheWay(channel, documents).map(
          async (type) => [type, await categoriesOf(tenant, type)] as const,
        ),
      )
      const parts = new Map(inTheWay)
      const isPartOf = (type: string, category: string) => {
        const known = parts.get(type)
        return known === undefined || known.has(category) || known.has(undefined)
      }
      const changes = unsubscribing(what, documents, isPartOf)
      await change({ tenant, user }, { changes, via: 'link', by: user, since })
    },
  }
}
