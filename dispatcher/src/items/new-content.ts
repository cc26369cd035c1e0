import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { lookUpInContext } from '@carillon/core/contexts/in-context'
import { createPatchedData } from '@carillon/core/data-schema/patched-data'
import { renderedItem } from '@carillon/core/render/item'
import type { NotificationProgress } from '@carillon/core/store/ports/notifications'
import type { KnownUser } from '@carillon/core/store/ports/users'
import { hasTemplates } from '@carillon/core/template/languages'
import { localeAndZone } from '@carillon/core/template/locale-and-zone'
import type { PreparedTypes } from '@carillon/core/template/prepared-types'
import { scopeOf } from '@carillon/core/template/scope'
import type { InboxContent, InboxItem } from '@carillon/schemas'

type Data = NonNullable<InboxContent['data']>

export type NewContentPorts = {
  cache: Pick<SettingsCache, 'tenant' | 'context' | 'typeVersion'>
  prepared: PreparedTypes
}

/** Returns the new content of an item; undefined if the data is too large or does not fit the schema of its type. */
export type ContentFor = (content: InboxContent) => InboxContent | undefined

/**
 * Returns a function that prepares to render an item again with other data, by the version of its type under which it was
 * accepted.
 */
export const createNewContent = ({ cache, prepared }: NewContentPorts) => {
  const patchedData = createPatchedData()

  return async (
    tenant: string,
    item: InboxItem,
    record: Pick<NotificationProgress, 'version' | 'revision'> | undefined,
    reader: Pick<KnownUser, 'id' | 'profile' | 'reported'>,
    patch: Data,
  ): Promise<ContentFor> => {
    const { version, revision } = record ?? {}
    const type = version === undefined ? undefined : await cache.typeVersion(tenant, item.type, version)
    const templates =
      type && hasTemplates(type)
        ? await prepared(tenant, type, { revision, variant: item.variant })
        : undefined
    const tenancy = await lookUpInContext(cache, tenant, item.context)
    return (before) => {
      const data = patchedData(tenant, type, before.data, patch)
      if (!data) return undefined
      const { literal: _, ...content } = { ...before, data }
      if (!templates) return content
      const viewer = localeAndZone(reader, tenancy.settings, Date.parse(before.createdAt))
      const scope = scopeOf(content, { id: reader.id, profile: reader.profile }, tenancy)
      const parts = { templates, scope, viewer, name: type?.name, test: before.test }
      return renderedItem(content, parts).content
    }
  }
}
