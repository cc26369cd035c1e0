import { z } from 'zod'
import { NotificationId, TenantId, UserId } from '../fields/ids.ts'
import { Timestamp } from '../fields/timestamp.ts'
import { DeliveryChannel } from './channel.ts'
import { DeliveryState } from './state.ts'

export const Delivery = z
  .object({
    notification: NotificationId,
    user: UserId,
    channel: DeliveryChannel,
    step: z
      .int()
      .min(0)
      .nullable()
      .describe('The index of the step in the delivery plan; null for the inbox'),
    device: z.string().nullable().describe('The id of the device, if the channel has several per user'),
    state: DeliveryState,
    times: z.partialRecord(DeliveryState, Timestamp).describe('When the delivery reached each state'),
    attempts: z.int().min(0).describe('The number of attempts so far'),
    provider: z.string().nullable().describe('The id of the provider account of the last attempt'),
    providerId: z.string().nullable().describe("The provider's own id of the message"),
    reason: z.string().nullable().describe('A stable code: why it was skipped, failed, is in doubt or waits'),
    detail: z.string().nullable().describe('The reason in words, as the provider reported it'),
    nextAttemptAt: Timestamp.nullable().describe('When the next attempt is due, if there is one'),
    variant: z.string().optional().describe('The variant of its type that the user gets'),
  })
  .meta({
    id: 'Delivery',
    description: 'The progress of one delivery: to one user, on one channel',
    examples: [
      {
        notification: '0198f3a0-5f5c-7c1e-8a3b-0d5f6a7b8c9d',
        user: 'ada',
        channel: 'email',
        step: 0,
        device: null,
        state: 'sent',
        times: { requested: '2026-01-31T09:10:00.000Z', sent: '2026-01-31T09:10:01.000Z' },
        attempts: 1,
        provider: 'smtp-main',
        providerId: '<7c1e@example.com>',
        reason: null,
        detail: null,
        nextAttemptAt: null,
      },
    ],
  })
export type Delivery = z.infer<typeof Delivery>

/** The number of deliveries in each state, by channel. */
export const DeliveryTotals = z
  .partialRecord(DeliveryChannel, z.partialRecord(DeliveryState, z.int().min(0)))
  .meta({
    id: 'DeliveryTotals',
    description: 'The number of deliveries in each state, by channel',
    examples: [{ email: { sent: 3, failed: 1 }, push: { delivered: 2 } }],
  })
export type DeliveryTotals = z.infer<typeof DeliveryTotals>

/** A state change of a delivery. Published on `event.<tenant>.delivery.<state>`. */
export const DeliveryEvent = z.object({
  tenant: TenantId,
  notification: NotificationId,
  user: UserId,
  channel: DeliveryChannel,
  step: z.int().nullable().describe('The index of the step in the delivery plan; null for the inbox'),
  device: z.string().nullable(),
  state: DeliveryState,
  at: Timestamp,
  attempt: z.int(),
  provider: z.string().nullable(),
  providerId: z.string().nullable(),
  reason: z.string().nullable(),
  detail: z.string().nullable(),
  nextAttemptAt: Timestamp.nullable(),
  variant: z.string().optional().describe('The variant of its type that the user gets'),
  test: z.boolean().optional().describe('Set if the notification is a test'),
})
export type DeliveryEvent = z.infer<typeof DeliveryEvent>
