import type { NotificationState } from '@carillon/schemas'
import type { NotificationRecord, Recorded } from '../ports/notifications.ts'

/** Numbers of chains below this are those of a fan-out. */
const LOCAL_CHAINS = 10_000

/**
 * Returns the number of the chain that waits for the local times of some recipients. `opener`: the chain of the fan-out that
 * found them, or OUTSIDE; `page`: how many such chains it has opened before. The record does not count these chains: each
 * counts from its first progress.
 */
export const localChain = (opener: number, page: number): number => LOCAL_CHAINS * (page + 1) + opener

/** Stands for recipients outside any chain of a fan-out. */
export const OUTSIDE = LOCAL_CHAINS - 1

/** Returns how many of some chains wait for local times. */
export const localChains = (chains: Iterable<number>): number => {
  let count = 0
  for (const chain of chains) if (chain >= LOCAL_CHAINS) count++
  return count
}

/** Returns when the record of a notification expires: with its items, which are created as late as `deliverAt`. */
export const keptUntil = (record: NotificationRecord, retention: number): number =>
  Math.max(record.acceptedAt, record.deliverAt ?? 0, record.lastAt ?? 0) + retention

/** Returns how a notification was accepted. Its record is stored after the recipients outside any chain. */
export const recordedOf = (
  { acceptedAt, fingerprint, chains, deliverAt, version, revision }: NotificationRecord,
  cancelled: boolean,
): Recorded => ({
  at: acceptedAt,
  fingerprint,
  complete: cancelled || (chains === 0 && deliverAt === undefined),
  ...(version === undefined ? {} : { version }),
  ...(revision === undefined ? {} : { revision }),
})

/** Reports whether a notification ended before its recipients were looked up, if it is not still to be read. */
const reachedNobody = ({ chains, direct, decisions }: NotificationRecord): boolean =>
  chains === 0 && direct === 0 && decisions === undefined

/** Returns the state of a notification. `finished`: the number of finished chains; `local`: that of chains for local times. */
export const notificationState = (
  record: NotificationRecord,
  { finished, local = 0, cancelled }: { finished: number; local?: number; cancelled: boolean },
  now: number,
): NotificationState => {
  if (cancelled) return 'cancelled'
  if (record.deliverAt !== undefined && record.deliverAt > now) return 'scheduled'
  const { acceptedAt, deliverAt, expiresAt } = record
  const never = expiresAt !== undefined && expiresAt <= (deliverAt ?? acceptedAt)
  const hasExpired = expiresAt !== undefined && expiresAt <= now
  if (never || (hasExpired && reachedNobody(record))) return 'expired'
  const begun = record.lastAt === undefined || record.decisions !== undefined
  if (begun && finished >= record.chains + local) return 'delivered'
  return hasExpired ? 'expired' : 'delivering'
}
