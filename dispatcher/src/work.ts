import { EpochMs } from '@carillon/core/json/epoch'
import { Audience } from '@carillon/core/routing/addressees'
import { SLOTS } from '@carillon/core/store/ports/walk'
import {
  ItemId,
  Notification,
  NotificationId,
  type NotificationType,
  Priority,
  TenantId,
  TypeVersion,
  UserId,
} from '@carillon/schemas'
import { z } from 'zod'

const Slot = z.int().min(0).max(SLOTS)

/** An accepted notification as it is written to the log: everything its recipients have in common. */
export const Ready = z.object({
  tenant: TenantId,
  id: NotificationId,
  notification: Notification.extend({ priority: Priority }),
  fingerprint: z.string().describe('Of the content it was accepted with'),
  version: TypeVersion.optional().describe('Of its type, when it was accepted; none of an unknown type'),
  toAudience: z.boolean().describe('Whether it goes to an audience'),
  acceptedAt: EpochMs.describe('When the log took it, or what its id says of that'),
  at: EpochMs.describe('When the log took it, or its `deliverAt`; the time its items carry'),
  expiresAt: EpochMs.describe('When its items are removed'),
})
export type Ready = z.infer<typeof Ready>

/** A notification, and its type at the time it was accepted. */
export type Pinned = { ready: Ready; type?: NotificationType }

/** A notification that waits for its `deliverAt`. */
export const DueWork = z.object({ ready: Ready })
export type DueWork = z.infer<typeof DueWork>

/** One chunk of a fan-out. */
export const ChunkWork = z.object({
  ready: Ready,
  audience: Audience,
  chain: z.int().min(0).describe("The chain of the notification's record: counts across its audiences"),
  from: Slot,
  to: Slot,
  after: z.object({ slot: Slot, user: UserId }).optional(),
  reached: z.int().min(0).describe('Recipients this chain has reached so far'),
})
export type ChunkWork = z.infer<typeof ChunkWork>

/** The end of a snooze. */
export const WakeWork = z.object({ user: UserId, id: ItemId })
export type WakeWork = z.infer<typeof WakeWork>
