import {
  DeliveredItem,
  ITEM_FILTERS,
  MarkItems,
  NOTIFICATION_MAX_BYTES,
  OperationReceipt,
  RecallItems,
  ReplaceItems,
} from '@carillon/schemas'
import { z } from 'zod'
import { exampleOf } from '../http/openapi/example.ts'
import { defineRoute } from '../http/routes.ts'
import { DUPLICATES, IdempotencyKey } from '../idempotency/idempotent.ts'
import { cursor, limit, next } from './paging.ts'

const DeliveredItemPage = z.object({ items: z.array(DeliveredItem), next: next('before') }).meta({
  id: 'DeliveredItemPage',
  description: 'A page of items of several users',
  examples: [{ items: [exampleOf(DeliveredItem)], next: null }],
})

export const listDeliveredItems = defineRoute({
  method: 'get',
  path: '/v1/items',
  operationId: 'listDeliveredItems',
  tag: 'Delivered items',
  summary: 'List delivered items of all users',
  description:
    'Lists items in the inboxes of all users, or of one. The items of one user run in order of arrival, others by notification, newest first. One request examines a bounded number of recipients, so a page may hold fewer items than `limit`, or none, and still have a `next`.',
  query: z.strictObject({ ...ITEM_FILTERS, limit: limit(), before: cursor }),
  answers: { 200: { description: 'A page of items', schema: DeliveredItemPage } },
  problems: ['cursor_invalid'],
})

const ACCEPTED = { 202: { description: 'Accepted; follow the operation', schema: OperationReceipt } }
const PROBLEMS = ['not_found', 'stream_full', ...DUPLICATES] as const
const operation = {
  method: 'post',
  tag: 'Delivered items',
  headers: IdempotencyKey,
  answers: ACCEPTED,
  problems: PROBLEMS,
} as const

export const recallItems = defineRoute({
  ...operation,
  path: '/v1/items/recall',
  operationId: 'recallItems',
  summary: 'Recall delivered items',
  description:
    'Removes the items of a notification, an entity or a tag from the inboxes of everyone who has them, or of one user, and ends the steps and deliveries of their notifications that are still pending. It covers every notification that was accepted before the response, even if no dispatcher has read it. Open apps are updated at once.',
  body: RecallItems,
})

export const markItems = defineRoute({
  ...operation,
  path: '/v1/items/mark',
  operationId: 'markItems',
  summary: 'Mark delivered items',
  description:
    'Sets or clears the read, seen or archived state of the items of a notification, an entity or a tag, for everyone who has them or for one user. Pending steps of their delivery plans use the new state. Open apps are updated at once.',
  body: MarkItems,
})

export const replaceItems = defineRoute({
  ...operation,
  path: '/v1/items/replace',
  operationId: 'replaceItems',
  summary: 'Replace delivered items',
  description:
    'Replaces the content of the items of a notification, an entity or a tag in place, for everyone who has them or for one user: with new `data`, from which the texts are rendered again, or with literal texts. Messages that have not been sent yet use the new content. Open apps are updated at once.',
  body: ReplaceItems,
  bodyMaxBytes: NOTIFICATION_MAX_BYTES,
})
