/**
 * The rules of an inbox item: its status, its weight in the counts, and the effect of a change. The store,
 * the hub and the client SDK share them, so this module has no dependencies at run time and works in a browser.
 * @module
 */
import type { Display, InboxItem, ItemState } from './item.ts'
import type { ItemPatch } from './item-patch.ts'
import type { InboxStatus } from './page.ts'

export { COUNT_MAX, countsOf } from './capped-counts.ts'

/** An instant as epoch ms (in stores) or RFC 3339 (on the wire); null if the item is not in the state. */
type Instant = number | string | null

/** The times that determine an item's status. */
export type StatusTimes = {
  seenAt: Instant
  readAt: Instant
  archivedAt: Instant
  snoozedUntil: Instant
}

/** The labels that lists and verbs filter by. An item without a context has the context `''`. */
export type ItemLabels = {
  category?: string | undefined
  tags?: readonly string[] | undefined
  context?: string | undefined
  group?: { key: string } | undefined
  /** Set for grouped items. */
  type?: string | undefined
  display?: Display | undefined
}

/** Selects items by label; every given field must match. */
export type ItemFilter = {
  category?: string | undefined
  tag?: string | undefined
  context?: string | undefined
  /** The key of a group. */
  group?: string | undefined
  /** Narrows the groups with that key to those of a type. */
  type?: string | undefined
}

/** Selects the items of a list by labels, and by how apps show them. */
export type ListFilter = ItemFilter & { display?: readonly Display[] | undefined }

export const hasLabels = (
  item: ItemLabels,
  { category, tag, context, group, type, display }: ListFilter,
): boolean =>
  (category === undefined || item.category === category) &&
  (tag === undefined || item.tags?.includes(tag) === true) &&
  (context === undefined || (item.context ?? '') === context) &&
  (group === undefined || item.group?.key === group) &&
  (type === undefined || item.type === type) &&
  (!display || display.includes(item.display as Display))

/** Reports whether an item belongs to one of these contexts; `''` stands for items without one. Without contexts, all do. */
export const sees = (contexts: readonly string[] | undefined, { context = '' }: ItemLabels): boolean =>
  contexts === undefined || contexts.includes(context)

/** Reports whether the item is snoozed now. */
export const isSnoozed = ({ snoozedUntil }: StatusTimes, now: number): boolean =>
  snoozedUntil !== null && new Date(snoozedUntil).getTime() > now

/** Reports whether an item that is neither expired nor deleted has this status now (epoch ms). */
export const hasStatus = (status: InboxStatus, item: StatusTimes, now: number): boolean => {
  if (item.archivedAt !== null) return status === 'archived'
  if (isSnoozed(item, now)) return status === 'snoozed'
  if (status === 'unread') return item.readAt === null
  if (status === 'unseen') return item.seenAt === null
  return status === 'active' || (status === 'read' && item.readAt !== null)
}

/**
 * The state columns to write; `null` clears a column. `acted` is merged with the existing actions. Times are
 * RFC 3339.
 */
export type StateChange = Partial<ItemState>

/**
 * Returns the state that a patch changes in this item. It is empty if the item is already in that state, so a
 * repeated call writes nothing and the first time is kept. Marking as read also marks as seen; marking as
 * unseen also marks as unread. Archiving ends a snooze, and snoozing unarchives.
 */
export const changeOf = (item: ItemState, patch: ItemPatch, now: number): StateChange => {
  const at = new Date(now).toISOString()
  const change: StateChange = {}
  const set = (cell: 'seenAt' | 'readAt' | 'archivedAt', wanted: boolean) => {
    if (wanted !== (item[cell] !== null)) change[cell] = wanted ? at : null
  }
  if (patch.read !== undefined) set('readAt', patch.read)
  if (patch.read === true) set('seenAt', true)
  else if (patch.seen !== undefined) set('seenAt', patch.seen)
  if (patch.seen === false) set('readAt', false)
  if (patch.archived !== undefined) set('archivedAt', patch.archived)
  if (typeof patch.snoozedUntil === 'string') set('archivedAt', false)

  const until = typeof patch.snoozedUntil === 'string' ? new Date(patch.snoozedUntil).toISOString() : null
  if ((patch.snoozedUntil !== undefined || patch.archived === true) && until !== item.snoozedUntil)
    change.snoozedUntil = until
  return change
}

/** Returns the state that an action changes. The first time is kept, and the item becomes read. */
export const actionOf = (item: InboxItem, action: string, now: number): StateChange => ({
  ...changeOf(item, { read: true }, now),
  ...(Object.hasOwn(item.acted, action) ? {} : { acted: { [action]: new Date(now).toISOString() } }),
})

/** Returns the change that a click makes to an item: it is read, and the time of the first click is kept. */
export const clickOf = (item: ItemState, now: number): StateChange => ({
  ...changeOf(item, { read: true }, now),
  ...(item.clickedAt === undefined ? { clickedAt: new Date(now).toISOString() } : {}),
})

/** Returns the item after the change. */
export const changed = <Item extends ItemState>(item: Item, change: StateChange): Item => ({
  ...item,
  ...change,
  acted: { ...item.acted, ...change.acted },
})
