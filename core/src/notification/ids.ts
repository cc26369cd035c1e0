import { hash } from 'node:crypto'

/** How far the time in a sender's UUIDv7 may differ from the time of acceptance to be trusted, in ms. */
const TRUSTED_BEHIND_MS = 3_600_000
const TRUSTED_AHEAD_MS = 60_000

const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

const dated = { ms: Number.NaN, head: '' }

/** Returns the start of a UUIDv7 of this time. The last one is kept, because all items of a notification share it. */
const headOf = (ms: number): string => {
  if (ms === dated.ms) return dated.head
  const time = ms.toString(16).padStart(12, '0')
  const head = `${time.slice(0, 8)}-${time.slice(8)}-7`
  Object.assign(dated, { ms, head })
  return head
}

/** Returns a UUIDv7 (RFC 9562) with this time and a hash of `seed` as its random bits. Deterministic. */
export const derivedUuid7 = (ms: number, seed: string): string => {
  const bits = hash('sha256', seed, 'hex')
  const variant = '89ab'[Number.parseInt(bits[3]!, 16) & 3]
  return `${headOf(ms)}${bits.slice(0, 3)}-${variant}${bits.slice(4, 7)}-${bits.slice(7, 19)}`
}

/** Returns the time in a UUIDv7, epoch ms; undefined for anything else. */
export const uuid7Time = (id: string): number | undefined =>
  UUID7.test(id) ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : undefined

/** Returns the smallest UUIDv7 of this time (epoch ms). */
export const earliestUuid7 = (ms: number): string => {
  const time = ms.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`
}

/**
 * Returns the id of a notification's item in a user's inbox. It is deterministic, so that storing it again is an upsert. It
 * starts with the time of acceptance, so that ids sort by age and determine their partition.
 */
export const itemId = (tenant: string, notification: string, user: string, acceptedAt: number): string =>
  derivedUuid7(acceptedAt, `item\n${tenant}\n${notification}\n${user}`)

/** Returns an id for a notification without an id. It is the same on every delivery of the same message. */
export const notificationIdAt = ({
  sequence,
  appendedAt,
  origin,
}: {
  sequence: number
  appendedAt: number
  origin?: string
}): string =>
  derivedUuid7(appendedAt, `notification\n${sequence}${origin === undefined ? '' : `\n${origin}`}`)

/**
 * Returns the time of acceptance of a notification whose id is a UUIDv7 created around `appendedAt`. Returns
 * undefined for any other id, whose record must be read instead.
 */
export const timeOfId = (id: string, appendedAt: number): number | undefined => {
  const time = uuid7Time(id)
  if (time === undefined || time < appendedAt - TRUSTED_BEHIND_MS || time > appendedAt + TRUSTED_AHEAD_MS)
    return
  return time
}

/**
 * Returns the key of the message that is scheduled for a notification's `deliverAt`, so that it can be
 * canceled.
 */
export const dueKey = (notification: string): string => hash('sha256', notification, 'base64url').slice(0, 22)

/**
 * A cancel key that is cancelled whenever a notification is cancelled by its id before a dispatcher has read it. Those of
 * senders contain no control characters.
 */
export const UNREAD_CANCELLED = '\u0001'

/** Returns the cancel key of one notification, under which it is cancelled before a dispatcher has read it. */
export const unreadKey = (notification: string): string => `\u0001${notification}`

/** Returns the schedule key of the message in which recipients of a notification wait for their local time. One per chain. */
export const localKey = (notification: string, chain: number): string =>
  `${hash('sha256', notification, 'base64url').slice(0, 22)}-${chain}`
