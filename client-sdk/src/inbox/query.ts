import type { InboxItem, InboxStatus } from '@carillon/schemas'
import { hasLabels, hasStatus, type ListFilter } from '@carillon/schemas/item-rules'

/** Selects the items of a feed. */
export type Query = { status: InboxStatus } & ListFilter

/** Items are immutable, and long lists are sorted at every change. */
const places = new WeakMap<InboxItem, string>()

/** Returns the sort key of an item: lists are ordered by arrival, then by id. Returns '' without an item. */
export const placeOf = (item: Maybe): string => {
  if (!item) return ''
  if (!places.has(item)) places.set(item, item.arrivedAt + item.id)
  return places.get(item)!
}

const expired = ({ expiresAt }: InboxItem, now: number) => !!expiresAt && Date.parse(expiresAt) <= now

/** An item that may be unknown or removed. */
export type Maybe = InboxItem | null | undefined

/** Reports whether the hub would list the item. `now` is in epoch ms. */
export const matches = (item: Maybe, { status, ...filter }: Query, now: number): item is InboxItem =>
  !!item && !expired(item, now) && hasLabels(item, filter) && hasStatus(status, item, now)
