import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { type InContext, lookUpInContext, zoneIn } from '@carillon/core/contexts/in-context'
import { createDataCheck } from '@carillon/core/data-schema/data-check'
import type { CheckedNotification } from '@carillon/core/notification/checked'
import { expiryForAll, firstAt, isLocal, lastAt } from '@carillon/core/notification/delivery-times'
import { type LinkPolicy, linkProblem } from '@carillon/core/notification/links'
import { overrideFaults } from '@carillon/core/notification/overrides'
import { ownFaults } from '@carillon/core/notification/own-faults'
import { ignoredParts, plansOf } from '@carillon/core/routing/plan'
import { planTimeFaults } from '@carillon/core/routing/plan-time-faults'
import type { Store } from '@carillon/core/store/port'
import type { DeadReason, Message } from '@carillon/core/stream/port'
import type { Log } from '@carillon/core/telemetry/log'
import { hasTemplates } from '@carillon/core/template/languages'
import type { NotificationType, Warning } from '@carillon/schemas'
import { refusal, resolveTimes } from './delivery-time.ts'
import { createIdentify, type Identity } from './identity.ts'
import {
  CLOCK_SLACK_MS,
  checkedNotification,
  deadReason,
  type Given,
  type Incoming,
  type Read,
  readNotification,
} from './notification.ts'
import type { Pinned, Ready } from './ready.ts'
import { createTypeAtAcceptance, type MisfitOf, storedTypeOf } from './type-at-acceptance.ts'
import { logUnknownTypes } from './unknown-types.ts'

/** Reading does no I/O, so every error is caused by the message and a retry cannot help. */
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
    contexts: Pick<Store['contexts'], 'get'>
    types: Pick<Store['types'], 'get' | 'versions'>
  }
  cache: SettingsCache
  unknownTypes: 'refuse' | 'accept'
  log: Log
  retentionMs: number
  links: LinkPolicy
}

/** `warnings`: dropped attributes. `ignored`: the number of other ignored parts; 0 if a hub has reported them to the sender. */
export type Accepted = Pinned & { message: Message; warnings: Warning[]; ignored: number }
export type Refused = { message: Message; reason: DeadReason }

/**
/**
 * A message, before its id is settled. `misfit`: its type is unknown or its data does not fit it, unless another version is
 * recorded.
 */
type Checked = {
  message: Message
  incoming: Incoming
  type?: NotificationType | undefined
  misfit?: DeadReason
}

/** Returns a message that a hub of this process has checked. */
const checkedBefore = (message: Message, checked: CheckedNotification): Refused | Checked => {
  const incoming = resolveTimes(checkedNotification(message, checked), checked.zone)
  return 'code' in incoming ? { message, reason: incoming } : { message, incoming, type: checked.type }
}

/** Reads settings from the store, each at most once per batch, because a batch may hold many refused messages. */
const storedSettings = (store: AcceptPorts['store']) => ({
  tenant: once((id) => store.tenants.get(id!)),
  context: once(async (id, key) => (await store.contexts.get(id!, [key!])).get(key!)),
  type: once((tenant, key, version) =>
    store.types.get(tenant!, key!, version === undefined ? undefined : Number(version)),
  ),
})

/** The revision of the library under which a notification was accepted. It is accepted now if nothing says so. */
const revisionOf = async (
  cache: Pick<SettingsCache, 'revision'>,
  { tenant, revision: stamped }: Incoming,
  type: NotificationType | undefined,
  { revision = stamped }: Identity,
): Promise<number | undefined> =>
  type && hasTemplates(type) ? (revision ?? (await cache.revision(tenant))) : undefined

const readyOf = (
  { incoming: { tenant, notification, fingerprint }, type }: Checked,
  { id, acceptedAt }: Identity,
  revision: number | undefined,
  retentionMs: number,
): Ready => {
  const at = firstAt(notification, acceptedAt)
  const kept = lastAt(notification, acceptedAt) + retentionMs
  const ends = expiryForAll(notification, type, acceptedAt)
  const expiresAt = Math.min(kept, ends ?? kept)
  const named = Object.assign({}, notification, { id })
  if (ends !== undefined && !isLocal(notification.deliverAt)) named.expiresAt ??= new Date(ends).toISOString()
  const ready: Ready = {
    tenant,
    id,
    notification: named,
    fingerprint,
    toAudience: false,
    acceptedAt,
    at,
    expiresAt,
  }
  if (type) ready.version = type.version
  if (revision !== undefined) ready.revision = revision
  return ready
}

/**
 * Reads a batch of notify messages, and performs the checks that need the store: the tenant, the type, and
 * whether the id was used before. A notification that is sent again, however late, gets the same items; if
 * all of them are stored already, its message is `repeated`. `release` must be called when the accepted
 * notifications are stored or given up.
 */
export const createAccept = ({ store, cache, unknownTypes, log, retentionMs, links }: AcceptPorts) => {
  const logUnknown = logUnknownTypes(log)
  const identify = createIdentify(store.notifications, { retentionMs })
  const dataFault = createDataCheck()

  /** Returns what does not fit the type: the data, or its dates, for which steps wait. */
  const misfitOf: MisfitOf = (incoming, type) => {
    const { tenant, notification, appendedAt, zone } = incoming
    const start = firstAt(notification, appendedAt + CLOCK_SLACK_MS)
    const fault =
      dataFault(tenant, type, notification.data) ?? planTimeFaults({ notification, type }, { zone, start })[0]
    return fault && refusal(incoming, fault)
  }

  /** Returns the type by these settings, or why the notification is refused. */
  const judge = (
    given: Given,
    tenancy: InContext,
    type: NotificationType | undefined,
  ): DeadReason | Omit<Checked, 'message'> => {
    const { tenant, notification, again } = given
    if (!tenancy.tenant) return { code: 'tenant_unknown', detail: `there is no tenant ${tenant}` }
    const detail = `tenant ${tenant} has not defined the type ${notification.type}`
    const unknown =
      !type && unknownTypes === 'refuse' ? ({ code: 'type_unknown', detail } as const) : undefined
    // A redelivered message may have been accepted before its type was deleted, or under an older version.
    if (unknown && !again) return unknown
    const [fault] = [...ownFaults(notification), ...overrideFaults(notification, links)]
    if (fault) return refusal(given, fault)
    const incoming = resolveTimes(given, zoneIn(tenancy))
    if ('code' in incoming) return incoming
    const problem = linkProblem(notification, plansOf({ notification, type }).flat(), tenancy, links)
    if (problem) return deadReason(problem)
    const misfit = unknown ?? misfitOf(incoming, type)
    return misfit && !again ? misfit : { incoming, type, ...(misfit && { misfit }) }
  }

  const { typeOf, pinned } = createTypeAtAcceptance({ cache, types: store.types }, misfitOf)

  const check = async (
    message: Message,
    stored: ReturnType<typeof storedSettings>,
  ): Promise<Refused | Checked> => {
    if (message.checked) return checkedBefore(message, message.checked)
    const result = read(message)
    if ('refused' in result) return { message, reason: result.refused }
    const given = result.incoming
    const { tenant, notification } = given
    const tenancy = await lookUpInContext(cache, tenant, notification.context)
    const known = judge(given, tenancy, await typeOf(given, given.version))
    if (!('code' in known || known.misfit)) return { message, ...known }
    // The hub may have used newer settings than this cache has.
    const latestPlace = await lookUpInContext(stored, tenant, notification.context)
    const latest = judge(given, latestPlace, await storedTypeOf(stored.type, given))
    return 'code' in latest ? { message, reason: latest } : { message, ...latest }
  }

  return async (
    messages: readonly Message[],
  ): Promise<{ accepted: Accepted[]; repeated: Message[]; refused: Refused[]; release(): void }> => {
    const accepted: Accepted[] = []
    const repeated: Message[] = []
    const refused: Refused[] = []
    // In the order of the log, because of two messages with one id, the first one counts.
    const stored = storedSettings(store)
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
        const found = await pinned(each, identity)
        if ('refused' in found) {
          refused.push({ message, reason: found.refused })
          continue
        }
        const { type } = found
        const ready = readyOf(
          { message, incoming, type },
          identity,
          await revisionOf(cache, incoming, type, identity),
          retentionMs,
        )
        if (!type) logUnknown(incoming.tenant, incoming.notification.type)
        const { warnings, version: stamped, notification } = incoming
        const ignored = stamped === undefined ? ignoredParts({ notification, type }).length : 0
        accepted.push({ message, ready, type, warnings, ignored })
      }
    }
    return { accepted, repeated, refused, release: identities.release }
  }
}

export type Accept = ReturnType<typeof createAccept>
