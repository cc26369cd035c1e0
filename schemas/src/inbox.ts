import { z } from 'zod'
import { Action, Actor } from './notification.ts'
import { HORIZON_DAYS, ItemId, NotificationId, Priority, Timestamp, TypeKey } from './tokens.ts'

/** The immutable part of an inbox item, fixed when the notification was accepted. */
export const ItemContent = z.object({
  id: ItemId,
  notification: NotificationId,
  type: TypeKey,
  category: z.string().optional(),
  priority: Priority,
  title: z.string().optional(),
  body: z.string().optional(),
  url: z.string().optional(),
  image: z.string().optional(),
  actor: Actor.optional(),
  actions: z.array(Action).optional(),
  tags: z.array(z.string()).optional(),
  data: z.record(z.string(), z.json()).optional(),
  createdAt: Timestamp,
  expiresAt: Timestamp.optional(),
})
export type ItemContent = z.infer<typeof ItemContent>

/** The part of an inbox item that its user changes. */
export const ItemState = z.object({
  receivedAt: Timestamp.nullable().describe("When a client of the user's acknowledged it"),
  seenAt: Timestamp.nullable(),
  readAt: Timestamp.nullable(),
  archivedAt: Timestamp.nullable(),
  snoozedUntil: Timestamp.nullable(),
  acted: z.record(z.string(), Timestamp).describe('Action names and when they were taken'),
})
export type ItemState = z.infer<typeof ItemState>

export const InboxItem = ItemContent.extend(ItemState.shape)
export type InboxItem = z.infer<typeof InboxItem>

/** Items that are neither archived, snoozed, expired nor deleted, and that nobody has read (seen) yet. */
export const Counts = z.object({ unread: z.number().int(), unseen: z.number().int() })
export type Counts = z.infer<typeof Counts>

/** What a user may change of an item. `read: true` implies seen; `snoozedUntil: null` wakes it. */
export const ItemPatch = z
  .strictObject({
    seen: z.boolean().optional(),
    read: z.boolean().optional(),
    archived: z.boolean().optional(),
    snoozedUntil: Timestamp.nullable().optional().describe(`At most ${HORIZON_DAYS} days ahead`),
  })
  .refine((patch) => Object.values(patch).some((value) => value !== undefined), 'name at least one change')
export type ItemPatch = z.infer<typeof ItemPatch>

/**
 * Which items to list. `active` (the default) is everything not archived and not snoozed;
 * `unread`, `unseen` and `read` narrow it.
 */
export const INBOX_STATUSES = ['active', 'unread', 'unseen', 'read', 'archived', 'snoozed'] as const
export const InboxStatus = z.enum(INBOX_STATUSES)
export type InboxStatus = z.infer<typeof InboxStatus>

/** Where the user's live messages stand: a later message has `seq + 1` in the same `epoch`. */
export const LivePosition = z.object({ epoch: z.string(), seq: z.number().int() })
export type LivePosition = z.infer<typeof LivePosition>

export const InboxPage = z.object({
  items: z.array(InboxItem),
  counts: Counts,
  next: z.string().nullable().describe('Pass as `before` for the next, older page; null on the last'),
  position: LivePosition.nullable().describe('Live messages up to here are in this page; null while unknown'),
})
export type InboxPage = z.infer<typeof InboxPage>
