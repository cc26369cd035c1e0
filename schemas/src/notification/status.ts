import { z } from 'zod'
import { DeliveryTotals } from '../delivery/delivery.ts'
import { NotificationId, TypeKey } from '../fields/ids.ts'
import { Priority } from '../fields/priority.ts'
import { Timestamp } from '../fields/timestamp.ts'

/**
 * The states of a notification; `NotificationState` describes them.
 */
export const NOTIFICATION_STATES = ['scheduled', 'delivering', 'delivered', 'cancelled', 'expired'] as const
export const NotificationState = z.enum(NOTIFICATION_STATES).meta({
  id: 'NotificationState',
  description: `The state of a notification.

- \`scheduled\`: it waits for \`deliverAt\`.
- \`delivering\`: some recipients have it in their inbox, and others are being processed or wait for their local time.
- \`delivered\`: every recipient has it in the inbox.
- \`cancelled\`, \`expired\`: what was pending is not delivered.`,
})
export type NotificationState = z.infer<typeof NotificationState>

const summary = z.object({
  id: NotificationId,
  type: TypeKey,
  priority: Priority,
  state: NotificationState,
  acceptedAt: Timestamp.describe('When it was accepted'),
  deliverAt: Timestamp.optional().describe(
    'When it is delivered, if it was scheduled. For a local time: its first instant, in UTC+14',
  ),
  expiresAt: Timestamp.optional().describe(
    'When it expires, if it does. For a local time: its last instant, in UTC-12',
  ),
  recipients: z.int().min(0).describe('The number of inboxes that have it so far'),
  test: z.boolean().optional().describe('`true`: it is a test'),
})
const SUMMARY_EXAMPLE = {
  id: '0198f3a0-5f5c-7c1e-8a3b-0d5f6a7b8c9d',
  type: 'comment.created',
  priority: 'normal',
  state: 'delivered',
  acceptedAt: '2026-01-31T09:00:00.000Z',
  recipients: 1,
}

export const NotificationStatus = summary
  .extend({
    deliveries: DeliveryTotals.optional().describe('The delivery totals, if it has a delivery plan'),
  })
  .meta({
    id: 'NotificationStatus',
    description: 'The progress of a notification',
    examples: [{ ...SUMMARY_EXAMPLE, deliveries: { email: { sent: 1 } } }],
  })
export type NotificationStatus = z.infer<typeof NotificationStatus>

/** A notification in a list. */
export const NotificationSummary = summary.meta({
  id: 'NotificationSummary',
  description: 'A notification in a list',
  examples: [SUMMARY_EXAMPLE],
})
export type NotificationSummary = z.infer<typeof NotificationSummary>

export const CancelledNotification = z
  .object({
    id: NotificationId,
    state: NotificationState.describe(
      'Its state now. `delivered` or `expired`: nothing was pending, so nothing was cancelled',
    ),
    stored: z.int().min(0).describe('The number of inboxes that have it. These items stay'),
    sent: z
      .int()
      .min(0)
      .describe(
        'The number of messages outside the inbox that a provider had accepted, without those that failed later',
      ),
    ended: z.int().min(0).describe('The number of steps that were waiting and will not be sent'),
  })
  .meta({
    id: 'CancelledNotification',
    description: 'The result of cancelling a notification',
    examples: [{ id: SUMMARY_EXAMPLE.id, state: 'cancelled', stored: 1, sent: 0, ended: 1 }],
  })
export type CancelledNotification = z.infer<typeof CancelledNotification>

export const Cancellation = z
  .object({
    cancelled: z
      .array(CancelledNotification)
      .describe('The notifications with this cancel key that no earlier request has listed, oldest first'),
    more: z.boolean().describe('`true`: there are further ones. Repeat the request to cancel them'),
  })
  .meta({
    id: 'Cancellation',
    description: 'The result of cancelling the notifications with a cancel key',
    examples: [
      {
        cancelled: [{ id: SUMMARY_EXAMPLE.id, state: 'cancelled', stored: 1, sent: 0, ended: 1 }],
        more: false,
      },
    ],
  })
export type Cancellation = z.infer<typeof Cancellation>
