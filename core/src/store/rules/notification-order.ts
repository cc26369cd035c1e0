import { earliestUuid7 } from '../../notification/ids.ts'
import type { NotificationPlace } from '../ports/notifications.ts'

/** Compares two places in the list of notifications. Negative if `one` is older. */
export const comparePlaces = (one: NotificationPlace, other: NotificationPlace): number =>
  one.at - other.at || Buffer.compare(Buffer.from(one.id), Buffer.from(other.id))

/**
 * Returns a UUIDv7 that is greater than every UUIDv7 older than a place. A UUIDv7's place is its own timestamp and id, so
 * UUIDv7s sort like their places.
 */
export const uuid7Bound = ({ at, id }: NotificationPlace): string => {
  const [least, most] = [earliestUuid7(at), earliestUuid7(at + 1)]
  if (id < least) return least
  return id > most ? most : id
}
