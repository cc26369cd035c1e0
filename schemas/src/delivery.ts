import { z } from 'zod'
import { Channel } from './plan.ts'
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
export const DeliveryState = z.enum(DELIVERY_STATES)
export type DeliveryState = z.infer<typeof DeliveryState>

/** `in_app` is the bell; the rest are the channels of delivery plans. */
export const DeliveryChannel = z.union([z.literal('in_app'), Channel])
export type DeliveryChannel = z.infer<typeof DeliveryChannel>

export const Delivery = z.object({
  notification: NotificationId,
  user: UserId,
  channel: DeliveryChannel,
  step: z.int().nullable().describe('Its place in the delivery plan, from 0; null in the app'),
  device: z.string().nullable().describe('The device, where the channel has several'),
  state: DeliveryState,
  times: z.partialRecord(DeliveryState, Timestamp).describe('When it came into each state it has been in'),
  attempts: z.int(),
  provider: z.string().nullable().describe('The provider account that took it, or refused it last'),
  providerId: z.string().nullable().describe("The provider's own id of the message"),
  reason: z.string().nullable().describe('Why it was skipped, failed, is in doubt or waits: a stable word'),
  detail: z.string().nullable().describe('The same in words, as the provider said it'),
  nextAttemptAt: Timestamp.nullable().describe('When it is tried next, while it waits'),
})
export type Delivery = z.infer<typeof Delivery>

/** How many deliveries are in each state, by channel. */
export const DeliverySums = z.partialRecord(DeliveryChannel, z.partialRecord(DeliveryState, z.int()))
export type DeliverySums = z.infer<typeof DeliverySums>

/** One change of state. Published on `event.<tenant>.delivery.<state>`. */
export const DeliveryEvent = z.object({
  tenant: TenantId,
  notification: NotificationId,
  user: UserId,
  channel: DeliveryChannel,
  step: z.int().nullable().describe('Its place in the delivery plan, from 0; null in the app'),
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

/** Why an address is not written to any more. */
export const SUPPRESSION_REASONS = ['bounce', 'complaint', 'stop', 'unsubscribe', 'manual'] as const
export const SuppressionReason = z.enum(SUPPRESSION_REASONS)
export type SuppressionReason = z.infer<typeof SuppressionReason>

export const Suppression = z.object({
  channel: Channel,
  address: z.string().min(3).max(254).describe('An e-mail address, or a phone number as E.164'),
  reason: SuppressionReason,
  at: Timestamp,
  source: z.string().max(128).nullable().describe('The provider account that reported it'),
})
export type Suppression = z.infer<typeof Suppression>
