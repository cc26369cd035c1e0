import type { NotificationState } from '@carillon/schemas'
import type { NotificationRecord, Recorded } from '../ports/notifications.ts'

/** Returns when the record of a notification expires: with its items, which are created as late as `deliverAt`. */
export const keptUntil = (record: NotificationRecord, retention: number): number =>
  Math.max(record.acceptedAt, record.deliverAt ?? 0) + retention

/** Returns how a notification was accepted. Its record is stored after the recipients outside any chain. */
export const recordedOf = ({
  acceptedAt,
  fingerprint,
  chains,
  deliverAt,
  version,
  revision,
}: NotificationRecord): Recorded => ({
  at: acceptedAt,
  fingerprint,
  complete: chains === 0 && deliverAt === undefined,
  ...(version === undefined ? {} : { version }),
  ...(revision === undefined ? {} : { revision }),
})

/** Returns the state of a notification. `finished` is the number of finished chains. */
export const notificationState = (
  record: NotificationRecord,
  { finished, cancelled }: { finished: number; cancelled: boolean },
  now: number,
): NotificationState => {
  if (cancelled) return 'cancelled'
  if (record.deliverAt !== undefined && record.deliverAt > now) return 'scheduled'
  const never = record.expiresAt !== undefined && record.expiresAt <= (record.deliverAt ?? record.acceptedAt)
  if (never) return 'expired'
  if (finished >= record.chains) return 'delivered'
  return record.expiresAt !== undefined && record.expiresAt <= now ? 'expired' : 'delivering'
}
