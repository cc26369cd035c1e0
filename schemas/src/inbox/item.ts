import { z } from 'zod'
import { ItemId, NotificationId, TypeKey } from '../fields/ids.ts'
import { Json } from '../fields/json.ts'
import { Priority } from '../fields/priority.ts'
import { Timestamp } from '../fields/timestamp.ts'
import { Action } from '../notification/action.ts'
import { Actor } from '../notification/actor.ts'
import { ITEM_EXAMPLE } from './item-example.ts'

/** How apps show an item. */
export const Display = z
  .enum(['inline', 'banner', 'modal'])
  .meta({ id: 'Display', description: 'How apps show the item: in the list, as a banner or as a dialog' })

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
  variant: z.string().optional().describe('The variant of its type that the user gets'),
  test: z.boolean().optional().describe('Set if its notification is a test'),
  silent: z.boolean().optional().describe('Stored and counted, without sound, toast or push'),
  createdAt: Timestamp.describe('The instant of the acceptance of its notification'),
  expiresAt: Timestamp.optional().describe('The instant from which it is no longer shown'),
})
export type ItemContent = z.infer<typeof ItemContent>

/** The content that all items of a notification share: everything but the item's id. */
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
  arrivedAt: Timestamp.optional().describe(
    'The instant at which it was stored in the inbox. Lists are sorted by it',
  ),
  group: ItemGroup.optional(),
}).meta({
  id: 'InboxItem',
  description:
    "A notification in one user's inbox: its content, which is fixed, and its state, which the user changes",
  examples: [ITEM_EXAMPLE],
})
export type InboxItem = z.infer<typeof InboxItem>
