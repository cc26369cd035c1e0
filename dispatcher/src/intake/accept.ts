import type { SettingsCache } from '@carillon/core/cache/tenants-and-types'
import { type LinkPolicy, linkProblem } from '@carillon/core/notification/links'
import { planOf } from '@carillon/core/routing/plan'
import type { Store } from '@carillon/core/store/port'
import type { Tenant } from '@carillon/core/store/ports/tenants'
import type { DeadReason, Message } from '@carillon/core/stream/port'
import type { StoredType, Warning } from '@carillon/schemas'
import type { Pinned, Ready } from '../work.ts'
import { createIdentify, type Identity } from './identity.ts'
import { deadReason, type Incoming, type Read, readNotification } from './notification.ts'

/** Reading does no I/O, so whatever it throws is due to the message: trying again cannot help. */
const read = (message: Message): Read => {
  try {
    return readNotification(message)
  } catch (error) {
    const detail = `the message cannot be read (${error instanceof Error ? error.name : 'unknown error'})`
    return { refused: { code: 'invalid_request', detail } }
  }
}

/** Loads each key at most once. */
const once = <Value>(load: (...key: string[]) => Promise<Value>) => {
  const loads = new Map<string, Promise<Value>>()
  return (...key: string[]): Promise<Value> => {
    const name = key.join('\n')
    const loading = loads.get(name) ?? load(...key)
    loads.set(name, loading)
    return loading
  }
}

export type AcceptPorts = {
  store: {
    notifications: Pick<Store['notifications'], 'claim' | 'recorded'>
    tenants: Pick<Store['tenants'], 'get'>
    types: Pick<Store['types'], 'get'>
  }
  cache: SettingsCache
  unknownTypes: 'refuse' | 'accept'
  retentionMs: number
  links: LinkPolicy
}

export type Accepted = Pinned & { message: Message; warnings: Warning[] }
export type Refused = { message: Message; reason: DeadReason }

/** A message that is good in itself. */
type Checked = { message: Message; incoming: Incoming; type?: StoredType }

/**
 * Reads a batch of notify messages and checks what only the store knows: the tenant, the type, and whether an id was
 * used before, so that a notification sent again, however late, gets the same items; if nothing of it is left to do, its
 * message is `repeated`. `release` is to be called once what was accepted is stored, or given up.
 */
export const createAccept = ({ store, cache, unknownTypes, retentionMs, links }: AcceptPorts) => {
  const identify = createIdentify(store.notifications, { retentionMs })

  /** What a notification comes to by these settings, or why it is refused. */
  const judge = (
    { tenant, notification }: Incoming,
    known: Tenant | undefined,
    type: StoredType | undefined,
  ): DeadReason | Pick<Checked, 'type'> => {
    if (!known) return { code: 'tenant_unknown', detail: `there is no tenant ${tenant}` }
    if (!type && unknownTypes === 'refuse') {
      const detail = `tenant ${tenant} has not defined the type ${notification.type}`
      return { code: 'type_unknown', detail }
    }
    const problem = linkProblem(notification, planOf({ notification, type }), known, links)
    return problem ? deadReason(problem) : { type }
  }

  /** The settings in the store, each read at most once for a batch: a batch may hold many messages that are refused. */
  const storedSettings = () => ({
    tenant: once((id) => store.tenants.get(id!)),
    type: once((tenant, key) => store.types.get(tenant!, key!)),
  })

  /**
   * The type as it was when the notification was accepted, if `version` tells, 0 for none. Otherwise this is the first
   * that is seen of it, and it is accepted under the version in force.
   */
  const typeOf = async ({ tenant, notification }: Incoming, version: number | undefined) => {
    if (version === 0) return undefined
    const current = await cache.type(tenant, notification.type)
    if (version === undefined || current?.version === version) return current
    return (await cache.typeVersion(tenant, notification.type, version)) ?? current
  }

  const check = async (
    message: Message,
    stored: ReturnType<typeof storedSettings>,
  ): Promise<Refused | Checked> => {
    const result = read(message)
    if ('refused' in result) return { message, reason: result.refused }
    const { incoming } = result
    const { tenant, notification } = incoming
    const known = judge(incoming, await cache.tenant(tenant), await typeOf(incoming, incoming.version))
    if (!('code' in known)) return { message, incoming, ...known }
    // A hub may have accepted it by settings that this cache has yet to hear of.
    const latest = judge(incoming, await stored.tenant(tenant), await stored.type(tenant, notification.type))
    return 'code' in latest ? { message, reason: latest } : { message, incoming, ...latest }
  }

  const readyOf = (
    { incoming: { tenant, notification, fingerprint }, type }: Checked,
    { id, acceptedAt }: Identity,
  ): Ready => {
    const at =
      notification.deliverAt === undefined
        ? acceptedAt
        : Math.max(acceptedAt, Date.parse(notification.deliverAt))
    const kept = at + retentionMs
    const expiresAt =
      notification.expiresAt === undefined ? kept : Math.min(kept, Date.parse(notification.expiresAt))
    const version = type === undefined ? {} : { version: type.version }
    const content = { notification: { ...notification, id }, fingerprint }
    return { tenant, id, ...content, ...version, toAudience: false, acceptedAt, at, expiresAt }
  }

  return async (
    messages: readonly Message[],
  ): Promise<{ accepted: Accepted[]; repeated: Message[]; refused: Refused[]; release(): void }> => {
    const accepted: Accepted[] = []
    const repeated: Message[] = []
    const refused: Refused[] = []
    // In the order of the log, so that of two messages with one id the first is the first.
    const stored = storedSettings()
    const checked = await Promise.all(messages.map((message) => check(message, stored)))
    const identities = await identify(checked.flatMap((each) => ('incoming' in each ? [each.incoming] : [])))
    for (const each of checked) {
      if ('reason' in each) {
        refused.push(each)
        continue
      }
      const { message, incoming } = each
      const identity = identities.of(incoming)
      if ('refused' in identity) refused.push({ message, reason: identity.refused })
      else if (identity.complete) repeated.push(message)
      else {
        const { version = each.type?.version ?? 0 } = identity
        const type = version === (each.type?.version ?? 0) ? each.type : await typeOf(incoming, version)
        const ready = readyOf({ ...each, type }, identity)
        accepted.push({ message, ready, type, warnings: incoming.warnings })
      }
    }
    return { accepted, repeated, refused, release: identities.release }
  }
}
