import { z } from 'zod'
import { ItemId, NotificationId, TypeKey } from '../fields/ids.ts'
import { Json } from '../fields/json.ts'
import { Priority } from '../fields/priority.ts'
import { Timestamp } from '../fields/timestamp.ts'
import { Action } from '../notification/action.ts'
import { Actor } from '../notification/actor.ts'
import { ITEM_EXAMPLE } from './item-example.ts'

/** How apps show an item. */
export const Display = z.enum(['inline', 'banner', 'modal']).meta({
  id: 'Display',
  description:
    'Announces the item beside the list: as a card above it, as a banner of the page or as a dialog. Dismissing it archives the item, and thereby dismisses it on every device',
})
export type Display = z.infer<typeof Display>

/** Maximum length of the key of a group, in UTF-16 code units. */
export const GROUP_KEY_MAX = 256

export const GroupKey = z
  .string()
  .min(1)
  .max(GROUP_KEY_MAX)
  .describe('The key of the group, as rendered by its type')

/** The immutable part of an inbox item, set when the notification is accepted. */
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
  group: z
    .object({ key: GroupKey })
    .optional()
    .describe('The group it belongs to, together with the items of its type, context and key'),
  variant: z.string().optional().describe('The variant of its type that the user gets'),
  test: z.boolean().optional().describe('Set if its notification is a test'),
  literal: z
    .boolean()
    .optional()
    .describe('Set if a backend replaced its texts. Every channel uses them unchanged'),
  silent: z.boolean().optional().describe('Stored and counted, without sound, toast or push'),
  createdAt: Timestamp.describe(
    'When its first notification was accepted; later ones may have replaced its content',
  ),
  updatedAt: Timestamp.optional().describe('When its content was last replaced'),
  expiresAt: Timestamp.optional().describe('When it expires and is no longer shown'),
})
export type ItemContent = z.infer<typeof ItemContent>

/** The content that all items of a notification share: everything but the item's id. */
export type InboxContent = Omit<ItemContent, 'id'>

/** The part of an inbox item that its user changes. */
export const ItemState = z.object({
  receivedAt: Timestamp.nullable().describe("When one of the user's apps acknowledged it"),
  seenAt: Timestamp.nullable().describe('When it was seen'),
  readAt: Timestamp.nullable().describe('When it was read'),
  archivedAt: Timestamp.nullable().describe('When it was archived'),
  snoozedUntil: Timestamp.nullable().describe('When it returns to the active items'),
  clickedAt: Timestamp.optional().describe('When its link was first followed'),
  acted: z.record(z.string(), Timestamp).describe('When each action was taken, by name'),
})
export type ItemState = z.infer<typeof ItemState>

/** An item of a group, as far as a summary of the group needs it. */
export const GroupMember = z
  .object({
    id: ItemId,
    title: ItemContent.shape.title,
    url: ItemContent.shape.url,
    image: ItemContent.shape.image,
    actor: Actor.optional(),
    createdAt: ItemContent.shape.createdAt,
    arrivedAt: Timestamp.describe('When it was stored in the inbox'),
    readAt: ItemState.shape.readAt,
  })
  .meta({ id: 'GroupMember', description: 'A summary of one of the newest items of a group' })
export type GroupMember = z.infer<typeof GroupMember>

export const ItemGroup = z
  .object({
    key: GroupKey,
    count: z
      .int()
      .min(1)
      .optional()
      .describe(
        'In grouped lists: the number of its items that are active, archived or snoozed like this one, exact up to 100',
      ),
    unread: z
      .int()
      .min(0)
      .optional()
      .describe('In grouped lists: the number of unread items among the newest 100 of them'),
    more: z.literal(true).optional().describe('Present if the real numbers may be larger'),
    newest: z
      .array(GroupMember)
      .max(3)
      .optional()
      .describe('In grouped lists: up to three of them, newest first'),
  })
  .meta({
    id: 'ItemGroup',
    description:
      'The group of an item: all items with the same key, type and context. In grouped lists, its newest item stands for it',
  })
export type ItemGroup = z.infer<typeof ItemGroup>

export const InboxItem = ItemContent.extend({
  ...ItemState.shape,
  arrivedAt: Timestamp.optional().describe('When it was stored in the inbox. Lists are sorted by it'),
  group: ItemGroup.optional(),
}).meta({
  id: 'InboxItem',
  description:
    "A notification in one user's inbox: its content, which is fixed, and its state, which the user changes",
  examples: [ITEM_EXAMPLE],
})
export type InboxItem = z.infer<typeof InboxItem>
