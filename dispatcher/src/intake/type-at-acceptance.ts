import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import type { Types } from '@carillon/core/store/ports/types'
import type { DeadReason } from '@carillon/core/stream/port'
import type { NotificationType } from '@carillon/schemas'
import type { Identity } from './identity.ts'
import type { Given, Incoming } from './notification.ts'

/** Returns why the data of a notification, or a date in it, does not fit its type; undefined if it does. */
export type MisfitOf = (incoming: Incoming, type: NotificationType | undefined) => DeadReason | undefined

/** Reads a type of a tenant from the store, by key and version; the current version if none is given. */
type ReadType = (...key: string[]) => Promise<NotificationType | undefined>

/** Returns the type in the version that a hub stamped, else the current one, from the store. */
export const storedTypeOf = async (
  read: ReadType,
  { tenant, notification: { type }, version }: Given,
): Promise<NotificationType | undefined> =>
  (version ? await read(tenant, type, String(version)) : undefined) ?? read(tenant, type)

/**
 * Returns the last version of a type that was deleted after a message reached the log: a redelivered message may have been
 * accepted under it. Undefined if the type was not deleted since.
 */
const deletedSince = async (
  types: Pick<Types, 'get' | 'versions'>,
  { tenant, notification: { type }, appendedAt }: Incoming,
): Promise<NotificationType | undefined> => {
  const [deletion, last] = await types.versions(tenant, type, { limit: 2 })
  const isDeleted = deletion?.deleted && deletion.publishedAt >= appendedAt
  return isDeleted && last ? types.get(tenant, type, last.version) : undefined
}

/** Finds the version of its type under which a notification was accepted. */
export const createTypeAtAcceptance = (
  {
    cache,
    types,
  }: { cache: Pick<SettingsCache, 'type' | 'typeVersion'>; types: Pick<Types, 'get' | 'versions'> },
  misfitOf: MisfitOf,
) => {
  /**
   * Returns the type in the version under which the notification was accepted; version 0 means no type.
   * Without a version, the notification is accepted now, under the current version.
   */
  const typeOf = async ({ tenant, notification }: Given | Incoming, version: number | undefined) => {
    if (version === 0) return undefined
    const current = await cache.type(tenant, notification.type)
    if (version === undefined || current?.version === version) return current
    return (await cache.typeVersion(tenant, notification.type, version)) ?? current
  }

  /**
   * Returns the type in the version that a notification is pinned to, or why it is refused. `found`: the type that is known
   * without a record. `misfit`: why it is refused unless another version is recorded.
   */
  const pinned = async (
    { incoming, type: found, misfit }: { incoming: Incoming; type?: NotificationType; misfit?: DeadReason },
    { version }: Identity,
  ): Promise<{ type: NotificationType | undefined } | { refused: DeadReason }> => {
    const isFound = version === undefined || version === (found?.version ?? 0)
    const known = isFound ? found : await typeOf(incoming, version)
    const isOpen = version === undefined && incoming.version === undefined
    const wasDeleted = known === undefined && isOpen && incoming.again
    const type = wasDeleted ? await deletedSince(types, incoming) : known
    if (!misfit || (!type && version === 0)) return { type }
    const refused = type ? misfitOf(incoming, type) : misfit
    return refused ? { refused } : { type }
  }

  return { typeOf, pinned }
}
