import { z } from 'zod'
import { CHANNELS, Channel } from './plan.ts'
import { NotificationId, TenantId, Timestamp, UserId } from './tokens.ts'

/**
 * How far one attempt to reach somebody has come, in the order in which it goes forward, never back.
 *
 * `skipped`: rightly not sent, the reason says why; it is never a failure. `in_doubt`: a process died, or a provider
 * fell silent, at a moment when it may or may not have been sent. `sent`: the provider took it. `failed`: it will not
 * be tried again. `delivered`, `seen`, `read`, `clicked`: as the provider or the app reports.
 */
export const DELIVERY_STATES = [
  'requested',
  'queued',
  'skipped',
  'in_doubt',
  'sent',
  'failed',
  'delivered',
  'seen',
  'read',
  'clicked',
] as const
export const DeliveryState = z.enum(DELIVERY_STATES).meta({
  id: 'DeliveryState',
  description: `The state of a delivery. It only goes forward, in this order:

- \`requested\`, \`queued\`: it waits to be sent.
- \`skipped\`: it was not sent, for the given reason. It is not a failure.
- \`in_doubt\`: it is unknown whether it was sent, since a process or a provider failed during the attempt.
- \`sent\`: the provider accepted it.
- \`failed\`: it is not tried again.
- \`delivered\`, \`seen\`, \`read\`, \`clicked\`: as the provider or the app reports.`,
})
export type DeliveryState = z.infer<typeof DeliveryState>

/** `inbox`, and the channels of delivery plans. */
export const DeliveryChannel = z
  .enum(['inbox', ...CHANNELS])
  .meta({ id: 'DeliveryChannel', description: 'The channel of a delivery: the inbox, or one beyond it' })
export type DeliveryChannel = z.infer<typeof DeliveryChannel>

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
    times: z
      .partialRecord(DeliveryState, Timestamp)
      .describe('The instant at which the delivery reached each state'),
    attempts: z.int().min(0).describe('The number of attempts so far'),
    provider: z.string().nullable().describe('The id of the provider account of the last attempt'),
    providerId: z.string().nullable().describe("The provider's own id of the message"),
    reason: z.string().nullable().describe('A stable code: why it was skipped, failed, is in doubt or waits'),
    detail: z.string().nullable().describe('The same in words, as the provider reported it'),
    nextAttemptAt: Timestamp.nullable().describe('The instant of the next attempt, if there is one'),
  })
  .meta({
    id: 'Delivery',
    description: 'How far one attempt to reach one person on one channel has come',
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

/** One change of state. Published on `event.<tenant>.delivery.<state>`. */
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
})
export type DeliveryEvent = z.infer<typeof DeliveryEvent>

/** Why an address is suppressed. */
export const SUPPRESSION_REASONS = ['bounce', 'complaint', 'stop', 'unsubscribe', 'manual'] as const
export const SuppressionReason = z
  .enum(SUPPRESSION_REASONS)
  .meta({ id: 'SuppressionReason', description: 'Why an address is suppressed' })
export type SuppressionReason = z.infer<typeof SuppressionReason>

export const Suppression = z
  .object({
    channel: Channel,
    address: z.string().min(3).max(254).describe('An e-mail address, or a phone number as E.164'),
    reason: SuppressionReason,
    at: Timestamp.describe('The instant since which it is suppressed'),
    source: z.string().max(128).nullable().describe('The id of the provider account that reported it'),
  })
  .meta({
    id: 'Suppression',
    description: 'An address to which nothing is sent',
    examples: [
      {
        channel: 'email',
        address: 'ada@example.com',
        reason: 'bounce',
        at: '2026-01-31T09:10:05.000Z',
        source: 'smtp-main',
      },
    ],
  })
export type Suppression = z.infer<typeof Suppression>
