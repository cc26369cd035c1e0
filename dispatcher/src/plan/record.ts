import type { Decision } from '@carillon/core/routing/decision'
import { plansOf } from '@carillon/core/routing/plan'
import type { NotificationRecord } from '@carillon/core/store/ports/notifications'
import type { Pinned, Ready } from '../intake/ready.ts'
import type { PlannedRecipient } from './recipients.ts'

/** Maximum number of users in a record. Members of an audience are found through the audience. */
export const USERS_KEPT = 100

const time = (timestamp: string | undefined) => (timestamp === undefined ? undefined : Date.parse(timestamp))

/**
 * Returns the record of a notification with this many chains, these recipients outside them, and the decisions about all
 * of them. Pure.
 */
export const recordOf = (
  { ready, type }: Pinned,
  chains: number,
  recipients: readonly PlannedRecipient[],
  decisions?: readonly Decision[],
): NotificationRecord => {
  const { tenant, id, acceptedAt, notification, fingerprint, version, revision } = ready
  const users = recipients.map(({ user }) => user)
  const without = recipients.flatMap(({ user, planned }) => (planned.inbox === 'none' ? [user] : []))
  const inbox = notification.inbox ?? type?.inbox
  return {
    tenant,
    id,
    type: notification.type,
    version,
    revision,
    ...(notification.test ? { test: true } : {}),
    priority: notification.priority,
    acceptedAt,
    fingerprint,
    deliverAt: time(notification.deliverAt),
    expiresAt: time(notification.expiresAt),
    inbox: inbox === 'shown' ? undefined : inbox,
    chains,
    direct: users.length,
    users: chains === 0 && users.length <= USERS_KEPT ? users : undefined,
    absent: without.length > 0 ? without.slice(0, USERS_KEPT) : undefined,
    planned: plansOf({ notification, type }).some((plan) => plan.length > 0) ? true : undefined,
    ...(decisions ? { decisions } : {}),
  }
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
