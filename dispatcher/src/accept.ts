import { timeOfId } from '@carillon/core/ids'
import type { Directory } from '@carillon/core/security/directory'
import type { Store } from '@carillon/core/store/port'
import type { DeadReason, Message } from '@carillon/core/stream/port'
import type { StoredType } from '@carillon/schemas'
import type { Ready } from './item.ts'
import { type Incoming, readNotification } from './notification.ts'

export type AcceptPorts = {
  store: { notifications: Pick<Store['notifications'], 'acceptedAt'> }
  directory: Directory
  unknownTypes: 'refuse' | 'accept'
  retentionMs: number
}

export type Accepted = { message: Message; ready: Ready; acceptedAt: number }
export type Refused = { message: Message; reason: DeadReason }

/**
 * Reads a batch of notify messages and checks what only the store knows: the tenant, the type, and when an id was
 * first accepted, so that a notification sent again, however late, gets the same items.
 */
export const createAccept = ({ store, directory, unknownTypes, retentionMs }: AcceptPorts) => {
  const typeOf = async ({
    tenant,
    notification,
  }: Incoming): Promise<{ refused: DeadReason } | { type?: StoredType }> => {
    if (!(await directory.tenant(tenant)))
      return { refused: { code: 'tenant_unknown', detail: `there is no tenant ${tenant}` } }
    const type = await directory.type(tenant, notification.type)
    if (!type && unknownTypes === 'refuse')
      return {
        refused: {
          code: 'type_unknown',
          detail: `tenant ${tenant} has not defined the type ${notification.type}`,
        },
      }
    return { type }
  }

  /** Only ids that do not carry their time need a look-up: one per tenant. */
  const firstAccepted = async (incoming: readonly Incoming[]): Promise<(each: Incoming) => number> => {
    const timeless = new Map<string, string[]>()
    for (const { tenant, id, appendedAt } of incoming)
      if (timeOfId(id, appendedAt) === undefined) {
        const ids = timeless.get(tenant)
        if (ids) ids.push(id)
        else timeless.set(tenant, [id])
      }
    const known = new Map<string, Map<string, number>>()
    await Promise.all(
      [...timeless].map(async ([tenant, ids]) => {
        known.set(tenant, await store.notifications.acceptedAt(tenant, ids))
      }),
    )
    return ({ tenant, id, appendedAt }) =>
      timeOfId(id, appendedAt) ?? known.get(tenant)?.get(id) ?? appendedAt
  }

  return async (messages: readonly Message[]): Promise<{ accepted: Accepted[]; refused: Refused[] }> => {
    const refused: Refused[] = []
    const read: { message: Message; incoming: Incoming; type?: StoredType }[] = []
    await Promise.all(
      messages.map(async (message) => {
        const result = readNotification(message)
        if ('refused' in result) return refused.push({ message, reason: result.refused })
        const typed = await typeOf(result.incoming)
        if ('refused' in typed) refused.push({ message, reason: typed.refused })
        else read.push({ message, incoming: result.incoming, type: typed.type })
      }),
    )
    const acceptedAtOf = await firstAccepted(read.map(({ incoming }) => incoming))
    const accepted = read.map(({ message, incoming, type }) => {
      const { tenant, id, notification } = incoming
      const acceptedAt = acceptedAtOf(incoming)
      const at =
        notification.deliverAt === undefined
          ? acceptedAt
          : Math.max(acceptedAt, Date.parse(notification.deliverAt))
      const kept = at + retentionMs
      const expiresAt =
        notification.expiresAt === undefined ? kept : Math.min(kept, Date.parse(notification.expiresAt))
      return { message, acceptedAt, ready: { tenant, id, notification, type, at, expiresAt } }
    })
    return { accepted, refused }
  }
}
