import { z } from 'zod'
import { ContextKey, EntityKey, NotificationId, UserId } from '../fields/ids.ts'
import { JsonObject } from '../fields/json.ts'
import { text } from '../fields/text.ts'
import { Timestamp } from '../fields/timestamp.ts'
import { Link } from '../fields/url.ts'
import { Action } from '../notification/action.ts'
import { Tag } from '../notification/notification.ts'
import { InboxItem } from './item.ts'
import { ITEM_EXAMPLE } from './item-example.ts'

/** The fields that select delivered items. */
export const ITEM_FILTERS = {
  notification: NotificationId.optional().describe('Only items of this notification'),
  entity: EntityKey.optional().describe('Only items of this entity'),
  tag: Tag.optional().describe('Only items with this tag'),
  user: UserId.optional().describe('Only items of this user'),
  context: ContextKey.optional().describe('Only items of this context'),
}

/** Selects delivered items; every given field must match. */
export const ItemSelection = z.strictObject(ITEM_FILTERS)
export type ItemSelection = z.infer<typeof ItemSelection>

const SUBJECTS = ['notification', 'entity', 'tag'] as const
const namesOne = (target: ItemSelection): boolean =>
  SUBJECTS.filter((name) => target[name] !== undefined).length === 1
const ONE = 'name one of notification, entity and tag'
const ONE_OF = { oneOf: SUBJECTS.map((name) => ({ required: [name] })) }

export const RecallItems = z
  .strictObject(ITEM_FILTERS)
  .refine(namesOne, ONE)
  .meta({
    id: 'RecallItems',
    description: 'The items to recall: those of a notification, an entity or a tag',
    ...ONE_OF,
    examples: [{ entity: 'order-7' }, { notification: '0198f3a0-5f5c-7c1e-8a3b-0d5f6a7b8c9d', user: 'ada' }],
  })
export type RecallItems = z.infer<typeof RecallItems>

const MARKS = ['read', 'seen', 'archived'] as const

/** The states that a backend sets. */
export const ItemMarks = z.object({
  read: z.boolean().optional().describe('Whether they have been read; a read item is seen'),
  seen: z.boolean().optional().describe('Whether they have been seen'),
  archived: z.boolean().optional().describe('Whether they are archived'),
})
export type ItemMarks = z.infer<typeof ItemMarks>

export const MarkItems = z
  .strictObject({ ...ITEM_FILTERS, ...ItemMarks.shape })
  .refine(namesOne, ONE)
  .refine(
    (marks) => MARKS.some((name) => marks[name] !== undefined),
    'name at least one of read, seen and archived',
  )
  .refine(({ read, seen }) => !(read === true && seen === false), {
    path: ['seen'],
    message: 'must not be false if read is true',
  })
  .meta({
    id: 'MarkItems',
    description: 'The items to mark: those of a notification, an entity or a tag, and their new state',
    ...ONE_OF,
    anyOf: MARKS.map((name) => ({ required: [name] })),
    not: { properties: { read: { const: true }, seen: { const: false } }, required: ['read', 'seen'] },
    examples: [{ entity: 'order-7', read: true }],
  })
export type MarkItems = z.infer<typeof MarkItems>

const texts = {
  title: text(512).nullable().optional().describe('One line of text; null removes it'),
  body: text(16_384).nullable().optional().describe('The text; null removes it'),
  url: Link.nullable().optional().describe('Where a click leads; null removes it'),
  image: Link.nullable().optional().describe('A picture to show beside the text; null removes it'),
  actions: z.array(Action).max(8).nullable().optional().describe('The buttons; null removes them'),
}

/** Texts that replace those of items. */
export const ItemTexts = z
  .strictObject(texts)
  .refine((given) => Object.values(given).some((value) => value !== undefined), 'name at least one text')
  .meta({
    id: 'ItemTexts',
    description: 'The new texts, which are used literally; omitted ones do not change',
    minProperties: 1,
  })
export type ItemTexts = z.infer<typeof ItemTexts>

export const ReplaceItems = z
  .strictObject({
    ...ITEM_FILTERS,
    data: JsonObject.optional().describe(
      'A JSON merge patch of `data`. The texts are rendered again by the version of the type under which the notification was accepted, in the locale of each user',
    ),
    content: ItemTexts.optional(),
    unread: z.boolean().optional().describe('Whether the items become unread again. Defaults to false'),
    ring: z
      .boolean()
      .optional()
      .describe('Whether open apps announce the items as if they were new. Defaults to false'),
  })
  .refine(namesOne, ONE)
  .refine(
    ({ data, content }) => (data === undefined) !== (content === undefined),
    'name either data or content',
  )
  .meta({
    id: 'ReplaceItems',
    description:
      'The items to replace: those of a notification, an entity or a tag, and their new data or texts',
    ...ONE_OF,
    anyOf: [{ required: ['data'] }, { required: ['content'] }],
    not: { properties: { data: {}, content: {} }, required: ['data', 'content'] },
    examples: [
      { entity: 'order-7', data: { status: 'delivered' } },
      { entity: 'order-7', content: { title: 'Delivered' }, unread: true },
    ],
  })
export type ReplaceItems = z.infer<typeof ReplaceItems>

export const DeliveredItem = InboxItem.extend({
  user: UserId.describe('The user whose inbox it is in'),
}).meta({
  id: 'DeliveredItem',
  description: 'An item and its user',
  examples: [{ user: 'ada', ...ITEM_EXAMPLE }],
})
export type DeliveredItem = z.infer<typeof DeliveredItem>

const OPERATION = '0198f3a0-5f5c-7c1e-8a3b-0d5f6a7b8c9d'

export const OperationReceipt = z.object({ operation: z.uuid().describe('The id of the operation') }).meta({
  id: 'OperationReceipt',
  description: 'An operation that was accepted',
  examples: [{ operation: OPERATION }],
})
export type OperationReceipt = z.infer<typeof OperationReceipt>

const OperationKind = z
  .enum(['recall', 'mark', 'replace'])
  .meta({ id: 'OperationKind', description: 'The kind of an operation on delivered items' })
const OperationState = z
  .enum(['running', 'done'])
  .meta({ id: 'OperationState', description: 'Whether an operation is still running' })

export const ItemsOperation = z
  .object({
    id: z.uuid().describe('The id of the operation'),
    kind: OperationKind,
    state: OperationState,
    done: z.int().min(0).describe('The number of inboxes handled, counted once for each notification'),
    total: z
      .int()
      .min(0)
      .describe('The number of inboxes to handle, as far as known. It grows while notifications are found'),
    skipped: z
      .int()
      .min(0)
      .optional()
      .describe(
        'The number of items that did not change, because the new data does not fit the schema of their type. A notification with too many pending replacements counts as one item',
      ),
    createdAt: Timestamp.describe('When it was accepted'),
  })
  .meta({
    id: 'ItemsOperation',
    description: 'The progress of an operation on delivered items',
    examples: [
      {
        id: OPERATION,
        kind: 'recall',
        state: 'running',
        done: 500,
        total: 12_000,
        createdAt: '2026-01-31T09:00:00.000Z',
      },
    ],
  })
export type ItemsOperation = z.infer<typeof ItemsOperation>
