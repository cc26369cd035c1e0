import {
  Category,
  ClickSource,
  Counts,
  DeviceId,
  InboxItem,
  ItemId,
  ItemPatch,
  Tag,
  Timestamp,
} from '@carillon/schemas'
import { z } from 'zod'
import { exampleOf } from '../http/openapi/example.ts'
import { defineRoute } from '../http/routes.ts'
import { ContextFilter } from './inbox-openapi.ts'

const ITEM = '0198f3a0-5f5d-7b2a-9c4d-1e2f3a4b5c6d'
const COUNTS = { unread: 2, unseen: 0 }

/** Not validated as a UUID, because every unknown id gets the same 404. */
const Id = z.object({
  id: z.string().meta({ description: 'The id of an item', examples: [ITEM], format: 'uuid' }),
})
const ActionOfItem = Id.extend({
  name: z.string().meta({ description: 'The name of the action', examples: ['reply'] }),
})

const ChangedItem = z.object({ item: InboxItem, counts: Counts }).meta({
  id: 'ChangedItem',
  description: 'An item after its change, and the counts',
  examples: [{ item: exampleOf(InboxItem), counts: COUNTS }],
})
const ChangedItems = z
  .object({ ids: z.array(ItemId).describe('The items that were changed'), counts: Counts })
  .meta({
    id: 'ChangedItems',
    description: 'The ids of the changed items, and the counts',
    examples: [{ ids: [ITEM], counts: COUNTS }],
  })
const ChangedAll = z.object({ counts: Counts }).meta({
  id: 'ChangedAll',
  description: 'The counts after the change',
  examples: [{ counts: COUNTS }],
})
const ArchivedAll = ChangedAll.extend({
  archivedAt: Timestamp.describe(
    'When the items were archived: the same time for all. `unarchive-all` undoes it',
  ),
}).meta({
  id: 'ArchivedAll',
  description: 'The time of the change, and the counts after it',
  examples: [{ counts: COUNTS, archivedAt: '2026-01-31T09:00:00.000Z' }],
})
const RestoredItems = z
  .object({
    ids: z.array(ItemId).describe('The items that were restored'),
    counts: Counts,
    after: z.string().nullable().describe('The cursor for `after` in the next request; null at the end'),
  })
  .meta({
    id: 'RestoredItems',
    description: 'The ids of the restored items, and the counts',
    examples: [{ ids: [ITEM], counts: COUNTS, after: null }],
  })
const DeletedItem = z.object({ counts: Counts }).meta({
  id: 'DeletedItem',
  description: 'The counts after the deletion',
  examples: [{ counts: COUNTS }],
})
const ItemIds = z
  .strictObject({ ids: z.array(ItemId).min(1).max(100).describe('The ids of the items') })
  .meta({ id: 'ItemIds', description: 'Up to 100 items', examples: [{ ids: [ITEM] }] })
const ItemClicks = z
  .strictObject({
    ids: z.array(ItemId).min(1).max(100).describe('The ids of the items'),
    via: ClickSource,
    device: DeviceId.optional().describe(
      "With `via: push`: the device on which the user clicked. Without it, the click belongs to the item's latest push",
    ),
  })
  .meta({
    id: 'ItemClicks',
    description: 'Up to 100 items whose links the user followed, and the place of the clicks',
    examples: [{ ids: [ITEM], via: 'toast' }],
  })
const ItemFilter = z
  .strictObject({
    category: Category.optional().describe('Only items of this category'),
    tag: Tag.optional().describe('Only items with this tag'),
    context: ContextFilter,
    through: ItemId.optional().describe('The newest item to change; items that arrived later do not change'),
  })
  .meta({
    id: 'ItemFilter',
    description: 'The active items to change; all of them if empty',
    examples: [{ category: 'comments', through: ITEM }],
  })

const RestoreFilter = z
  .strictObject({
    archivedAt: Timestamp.describe('The `archivedAt` that `archive-all` returned'),
    context: ContextFilter,
    after: z.string().max(1_000).optional().describe('The cursor of the last response'),
  })
  .meta({
    id: 'RestoreFilter',
    description: 'The archived items to restore',
    examples: [{ archivedAt: '2026-01-31T09:00:00.000Z' }],
  })

const ArchiveFilter = ItemFilter.extend({
  status: z.literal('read').optional().describe('`read`: only items that are read'),
}).meta({
  id: 'ArchiveFilter',
  description: 'The active items to archive; all of them if empty',
  examples: [{ status: 'read' }],
})

export const markItemsSeen = defineRoute({
  method: 'post',
  path: '/v1/inbox/seen',
  operationId: 'markItemsSeen',
  tag: 'Inbox',
  summary: 'Mark items as seen',
  description: 'Marks items as seen. Ids that are not in this inbox are ignored.',
  body: ItemIds,
  answers: { 200: { description: 'Marked as seen', schema: ChangedItems } },
})

export const markItemsClicked = defineRoute({
  method: 'post',
  path: '/v1/inbox/clicked',
  operationId: 'markItemsClicked',
  tag: 'Inbox',
  summary: 'Report clicks on items',
  description:
    'Records that the user followed the links of items, and marks them as read. The first click on an item counts; the time is that of the request. Returns the items that had not been clicked before. Ids that are not in this inbox are ignored.',
  body: ItemClicks,
  answers: { 200: { description: 'Clicks recorded', schema: ChangedItems } },
})

export const acknowledgeItems = defineRoute({
  method: 'post',
  path: '/v1/inbox/received',
  operationId: 'acknowledgeItems',
  tag: 'Inbox',
  summary: 'Acknowledge items',
  description:
    'Records that an app of the user received items, for apps without a WebSocket; others send `inbox.received`. Call it while somebody uses the app: acknowledged items are delivered. Ids that are not in this inbox are ignored.',
  body: ItemIds,
  answers: { 202: { description: 'Accepted' } },
})

const markAll = <Filter extends typeof ItemFilter, Answer extends typeof ChangedAll>(
  route: { path: string; operationId: string; summary: string },
  outcome: string,
  filter: Filter,
  schema: Answer,
) =>
  defineRoute({
    method: 'post',
    ...route,
    tag: 'Inbox',
    description:
      'Changes all active items, or those of a category, tag or context, without a limit on their number. Items that arrive afterwards and snoozed items do not change.',
    body: filter,
    bodyOptional: true,
    answers: { 200: { description: outcome, schema } },
    problems: ['forbidden'],
  })

export const markAllRead = markAll(
  { path: '/v1/inbox/read-all', operationId: 'markAllRead', summary: 'Mark all active items as read' },
  'Marked as read',
  ItemFilter,
  ChangedAll,
)

export const markAllSeen = markAll(
  { path: '/v1/inbox/seen-all', operationId: 'markAllSeen', summary: 'Mark all active items as seen' },
  'Marked as seen',
  ItemFilter,
  ChangedAll,
)

export const archiveAll = markAll(
  { path: '/v1/inbox/archive-all', operationId: 'archiveAll', summary: 'Archive all active items' },
  'Archived',
  ArchiveFilter,
  ArchivedAll,
)

export const unarchiveAll = defineRoute({
  method: 'post',
  path: '/v1/inbox/unarchive-all',
  operationId: 'unarchiveAll',
  tag: 'Inbox',
  summary: 'Undo archiving all items',
  description:
    'Restores the items that were archived at exactly this time, and no others. One request examines up to 2,000 archived items, newest first. Repeat it with the returned `after` until `after` is null.',
  body: RestoreFilter,
  answers: { 200: { description: 'Restored', schema: RestoredItems } },
  problems: ['cursor_invalid', 'forbidden'],
})

export const updateItem = defineRoute({
  method: 'patch',
  path: '/v1/inbox/{id}',
  operationId: 'updateItem',
  neverWords: true,
  tag: 'Inbox',
  summary: 'Change an item',
  description:
    'Marks an item as read or seen, archives it, snoozes it, or undoes that. With `group`, it changes the items of its group: read, seen and archived change all active items; other changes apply to the newest 1,000.',
  params: Id,
  body: ItemPatch,
  answers: { 200: { description: 'Changed', schema: ChangedItem } },
  problems: ['not_found', 'too_far', 'time_passed'],
})

export const deleteItem = defineRoute({
  method: 'delete',
  path: '/v1/inbox/{id}',
  operationId: 'deleteItem',
  neverWords: true,
  tag: 'Inbox',
  summary: 'Delete an item',
  description:
    'Deletes an item permanently, or with `group=true` all items of its group, whatever their status. Pending steps of their delivery plans are cancelled.',
  params: Id,
  query: z.strictObject({
    group: z.literal('true').optional().describe('`true`: the item and all others of its group'),
  }),
  answers: { 200: { description: 'Deleted', schema: DeletedItem } },
  problems: ['not_found'],
})

export const takeAction = defineRoute({
  method: 'post',
  path: '/v1/inbox/{id}/actions/{name}',
  operationId: 'takeAction',
  neverWords: true,
  tag: 'Inbox',
  summary: 'Take an action of an item',
  description: "Records that the user took one of the item's actions, and marks the item as read.",
  params: ActionOfItem,
  answers: { 200: { description: 'Action taken', schema: ChangedItem } },
  problems: ['not_found'],
})
