import { itemId, uuid7Time } from '@carillon/core/notification/ids'
import type { Inbox, InboxPlace, Owner } from '@carillon/core/store/ports/inbox'
import type {
  NotificationPlace,
  NotificationProgress,
  Notifications,
} from '@carillon/core/store/ports/notifications'
import { comparePlaces } from '@carillon/core/store/rules/notification-order'
import type { NotificationState } from '@carillon/schemas'

/** Maximum notifications examined per request. A page ends early beyond it. */
const EXAMINED_MAX = 500
const PAGE = 100

export type ListFilter = {
  type?: string
  state?: NotificationState
  /**
   * Time of acceptance: at or after `from`, and before `to`, in epoch ms. With a user, the time of arrival in
   * the inbox.
   */
  from?: number
  to?: number
}

/** A notification and its place in the list. */
type Entry = { place: NotificationPlace; notification: NotificationProgress }

/** Entries, newest first. `next` is absent at the end of the list. */
type Page = { entries: Entry[]; next?: NotificationPlace }

/** Reads entries older than `before`. */
type Read = (before: NotificationPlace | undefined, limit: number) => Promise<Page>

const NIL = '00000000-0000-0000-0000-000000000000'

/**
 * Returns the arrival at which the list continues. The place of a notification without an item may lie among items of the
 * same millisecond.
 */
const arrivalBound = ({ at, id }: NotificationPlace): InboxPlace =>
  uuid7Time(id) === undefined ? { place: at + 1, id: NIL } : { place: at, id }

const matches = ({ type, state }: ListFilter, { notification }: Entry): boolean =>
  (type === undefined || notification.type === type) && (state === undefined || notification.state === state)

/** Reads pages until `limit` entries match, the list ends, or EXAMINED_MAX entries were examined. */
const collect = async (
  read: Read,
  filter: ListFilter,
  before: NotificationPlace | undefined,
  limit: number,
) => {
  const found: NotificationProgress[] = []
  let place = before
  for (let examined = 0; examined < EXAMINED_MAX; examined += PAGE) {
    const { entries, next } = await read(place, PAGE)
    for (const [index, entry] of entries.entries()) {
      if (!matches(filter, entry)) continue
      found.push(entry.notification)
      if (found.length < limit) continue
      const last = index === entries.length - 1
      return { notifications: found, next: last ? next : entry.place }
    }
    if (!next) return { notifications: found }
    place = next
  }
  return { notifications: found, next: place }
}

/** Merges lists, each newest first, up to the first point where one of them is incomplete. */
const merged = (pages: readonly Page[]): Page => {
  const stops = pages.flatMap(({ next }) => (next ? [next] : [])).sort(comparePlaces)
  const stop = stops.at(-1)
  const entries = pages.flatMap((page) => page.entries)
  entries.sort((one, other) => comparePlaces(other.place, one.place))
  if (!stop) return { entries }
  return { entries: entries.filter(({ place }) => comparePlaces(place, stop) >= 0), next: stop }
}

export const createNotificationList = ({
  notifications,
  inbox,
}: {
  notifications: Pick<Notifications, 'find' | 'list'>
  inbox: Pick<Inbox, 'arrivals' | 'get'>
}) => {
  const listed = async (
    tenant: string,
    query: { absent?: string; from?: number; before?: NotificationPlace; limit: number },
  ): Promise<Page> => {
    const page = await notifications.list(tenant, query)
    const entries = page.notifications.map((notification) => ({
      place: { at: notification.acceptedAt, id: notification.id },
      notification,
    }))
    return { entries, ...(page.next ? { next: page.next } : {}) }
  }

  /** Returns the notifications in a user's inbox, in any state. */
  const received = async (
    owner: Owner,
    { from = 0, before, limit }: { from?: number; before?: NotificationPlace; limit: number },
  ): Promise<Page> => {
    const found = await inbox.arrivals(owner, { ...(before ? { before: arrivalBound(before) } : {}), limit })
    const recent = found.arrivals
      .map(({ place: at, ...arrival }) => ({ place: { at, id: arrival.id }, ...arrival }))
      .filter(({ place }) => place.at >= from && !(before && comparePlaces(place, before) >= 0))
    const records = await notifications.find(
      owner.tenant,
      recent.map(({ notification }) => notification),
    )
    const entries = recent.flatMap(({ place, notification }) => {
      const record = records.get(notification)
      return record ? [{ place, notification: record }] : []
    })
    const { next } = found
    const ended = !next || next.place < from
    return { entries, ...(ended ? {} : { next: { at: next.place, id: next.id } }) }
  }

  /** Returns notifications that name a user without an item of them. */
  const missed = async (
    owner: Owner,
    query: { from?: number; before?: NotificationPlace; limit: number },
  ): Promise<Page> => {
    const { tenant, user } = owner
    const { entries, next } = await listed(tenant, { ...query, absent: user })
    const itemOf = ({ id, acceptedAt, deliverAt = 0 }: NotificationProgress) =>
      itemId(tenant, id, user, Math.max(acceptedAt, deliverAt))
    const items = await inbox.get(
      owner,
      entries.map(({ notification }) => itemOf(notification)),
    )
    const stored = new Set(items.map(({ id }) => id))
    const without = entries.filter(({ notification }) => !stored.has(itemOf(notification)))
    return { entries: without, ...(next ? { next } : {}) }
  }

  /**
   * Lists a tenant's notifications, newest first. With a user: those in the user's inbox, and those that name the user but are
   * scheduled, expired or skipped.
   */
  return (
    tenant: string,
    { user, ...filter }: ListFilter & { user?: string },
    { before, limit }: { before?: NotificationPlace; limit: number },
  ) => {
    const start = before ?? (filter.to === undefined ? undefined : { at: filter.to, id: '' })
    const query = (place: NotificationPlace | undefined, size: number) => ({
      ...(filter.from === undefined ? {} : { from: filter.from }),
      ...(place ? { before: place } : {}),
      limit: size,
    })
    const read: Read =
      user === undefined
        ? (place, size) => listed(tenant, query(place, size))
        : async (place, size) =>
            merged(
              await Promise.all([
                received({ tenant, user }, query(place, size)),
                missed({ tenant, user }, query(place, size)),
              ]),
            )
    return collect(read, filter, start, limit)
  }
}

export type NotificationList = ReturnType<typeof createNotificationList>
