import { hash } from 'node:crypto'

/** How far from the moment of acceptance the time inside a sender's UUIDv7 may lie to be believed. */
const BELIEVED_BEHIND_MS = 3_600_000
const BELIEVED_AHEAD_MS = 60_000

const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** A UUIDv7 (RFC 9562) with this time whose random bits are a hash: the same input gives the same id. */
export const derivedUuid7 = (ms: number, seed: string): string => {
  const time = ms.toString(16).padStart(12, '0')
  const bits = hash('sha256', seed, 'hex')
  const variant = '89ab'[Number.parseInt(bits[3]!, 16) & 3]
  return `${time.slice(0, 8)}-${time.slice(8)}-7${bits.slice(0, 3)}-${variant}${bits.slice(4, 7)}-${bits.slice(7, 19)}`
}

/** The time inside a UUIDv7, epoch ms; undefined for anything else. */
export const uuid7Time = (id: string): number | undefined =>
  UUID7.test(id) ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : undefined

/** The smallest UUIDv7 of this time (epoch ms). */
export const earliestUuid7 = (ms: number): string => {
  const time = ms.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`
}

/**
 * The item of one notification in one user's inbox. Deterministic, so that storing it again is an upsert; led by
 * the time of acceptance, so that ids sort by age and name the partition they live in.
 */
export const itemId = (tenant: string, notification: string, user: string, acceptedAt: number): string =>
  derivedUuid7(acceptedAt, `item\n${tenant}\n${notification}\n${user}`)

/** The id of a notification that came without one: the same on every delivery of the same message. */
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
 * When a notification counts as accepted, if its id says so: a UUIDv7 made around the time the log took it. Any
 * other id says nothing, and the record of its first acceptance has to be looked up.
 */
export const timeOfId = (id: string, appendedAt: number): number | undefined => {
  const time = uuid7Time(id)
  if (time === undefined || time < appendedAt - BELIEVED_BEHIND_MS || time > appendedAt + BELIEVED_AHEAD_MS)
    return
  return time
}

/** Names the message that waits for a notification's `deliverAt`, so that cancelling can find it. */
export const dueKey = (notification: string): string =>
  `due-${hash('sha256', notification, 'base64url').slice(0, 22)}`
