import { z } from 'zod'
import { ItemId, NotificationId, TenantId, UserId } from '../fields/ids.ts'
import { Timestamp } from '../fields/timestamp.ts'
import { ClickSource } from './click.ts'

/** The kinds of lifecycle events of inbox items. Published on `event.<tenant>.inbox.<kind>`. */
export const LIFECYCLE_KINDS = [
  'received',
  'seen',
  'read',
  'unread',
  'archived',
  'unarchived',
  'snoozed',
  'woken',
  'acted',
  'clicked',
  'deleted',
  'recalled',
  'replaced',
] as const
export const LifecycleKind = z.enum(LIFECYCLE_KINDS)
export type LifecycleKind = z.infer<typeof LifecycleKind>

export const LifecycleEvent = z.object({
  kind: LifecycleKind,
  tenant: TenantId,
  user: UserId,
  items: z.array(
    z.object({
      id: ItemId,
      notification: NotificationId,
      context: z.string().optional().describe('The context of the item'),
      variant: z.string().optional().describe('The variant of its type that the user got'),
      test: z.boolean().optional().describe('Set if its notification is a test'),
    }),
  ),
  all: z
    .object({
      category: z.string().optional(),
      tag: z.string().optional(),
      context: z.string().optional(),
      group: z.string().optional(),
      type: z.string().optional(),
      status: z.literal('read').optional(),
    })
    .optional()
    .describe(
      'Set if the user changed more items at once than are listed: all active ones with these labels, or those of them that were read',
    ),
  action: z.string().optional().describe('With `acted`: the name of the action'),
  via: ClickSource.optional().describe('With `clicked`: where the user clicked'),
  at: Timestamp,
})
export type LifecycleEvent = z.infer<typeof LifecycleEvent>
