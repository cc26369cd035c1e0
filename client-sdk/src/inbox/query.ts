import type { InboxItem, InboxStatus } from '@carillon/schemas'
import { hasLabels, hasStatus, type ItemFilter } from '@carillon/schemas/item-rules'

/** Which items a feed lists. */
export type Query = { status: InboxStatus } & ItemFilter

/** Where an item stands in every list: the hub lists by arrival, then by id. A later item has a greater place; none has ''. */
export const placeOf = (item: Maybe): string => (item ? `${item.arrivedAt}${item.id}` : '')

const expired = ({ expiresAt = '' }: InboxItem, now: number) => Date.parse(expiresAt) <= now

/** An item that is not there is in no list and weighs nothing. */
export type Maybe = InboxItem | null | undefined

/** Whether the hub would list the item under the query. `now` is epoch ms. */
export const matches = (item: Maybe, { status, ...filter }: Query, now: number): item is InboxItem =>
  !!item && !expired(item, now) && hasLabels(item, filter) && hasStatus(status, item, now)

export const isActive = (item: Maybe, now: number): item is InboxItem =>
  matches(item, { status: 'active' }, now)
