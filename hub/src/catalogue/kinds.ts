import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import type { Store } from '@carillon/core/store/port'
import type { NewType } from '@carillon/core/store/ports/types'
import { templateWarnings } from '@carillon/core/template/check-type'
import { Category, CategoryInput, NotificationTypeInput, TypeKey } from '@carillon/schemas'
import { typeFaults } from '../api/check-type.ts'
import { etag } from '../http/if-match.ts'
import { accountWarnings } from './account-warnings.ts'
import type { Kinds } from './check.ts'
import { kindOf } from './kind.ts'

/** The kinds of resources in a catalogue, in the order of writing: each refers to earlier ones only. */
export const catalogueKinds = ({
  store,
  cache,
}: {
  store: Pick<Store, 'types' | 'categories'>
  cache: Pick<SettingsCache, 'accounts'>
}): Kinds => ({
  categories: kindOf({
    ...{ key: Category, input: CategoryInput },
    list: (tenant) => store.categories.list(tenant),
  }),
  types: kindOf({
    ...{ key: TypeKey, input: NotificationTypeInput },
    list: (tenant) => store.types.list(tenant),
    etag: ({ version }) => etag(String(version)),
    faults: async (_, key, resource) => typeFaults({ ...resource, key } as NewType),
    warnings: async (tenant, key, resource) => {
      const type = { ...resource, key } as NewType
      return [...templateWarnings(type), ...accountWarnings(type, await cache.accounts(tenant))]
    },
  }),
})
