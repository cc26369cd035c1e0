import { earliest, expiryForAll, isLocal, lastAt } from '@carillon/core/notification/delivery-times'
import type { Decision } from '@carillon/core/routing/decision'
import { plansOf } from '@carillon/core/routing/plan'
import type { NotificationRecord } from '@carillon/core/store/ports/notifications'
import type { Pinned, Ready } from '../intake/ready.ts'
import type { PlannedRecipient, Waiting } from './recipients.ts'

/** Maximum number of users in a record. Members of an audience are found through the audience. */
export const USERS_KEPT = 100

/** Adds the local times of a notification to its record. */
const addLocalTimes = (record: NotificationRecord, { ready: { notification, acceptedAt } }: Pinned): void => {
  const { deliverAt, expiresAt, context } = notification
  const inContext = context === undefined ? {} : { context }
  if (isLocal(deliverAt)) {
    record.local = { ...inContext, deliverAt: deliverAt.local }
    record.lastAt = lastAt(notification, acceptedAt)
  }
  if (isLocal(expiresAt)) record.localExpiry = { ...inContext, expiresAt: expiresAt.local }
}

/**
 * Returns the record of a notification with this many chains, these recipients outside them, those who wait for their local
 * time, and the decisions about all of them. Pure.
 */
export const recordOf = (
  pinned: Pinned,
  chains: number,
  { recipients, waiting = [] }: { recipients: readonly PlannedRecipient[]; waiting?: readonly Waiting[] },
  decisions?: readonly Decision[],
): NotificationRecord => {
  const { ready, type } = pinned
  const { tenant, id, acceptedAt, notification, fingerprint, version, revision } = ready
  const later = waiting.map(({ user }) => user)
  const users = recipients.map(({ user }) => user).concat(later)
  const absent = recipients.flatMap(({ user, planned }) => (planned.inbox === 'none' ? [user] : []))
  const without = absent.concat(later)
  const inbox = notification.inbox ?? type?.inbox
  const { deliverAt } = notification
  const record: NotificationRecord = {
    tenant,
    id,
    type: notification.type,
    version,
    revision,
    priority: notification.priority,
    acceptedAt,
    fingerprint,
    deliverAt: deliverAt === undefined ? undefined : earliest(deliverAt),
    expiresAt: expiryForAll(notification, type, acceptedAt),
    inbox: inbox === 'shown' ? undefined : inbox,
    chains,
    direct: recipients.length,
    users: chains === 0 && users.length <= USERS_KEPT ? users : undefined,
    absent: without.length > 0 ? without.slice(0, USERS_KEPT) : undefined,
    planned: plansOf({ notification, type }).some((plan) => plan.length > 0) ? true : undefined,
  }
  addLocalTimes(record, pinned)
  if (notification.context !== undefined) record.context = notification.context
  if (notification.replace) record.replaces = notification.entity
  if (notification.test) record.test = true
  if (decisions) record.decisions = decisions
  return record
}

/** Removes recipients from records who turned out to be erased while their items were stored. Pure. */
export const withoutErased = (
  records: readonly NotificationRecord[],
  erased: ReadonlyMap<Ready, readonly string[]>,
): readonly NotificationRecord[] => {
  if (erased.size === 0) return records
  const byRecord = new Map([...erased].map(([{ tenant, id }, users]) => [`${tenant}\n${id}`, users]))
  return records.map((record): NotificationRecord => {
    const gone = byRecord.get(`${record.tenant}\n${record.id}`)
    if (!gone) return record
    const { users, absent = [] } = record
    return {
      ...record,
      direct: record.direct - gone.length,
      skipped: gone.length,
      ...(users ? { users: users.filter((user) => !gone.includes(user)) } : {}),
      absent: [...new Set([...absent, ...gone])].slice(0, USERS_KEPT),
    }
  })
}
