import type { Counts, InboxItem, InboxStatus, ItemContent } from '@carillon/schemas'
import { ProblemError } from '../errors.ts'
import { uuid7Time } from '../notification/ids.ts'
import type { StateChange } from './ports/inbox.ts'

/** An item's state as the stores keep it: times in epoch ms. */
export type Cells = {
  receivedAt: number | null
  seenAt: number | null
  readAt: number | null
  archivedAt: number | null
  snoozedUntil: number | null
}

const TIME_CELLS = ['receivedAt', 'seenAt', 'readAt', 'archivedAt', 'snoozedUntil'] as const

/** What counting needs of an item. */
export type Standing = Pick<Cells, 'seenAt' | 'readAt' | 'archivedAt' | 'snoozedUntil'>

const asleep = ({ snoozedUntil }: Standing, now: number): boolean =>
  snoozedUntil !== null && snoozedUntil > now

/** Whether an item that is neither expired nor removed has this status now. A snooze that is over does not count. */
export const hasStatus = (status: InboxStatus, item: Standing, now: number): boolean => {
  if (status === 'archived') return item.archivedAt !== null
  if (item.archivedAt !== null) return false
  if (status === 'snoozed') return asleep(item, now)
  if (asleep(item, now)) return false
  if (status === 'unread') return item.readAt === null
  if (status === 'unseen') return item.seenAt === null
  return status === 'active' || item.readAt !== null
}

/** Adds one item to the counts, in place. */
export const count = (counts: Counts, item: Standing, now: number): void => {
  if (hasStatus('unread', item, now)) counts.unread++
  if (hasStatus('unseen', item, now)) counts.unseen++
}

const timestamp = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())

/** An item as people read it. Times come back in UTC with milliseconds, however they were written. */
export const inboxItem = (content: ItemContent, cells: Cells, acted: Record<string, string>): InboxItem => ({
  ...content,
  receivedAt: timestamp(cells.receivedAt),
  seenAt: timestamp(cells.seenAt),
  readAt: timestamp(cells.readAt),
  archivedAt: timestamp(cells.archivedAt),
  snoozedUntil: timestamp(cells.snoozedUntil),
  acted,
})

/** The time cells a change names, in epoch ms. */
export const changedCells = (change: StateChange): [keyof Cells, number | null][] =>
  TIME_CELLS.flatMap((cell) => {
    const time = change[cell]
    return time === undefined ? [] : [[cell, time === null ? null : Date.parse(time)]]
  })

/** Refuses a cursor that cannot have come from a page. */
export const checkCursor = (before: string | undefined): void => {
  if (before !== undefined && uuid7Time(before) === undefined)
    throw new ProblemError('cursor_invalid', 'the cursor is not an item id')
}
