import { EpochMs } from '@carillon/core/json/epoch'
import {
  ItemTexts,
  LocalTime,
  Notification,
  NotificationId,
  type NotificationType,
  Priority,
  TenantId,
  Timestamp,
  TypeVersion,
} from '@carillon/schemas'
import { z } from 'zod'

/** An accepted notification as written to the log, with all data that its recipients share. */
export const Ready = z.object({
  tenant: TenantId,
  id: NotificationId,
  notification: Notification.extend({
    priority: Priority,
    deliverAt: z.union([Timestamp, LocalTime]).optional(),
  }),
  fingerprint: z.string().describe('The fingerprint of the accepted content'),
  version: TypeVersion.optional().describe(
    'The version of its type at acceptance; absent for an unknown type',
  ),
  revision: z
    .int()
    .min(0)
    .optional()
    .describe('The revision of the library at acceptance; absent if its type has no templates'),
  toAudience: z.boolean().describe('Whether it goes to an audience'),
  acceptedAt: EpochMs.describe('When the log accepted it, or the time in its id'),
  at: EpochMs.describe(
    'The time in the ids of its items: `deliverAt` (in UTC+14 if it is local), otherwise when the log accepted it',
  ),
  expiresAt: EpochMs.describe('When its last items are removed'),
  texts: ItemTexts.optional().describe(
    'Literal texts that replace its own, and those of its type on every channel',
  ),
})
export type Ready = z.infer<typeof Ready>

/** A notification, and its type at the time it was accepted. */
export type Pinned = { ready: Ready; type?: NotificationType }
