import { earliestUuid7 } from '../notification/ids.ts'
import type { NotificationPlace } from './ports/notifications.ts'

/** Negative if `one` is older than `other` in the list of notifications. */
export const comparePlaces = (one: NotificationPlace, other: NotificationPlace): number =>
  one.at - other.at || Buffer.compare(Buffer.from(one.id), Buffer.from(other.id))

/**
 * The bound below which every UUIDv7 lies that is older than a place: a UUIDv7's own place is the time inside it and
 * itself, so ids sort as places do.
 */
export const uuid7Bound = ({ at, id }: NotificationPlace): string => {
  const [least, most] = [earliestUuid7(at), earliestUuid7(at + 1)]
  if (id < least) return least
  return id > most ? most : id
}
