import type { LocalTime, Notification, NotificationType, RelativeTime } from '@carillon/schemas'
import { earliestInstant, latestInstant } from '../calendar/local-instant.ts'
import { relativeInstant } from './relative-time.ts'

/** A time of a notification: an instant as RFC 3339, or a local time. */
export type SendTime = string | LocalTime

/** When a notification is delivered and expires. `deliverAt` is not relative. */
export type SendTimes = { deliverAt?: SendTime | undefined; expiresAt?: SendTime | undefined }

/** A notification whose `deliverAt` is not relative. */
export type Timed<Given> = Omit<Given, 'deliverAt' | 'expiresAt'> & SendTimes

type Given = Pick<Notification, 'deliverAt' | 'expiresAt' | 'data'>

/** Reports whether a time depends on `data`. */
export const isRelative = (time: Given['deliverAt']): time is RelativeTime =>
  typeof time === 'object' && 'from' in time

/**
 * Returns a notification with the instant of its relative `deliverAt`; undefined if `data` has no date there. Other
 * notifications are returned unchanged. `zone` is the time zone of dates without a time. Pure.
 */
export const timed = <Sent extends Given>(sent: Sent, zone: string): Timed<Sent> | undefined => {
  const { deliverAt } = sent
  if (!isRelative(deliverAt)) return sent as Timed<Sent>
  const at = relativeInstant(deliverAt, sent.data, zone)
  return at === undefined ? undefined : { ...sent, deliverAt: new Date(at).toISOString() }
}

/** Reports whether a time is local, so that its instant depends on the recipient. */
export const isLocal = (time: SendTime | undefined): time is LocalTime => typeof time === 'object'

/** Returns the first instant (epoch ms) of a time in any time zone. */
export const earliest = (time: SendTime): number =>
  isLocal(time) ? earliestInstant(time.local) : Date.parse(time)

/** Returns the last instant (epoch ms) of a time in any time zone. */
export const latest = (time: SendTime): number =>
  isLocal(time) ? latestInstant(time.local) : Date.parse(time)

/** Returns when delivery begins, epoch ms: at the first instant of `deliverAt`, but not before `acceptedAt`. */
export const firstAt = ({ deliverAt }: SendTimes, acceptedAt: number): number =>
  deliverAt === undefined ? acceptedAt : Math.max(acceptedAt, earliest(deliverAt))

/** Returns when the last recipients are due, epoch ms. */
export const lastAt = ({ deliverAt }: SendTimes, acceptedAt: number): number =>
  deliverAt === undefined ? acceptedAt : Math.max(acceptedAt, latest(deliverAt))

/** Returns when a notification has expired in every time zone, epoch ms; undefined if it does not expire. */
export const expiryForAll = (
  times: SendTimes,
  type: Pick<NotificationType, 'expiresAfter'> | undefined,
  acceptedAt: number,
): number | undefined => {
  if (times.expiresAt !== undefined) return latest(times.expiresAt)
  return type?.expiresAfter === undefined ? undefined : lastAt(times, acceptedAt) + type.expiresAfter * 1_000
}
