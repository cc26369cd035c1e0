import { timeOfId } from '@carillon/core/ids'
import { type LinkPolicy, linkProblem } from '@carillon/core/links'
import type { Directory } from '@carillon/core/security/directory'
import type { AcceptanceClaim, Store } from '@carillon/core/store/port'
import type { DeadReason, Message } from '@carillon/core/stream/port'
import type { Plan, StoredType } from '@carillon/schemas'
import { deadReason, type Incoming, type Read, readNotification } from './notification.ts'
import type { Ready } from './work.ts'

/** Reading does no I/O, so whatever it throws is due to the message: trying again cannot help. */
const read = (message: Message): Read => {
  try {
    return readNotification(message)
  } catch (error) {
    const detail = `the message cannot be read (${error instanceof Error ? error.name : 'unknown error'})`
    return { refused: { code: 'invalid_request', detail } }
  }
}

export type AcceptPorts = {
  store: { notifications: Pick<Store['notifications'], 'claim'> }
  directory: Directory
  unknownTypes: 'refuse' | 'accept'
  retentionMs: number
  links: LinkPolicy
}

export type Accepted = { message: Message; ready: Ready; acceptedAt: number }
export type Refused = { message: Message; reason: DeadReason }

/**
 * Reads a batch of notify messages and checks what only the store knows: the tenant, the type, and when an id was
 * first accepted, so that a notification sent again, however late, gets the same items.
 */
export const createAccept = ({ store, directory, unknownTypes, retentionMs, links }: AcceptPorts) => {
  const typeOf = async ({
    tenant,
    notification,
  }: Incoming): Promise<{ refused: DeadReason } | { type?: StoredType; plan: Plan }> => {
    const known = await directory.tenant(tenant)
    if (!known) return { refused: { code: 'tenant_unknown', detail: `there is no tenant ${tenant}` } }
    const type = await directory.type(tenant, notification.type)
    if (!type && unknownTypes === 'refuse')
      return {
        refused: {
          code: 'type_unknown',
          detail: `tenant ${tenant} has not defined the type ${notification.type}`,
        },
      }
    const plan = notification.plan ?? type?.plan ?? []
    const problem = linkProblem(notification, plan, known, links)
    return problem ? { refused: deadReason(problem) } : { type, plan }
  }

  /** Only ids that do not carry their time have to claim one. */
  const acceptedTimes = async (incoming: readonly Incoming[]): Promise<(each: Incoming) => number> => {
    const timeless = new Map<string, AcceptanceClaim[]>()
    for (const { tenant, id, appendedAt } of incoming)
      if (timeOfId(id, appendedAt) === undefined) {
        const claims = timeless.get(tenant)
        if (claims) claims.push({ id, at: appendedAt })
        else timeless.set(tenant, [{ id, at: appendedAt }])
      }
    const claimed = new Map<string, Map<string, number>>()
    await Promise.all(
      [...timeless].map(async ([tenant, claims]) => {
        claimed.set(tenant, await store.notifications.claim(tenant, claims))
      }),
    )
    return ({ tenant, id, appendedAt }) =>
      timeOfId(id, appendedAt) ?? claimed.get(tenant)?.get(id) ?? appendedAt
  }

  return async (messages: readonly Message[]): Promise<{ accepted: Accepted[]; refused: Refused[] }> => {
    const refused: Refused[] = []
    const known: { message: Message; incoming: Incoming; type?: StoredType; plan: Plan }[] = []
    await Promise.all(
      messages.map(async (message) => {
        const result = read(message)
        if ('refused' in result) return refused.push({ message, reason: result.refused })
        const typed = await typeOf(result.incoming)
        if ('refused' in typed) refused.push({ message, reason: typed.refused })
        else known.push({ message, incoming: result.incoming, ...typed })
      }),
    )
    const acceptedTime = await acceptedTimes(known.map(({ incoming }) => incoming))
    const accepted = known.map(({ message, incoming, type, plan }) => {
      const { tenant, id, notification } = incoming
      const acceptedAt = acceptedTime(incoming)
      const at =
        notification.deliverAt === undefined
          ? acceptedAt
          : Math.max(acceptedAt, Date.parse(notification.deliverAt))
      const kept = at + retentionMs
      const expiresAt =
        notification.expiresAt === undefined ? kept : Math.min(kept, Date.parse(notification.expiresAt))
      return {
        message,
        acceptedAt,
        ready: { tenant, id, notification, type, plan, wide: false, at, expiresAt },
      }
    })
    return { accepted, refused }
  }
}
