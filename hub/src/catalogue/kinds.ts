import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import type { Store } from '@carillon/core/store/port'
import type { NewType } from '@carillon/core/store/ports/types'
import { layoutFaults, layoutWarnings, partialFaults } from '@carillon/core/template/check-shared'
import { templateWarnings } from '@carillon/core/template/check-type'
import type { References } from '@carillon/core/template/type-templates'
import {
  Category,
  CategoryInput,
  LayoutInput,
  NotificationTypeInput,
  PartialInput,
  ResourceKey,
  TypeKey,
} from '@carillon/schemas'
import { typeFaults } from '../api/check-type.ts'
import { etag } from '../http/if-match.ts'
import type { CurrentLibrary } from '../library/current.ts'
import { accountWarnings } from './account-warnings.ts'
import type { Kinds } from './check.ts'
import { type Checked, kindOf } from './kind.ts'

/** What templates may refer to: the partials and layouts of the set, else those that are stored. */
const namesIn = (set: Checked, { layouts, partials, env }: References): References => {
  const of = <Named>(kind: 'layouts' | 'partials', stored: ReadonlyMap<string, Named>) => {
    const given = set[kind]
    if (!given) return stored
    return new Map([...given].map(([key, resource]) => [key, { ...resource, key, version: 0 } as Named]))
  }
  return { layouts: of('layouts', layouts), partials: of('partials', partials), env }
}

/** The kinds of resources in a catalogue, in the order of writing: each refers to earlier ones only. */
export const catalogueKinds = ({
  store,
  cache,
  current,
}: {
  store: Pick<Store, 'types' | 'categories'>
  cache: Pick<SettingsCache, 'accounts'>
  current: CurrentLibrary
}): Kinds => ({
  categories: kindOf({
    ...{ key: Category, input: CategoryInput },
    list: (tenant) => store.categories.list(tenant),
  }),
  partials: kindOf({
    ...{ key: ResourceKey, input: PartialInput },
    list: async (tenant) => [...(await current(tenant)).partials.values()],
    etag: ({ version }) => etag(String(version)),
    faults: async (tenant, key, resource, set) =>
      partialFaults(key, resource, namesIn(set, await current(tenant)).partials),
  }),
  layouts: kindOf({
    ...{ key: ResourceKey, input: LayoutInput },
    list: async (tenant) => [...(await current(tenant)).layouts.values()],
    etag: ({ version }) => etag(String(version)),
    faults: async (tenant, _, resource, set) =>
      layoutFaults(resource as LayoutInput, namesIn(set, await current(tenant)).partials),
    warnings: async (tenant, _, resource) =>
      layoutWarnings(resource as LayoutInput, (await current(tenant)).partials),
  }),
  types: kindOf({
    ...{ key: TypeKey, input: NotificationTypeInput },
    list: (tenant) => store.types.list(tenant),
    etag: ({ version }) => etag(String(version)),
    faults: async (tenant, key, resource, set) =>
      typeFaults({ ...resource, key } as NewType, namesIn(set, await current(tenant))),
    warnings: async (tenant, key, resource) => {
      const type = { ...resource, key } as NewType
      return [...templateWarnings(type), ...accountWarnings(type, await cache.accounts(tenant))]
    },
  }),
})
