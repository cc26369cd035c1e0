import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import type { NewType, Types } from '@carillon/core/store/ports/types'
import { templateWarnings } from '@carillon/core/template/check-type'
import { NotificationTypeInput, parse, TypeKey } from '@carillon/schemas'
import { typeFaults } from '../api/check-type.ts'
import { etag } from '../http/if-match.ts'
import { accountWarnings } from './account-warnings.ts'
import type { Kind, Resource } from './kind.ts'

const withoutOwn = ({ key: _, version: __, ...resource }: Resource): Resource => resource

const parsed = (key: string, value: unknown) => {
  const named = parse(TypeKey, key)
  return named.success ? parse(NotificationTypeInput, withoutOwn(value as Resource)) : named
}

/** Notification types in a catalogue. */
export const typeKind = ({
  types,
  cache,
}: {
  types: Pick<Types, 'list'>
  cache: Pick<SettingsCache, 'accounts'>
}): Kind => ({
  parse: parsed,
  faults: async (_, key, resource) => typeFaults({ ...resource, key } as NewType),
  warnings: async (tenant, key, resource) => {
    const type = { ...resource, key } as NewType
    return [...templateWarnings(type), ...accountWarnings(type, await cache.accounts(tenant))]
  },
  stored: async (tenant) =>
    new Map(
      (await types.list(tenant)).map((type) => [
        type.key,
        { resource: withoutOwn(type), etag: etag(String(type.version)) },
      ]),
    ),
})
