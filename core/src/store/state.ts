import { hash } from 'node:crypto'
import type {
  Counts,
  InboxItem,
  InboxStatus,
  ItemContent,
  NotificationState,
  UserProfile,
} from '@carillon/schemas'
import { ProblemError } from '../errors.ts'
import { uuid7Time } from '../notification/ids.ts'
import type { StateChange } from './ports/inbox.ts'
import type { NotificationRecord, Recorded } from './ports/notifications.ts'
import { SLOTS } from './ports/walk.ts'

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

const bucket = (text: string, size: number): number =>
  Number.parseInt(hash('sha256', text, 'hex').slice(0, 8), 16) % size

/** The slot of a user, 0 to SLOTS − 1. Never changes: stored rows depend on it. */
export const slotOf = (user: string): number => bucket(user, SLOTS)

const UNDATED_BUCKETS = 4_096
/** What is accepted within this time shares a bucket: some 30 MB if a tenant is sent 10,000 notifications a second. */
export const BUCKET_MS = 10_000

/** The bucket of a moment, epoch ms. */
export const bucketAt = (ms: number): number => Math.floor(ms / BUCKET_MS)

/**
 * The bucket of a notification's record: that of the time inside a UUIDv7, so that what was accepted together lies
 * together; for any other id one of 4,096 negative buckets.
 */
export const bucketOf = (notification: string): number => {
  const time = uuid7Time(notification)
  return time === undefined ? -1 - bucket(notification, UNDATED_BUCKETS) : bucketAt(time)
}

/** Until when a notification is kept: as long as the items it makes, which may be made as late as `deliverAt`. */
export const keptUntil = (record: NotificationRecord, retention: number): number =>
  Math.max(record.acceptedAt, record.deliverAt ?? 0) + retention

/** What a record says of how its notification was accepted. It is stored after the recipients outside any lane. */
export const recordedOf = ({ acceptedAt, fingerprint, lanes, deliverAt }: NotificationRecord): Recorded => ({
  at: acceptedAt,
  fingerprint,
  complete: lanes === 0 && deliverAt === undefined,
})

/** How far a notification has come; `finished` is how many of its lanes have ended. */
export const notificationState = (
  record: NotificationRecord,
  { finished, cancelled }: { finished: number; cancelled: boolean },
  now: number,
): NotificationState => {
  if (cancelled) return 'cancelled'
  if (record.deliverAt !== undefined && record.deliverAt > now) return 'scheduled'
  const never = record.expiresAt !== undefined && record.expiresAt <= (record.deliverAt ?? record.acceptedAt)
  if (never) return 'expired'
  if (finished >= record.lanes) return 'delivered'
  return record.expiresAt !== undefined && record.expiresAt <= now ? 'expired' : 'delivering'
}

/** A profile as single attributes, so that each can be written without the others: `name`, `attributes/plan`. */
export const flattenProfile = ({ attributes, ...profile }: UserProfile): Map<string, string> => {
  const flat = new Map<string, string>()
  for (const [key, value] of Object.entries(profile))
    if (value !== undefined) flat.set(key, JSON.stringify(value))
  for (const [key, value] of Object.entries(attributes ?? {}))
    if (value !== undefined) flat.set(`attributes/${key}`, JSON.stringify(value))
  return flat
}

/** The reverse of `flattenProfile`. */
export const profileOf = (flat: Iterable<readonly [string, string]>): UserProfile => {
  const own: [string, unknown][] = []
  const attributes: [string, unknown][] = []
  for (const [key, value] of flat)
    if (key.startsWith('attributes/')) attributes.push([key.slice(11), JSON.parse(value)])
    else own.push([key, JSON.parse(value)])
  if (attributes.length > 0) own.push(['attributes', Object.fromEntries(attributes)])
  return Object.fromEntries(own) as UserProfile
}
