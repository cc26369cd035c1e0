import { randomUUID } from 'node:crypto'
import type { InboxItem } from '@carillon/schemas'

/** Distinguishes UUIDv7 ids of the same millisecond. */
let made = 0

/** Returns a UUIDv7 of the time, which is in epoch ms. */
export const newItemId = (at: number): string => {
  const time = at.toString(16).padStart(12, '0')
  const count = (made++).toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${count}`
}

/** Returns an unread item with this content. */
export const newItem = (content: Partial<InboxItem> = {}): InboxItem => ({
  id: newItemId(Date.now()),
  notification: randomUUID(),
  type: 'test',
  priority: 'normal',
  title: 'A title',
  createdAt: new Date().toISOString(),
  receivedAt: null,
  seenAt: null,
  readAt: null,
  archivedAt: null,
  snoozedUntil: null,
  acted: {},
  ...content,
})
