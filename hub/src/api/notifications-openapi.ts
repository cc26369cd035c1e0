import {
  BATCH_MAX,
  Batch,
  CancelKey,
  Cancellation,
  CancelledNotification,
  CloudEvent,
  DryRun,
  NOTIFICATION_MAX_BYTES,
  Notification,
  NotificationId,
  NotificationStatus,
  Warning,
} from '@carillon/schemas'
import { z } from 'zod'
import { EVENT_TYPES } from '../http/media-types.ts'
import { batchProblem, ProblemSchema } from '../http/openapi/problems.ts'
import { defineRoute } from '../http/routes.ts'
import { DUPLICATES, IdempotencyKey } from '../idempotency/idempotent.ts'
import { CANCELLED_MAX } from '../notifications/cancel.ts'

export const BATCH_MAX_BYTES = 8 * 1_024 * 1_024

const Id = z.object({ id: NotificationId })
const ID = '0198f3a0-5f5c-7c1e-8a3b-0d5f6a7b8c9d'
export const Receipt = Id.extend({
  warnings: z.array(Warning).optional().describe('The values that were ignored; absent if there are none'),
}).meta({
  id: 'NotificationReceipt',
  description: 'The id of an accepted notification',
  examples: [{ id: ID }],
})
const Refusal = z.object({ problem: ProblemSchema }).meta({
  id: 'NotificationRefusal',
  description: 'The reason why a notification of a batch was not accepted',
})
const BatchResult = z.union([Receipt, Refusal]).meta({
  id: 'NotificationBatchResult',
  description: 'The result of one notification of a batch',
})
const BatchResults = z
  .object({ results: z.array(BatchResult).describe('The results in the order of the request') })
  .meta({
    id: 'NotificationBatchResults',
    description: 'The results of a batch',
    examples: [{ results: [{ id: ID }] }],
  })
const BatchProblem = batchProblem(BatchResult)

const NotificationBatch = Batch.extend({
  notifications: z.array(Notification).min(1).max(BATCH_MAX),
}).meta({
  id: 'NotificationBatch',
  description: `Up to ${BATCH_MAX} notifications`,
  examples: [
    {
      notifications: [
        { to: 'ada', type: 'comment.created', title: 'Grace commented on your post' },
        { to: { topic: 'post-7' }, type: 'comment.created', title: 'A new comment' },
      ],
    },
  ],
})

export const sendNotification = defineRoute({
  method: 'post',
  path: '/v1/notifications',
  operationId: 'sendNotification',
  tag: 'Notifications',
  summary: 'Send a notification',
  description:
    'Accepts one notification of at most 64 KiB, as JSON or as a CloudEvent in the structured or binary mode. Send an `id` or an `Idempotency-Key` to make retries safe. With `dryRun: true`, nothing is stored or sent, and the response describes what would happen.',
  headers: IdempotencyKey,
  body: Notification,
  moreTypes: { [EVENT_TYPES.structured]: CloudEvent },
  bodyMaxBytes: NOTIFICATION_MAX_BYTES,
  answers: {
    200: { description: 'The result of the dry run', schema: DryRun },
    202: { description: 'Accepted and stored in the event log', schema: Receipt },
  },
  problems: [
    'too_far',
    'time_passed',
    'type_unknown',
    'no_app_url',
    'id_reused',
    'stream_full',
    ...DUPLICATES,
  ],
})

export const sendNotificationBatch = defineRoute({
  method: 'post',
  path: '/v1/notifications/batch',
  operationId: 'sendNotificationBatch',
  tag: 'Notifications',
  summary: 'Send up to 1,000 notifications',
  description:
    'Accepts up to 1,000 notifications of at most 8 MiB together, or a list of CloudEvents as `application/cloudevents-batch+json`. Each is accepted or refused on its own. If none is accepted, the response is a 422 with the results, and the `Idempotency-Key` is free again.',
  headers: IdempotencyKey,
  body: NotificationBatch,
  moreTypes: {},
  batch: BatchProblem,
  bodyMaxBytes: BATCH_MAX_BYTES,
  answers: {
    202: { description: 'All accepted and stored in the event log', schema: BatchResults },
    207: { description: 'Some accepted', schema: BatchResults },
  },
  problems: ['stream_full', ...DUPLICATES],
})

export const getNotification = defineRoute({
  method: 'get',
  path: '/v1/notifications/{id}',
  operationId: 'getNotification',
  tag: 'Notifications',
  summary: 'Get the status of a notification',
  description:
    'Returns the state of a notification, the number of inboxes that have it and its delivery totals. It is found once a dispatcher has read it.',
  params: Id,
  answers: { 200: { description: 'The status', schema: NotificationStatus } },
  problems: ['not_found'],
})

export const cancelNotification = defineRoute({
  method: 'delete',
  path: '/v1/notifications/{id}',
  operationId: 'cancelNotification',
  tag: 'Notifications',
  summary: 'Cancel a notification',
  description:
    'Cancels what is still pending: its delivery, if it is scheduled, and the steps of its delivery plan. Items that are already in an inbox stay. A notification that is delivered and has no plan cannot be cancelled. The response counts what had already been stored and sent, as far as it was recorded.',
  params: Id,
  answers: { 200: { description: 'Cancelled', schema: CancelledNotification } },
  problems: ['not_found', 'already_delivered'],
})

export const cancelNotifications = defineRoute({
  method: 'delete',
  path: '/v1/notifications',
  operationId: 'cancelNotifications',
  tag: 'Notifications',
  summary: 'Cancel all notifications with a cancel key',
  description: `Cancels every notification with this \`cancelKey\` that was accepted before the response, even if no dispatcher has read it. Only what is pending is cancelled: items that are already in an inbox stay. A notification sent afterwards with the same key is delivered. Lists up to ${CANCELLED_MAX} notifications that dispatchers have read, and leaves out those that an earlier response has listed; requests at the same time may list the same ones. One that no dispatcher has read is cancelled without being listed.`,
  query: z.strictObject({ cancelKey: CancelKey }),
  answers: { 200: { description: 'Cancelled', schema: Cancellation } },
})
