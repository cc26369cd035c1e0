import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import type { Step } from '@carillon/core/delivery/step'
import { categoryWords } from '@carillon/core/template/category-words'

export type CategoryPorts = { cache: Pick<SettingsCache, 'categories'> }

/**
 * Looks up the categories of the tenants among whose steps are digests. Returns a function that names a category in a language:
 * by its key, if it has no name.
 */
export const lookUpCategories = async (
  { cache }: CategoryPorts,
  steps: readonly Step[],
): Promise<(tenant: string, key: string, locale: string | undefined) => string> => {
  const tenants = [...new Set(steps.flatMap(({ tenant, digest }) => (digest ? [tenant] : [])))]
  const found = new Map(
    await Promise.all(tenants.map(async (tenant) => [tenant, await cache.categories(tenant)] as const)),
  )
  return (tenant, key, locale) => categoryWords(found.get(tenant)?.get(key) ?? {}, locale).name ?? key
}
