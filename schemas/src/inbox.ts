import { z } from 'zod'
import { Json } from './json-object.ts'
import { Action, Actor } from './notification.ts'
import { HORIZON_DAYS, ItemId, NotificationId, Priority, Timestamp, TypeKey } from './tokens.ts'

/** How apps show an item. */
export const Display = z
  .enum(['inline', 'banner', 'modal'])
  .meta({ id: 'Display', description: 'How the item is shown: in the list, as a banner or as a dialog' })

/** The immutable part of an inbox item, fixed when the notification was accepted. */
export const ItemContent = z.object({
  id: ItemId,
  notification: NotificationId,
  type: TypeKey,
  category: z.string().optional().describe('Its category'),
  priority: Priority,
  title: z.string().optional().describe('One line of text'),
  body: z.string().optional().describe('The text'),
  url: z.string().optional().describe('Where a click leads: a URL, or a path of the app'),
  image: z.string().optional().describe('A picture to show beside the text'),
  actor: Actor.optional(),
  actions: z.array(Action).optional(),
  tags: z.array(z.string()).optional().describe('Its tags'),
  data: z.record(z.string(), Json).optional().describe('The JSON object that the sender attached'),
  context: z
    .string()
    .optional()
    .describe('The context it belongs to: an organization, workspace or project of the tenant'),
  entity: z.string().optional().describe('The object it is about, as the sender named it'),
  display: Display.optional(),
  silent: z.boolean().optional().describe('Stored and counted, without sound, toast or push'),
  createdAt: Timestamp.describe('The instant of the acceptance of its notification'),
  expiresAt: Timestamp.optional().describe('The instant from which it is no longer shown'),
})
export type ItemContent = z.infer<typeof ItemContent>

/** What the items of one notification have in common: everything of the content but the item's id. */
export type InboxContent = Omit<ItemContent, 'id'>

/** The part of an inbox item that its user changes. */
export const ItemState = z.object({
  receivedAt: Timestamp.nullable().describe("The instant at which one of the user's apps acknowledged it"),
  seenAt: Timestamp.nullable().describe('The instant at which it was seen'),
  readAt: Timestamp.nullable().describe('The instant at which it was read'),
  archivedAt: Timestamp.nullable().describe('The instant at which it was archived'),
  snoozedUntil: Timestamp.nullable().describe('The instant at which it returns to the active items'),
  acted: z.record(z.string(), Timestamp).describe('The instant of each action that was taken, by its name'),
})
export type ItemState = z.infer<typeof ItemState>

const ITEM_EXAMPLE = {
  id: '0198f3a0-5f5d-7b2a-9c4d-1e2f3a4b5c6d',
  notification: '0198f3a0-5f5c-7c1e-8a3b-0d5f6a7b8c9d',
  type: 'comment.created',
  priority: 'normal',
  title: 'Grace commented on your post',
  body: 'Have you tried turning it off and on again?',
  url: '/posts/7',
  actor: { user: 'grace' },
  data: { post: 7 },
  createdAt: '2026-01-31T09:00:00.000Z',
  arrivedAt: '2026-01-31T09:00:00.020Z',
  receivedAt: '2026-01-31T09:00:00.100Z',
  seenAt: null,
  readAt: null,
  archivedAt: null,
  snoozedUntil: null,
  acted: {},
}

export const ItemGroup = z
  .object({
    key: z.string().describe('The name of the group'),
    count: z.int().min(1).describe('The number of items in it'),
    unread: z.int().min(0).describe('The number of unread items in it'),
  })
  .meta({ id: 'ItemGroup', description: 'The group whose newest item this is' })
export type ItemGroup = z.infer<typeof ItemGroup>

export const InboxItem = ItemContent.extend({
  ...ItemState.shape,
  arrivedAt: Timestamp.optional().describe('The instant at which it came into the inbox; lists run by it'),
  group: ItemGroup.optional(),
}).meta({
  id: 'InboxItem',
  description:
    "A notification in one user's inbox: its content, which is fixed, and its state, which the user changes",
  examples: [ITEM_EXAMPLE],
})
export type InboxItem = z.infer<typeof InboxItem>

/** Items that are neither archived, snoozed, expired nor deleted, and that nobody has read (seen) yet. */
export const Counts = z
  .object({
    unread: z.int().min(0).describe('The number of unread items'),
    unseen: z.int().min(0).describe('The number of unseen items'),
    more: z.literal(true).optional().describe('Present if there are more than these numbers say'),
  })
  .meta({
    id: 'Counts',
    description:
      'The counts of a bell. Archived, snoozed and expired items are not counted. Exact up to 100; a larger number is 100, with `more`',
    examples: [{ unread: 3, unseen: 1 }],
  })
export type Counts = z.infer<typeof Counts>

/** What a user may change of an item. `read: true` implies seen; `snoozedUntil: null` wakes it. */
export const ItemPatch = z
  .strictObject({
    seen: z.boolean().optional().describe('Whether it has been seen'),
    read: z.boolean().optional().describe('Whether it has been read; a read item is seen'),
    archived: z.boolean().optional().describe('Whether it is archived'),
    snoozedUntil: Timestamp.nullable()
      .optional()
      .describe(`The instant at which it returns, at most ${HORIZON_DAYS} days ahead; null returns it now`),
  })
  .refine((patch) => Object.values(patch).some((value) => value !== undefined), 'name at least one change')
  .meta({
    id: 'ItemPatch',
    description: 'The changes of one item. At least one has to be named; what is left out stays',
    minProperties: 1,
    not: {
      anyOf: [
        { properties: { read: { const: true }, seen: { const: false } }, required: ['read', 'seen'] },
        {
          properties: { archived: { const: true }, snoozedUntil: { type: 'string' } },
          required: ['archived', 'snoozedUntil'],
        },
      ],
    },
    examples: [{ read: true }, { snoozedUntil: '2026-02-01T08:00:00Z' }],
  })
export type ItemPatch = z.infer<typeof ItemPatch>

/**
 * Which items to list. `active` (the default) is everything not archived and not snoozed;
 * `unread`, `unseen` and `read` narrow it.
 */
export const INBOX_STATUSES = ['active', 'unread', 'unseen', 'read', 'archived', 'snoozed'] as const
export const InboxStatus = z.enum(INBOX_STATUSES).meta({
  id: 'InboxStatus',
  description:
    'Which items to list. `active`: neither archived nor snoozed; `unread`, `unseen` and `read` narrow it',
})
export type InboxStatus = z.infer<typeof InboxStatus>

/** Where the user's live messages stand: a later message has `seq + 1` in the same `epoch`. */
export const LivePosition = z
  .object({
    epoch: z.string().describe('The numbering that `seq` belongs to'),
    seq: z.int().min(0).describe('The number of the message'),
  })
  .meta({
    id: 'LivePosition',
    description:
      'A position among the live messages of a user: the next message has `seq + 1` in the same `epoch`',
    examples: [{ epoch: 'f3a05f5c', seq: 41 }],
  })
export type LivePosition = z.infer<typeof LivePosition>

export const InboxPage = z
  .object({
    items: z.array(InboxItem),
    counts: Counts,
    next: z
      .string()
      .nullable()
      .describe('The cursor of the next, older page, for `before`; null on the last page'),
    position: LivePosition.nullable().describe(
      'The position that this page includes; null while it is unknown',
    ),
  })
  .meta({
    id: 'InboxPage',
    description: 'A page of an inbox, newest items first',
    examples: [
      {
        items: [ITEM_EXAMPLE],
        counts: { unread: 1, unseen: 1 },
        next: null,
        position: { epoch: 'f3a05f5c', seq: 41 },
      },
    ],
  })
export type InboxPage = z.infer<typeof InboxPage>
