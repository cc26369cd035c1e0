import { z } from 'zod'
import { DeliveryChannel } from '../delivery/channel.ts'
import { Category, TopicKey, TypeKey } from '../fields/ids.ts'
import { TimeZone } from '../fields/locale.ts'
import { Timestamp } from '../fields/timestamp.ts'
import { Decider } from '../notification/decision.ts'
import { DigestTime } from './digest-time.ts'
import { Choice } from './preferences.ts'
import { QuietHours } from './quiet-hours.ts'

/** The effective choice for a channel, and who made it. */
export const EffectivePreference = z
  .object({
    value: Choice,
    by: Decider,
    path: z.string().optional().describe('The path of the value that decided; absent if nobody chose'),
    locked: z.boolean().describe('Whether the user cannot change it'),
  })
  .meta({
    id: 'EffectivePreference',
    description: 'The effective choice for a channel, and who made it',
    examples: [{ value: false, by: 'user', path: 'categories.orders.email', locked: false }],
  })
export type EffectivePreference = z.infer<typeof EffectivePreference>

const forEachChannel = <Value>(of: (channel: DeliveryChannel) => Value) =>
  Object.fromEntries(DeliveryChannel.options.map((channel) => [channel, of(channel)])) as Record<
    DeliveryChannel,
    Value
  >

const EXAMPLE = forEachChannel((channel) =>
  channel === 'email'
    ? { value: false, by: 'user', path: 'categories.orders.email', locked: false }
    : { value: true, by: 'system', locked: false },
)
const channels = z.object(forEachChannel(() => EffectivePreference)).meta({
  id: 'EffectiveChannels',
  description: 'The effective choice on each channel',
  examples: [EXAMPLE],
})

const EffectiveType = z
  .object({
    key: TypeKey,
    name: z.string().optional().describe('The display name of the type'),
    channels,
  })
  .meta({
    id: 'EffectiveType',
    description: 'The effective choices for a notification type',
    examples: [{ key: 'order.shipped', name: 'Order shipped', channels: EXAMPLE }],
  })

const EffectiveCategory = z
  .object({
    key: Category,
    name: z.string().optional().describe('The name of the category in the language of the user'),
    description: z
      .string()
      .optional()
      .describe('The description of the category in the language of the user'),
    channels,
    types: z.array(EffectiveType).describe('The types of the category'),
  })
  .meta({
    id: 'EffectiveCategory',
    description: 'The effective choices for a category',
    examples: [{ key: 'orders', name: 'Orders', channels: EXAMPLE, types: [] }],
  })

const EffectiveDigest = DigestTime.required().meta({
  id: 'EffectiveDigest',
  description: "When daily and weekly digests are sent, in the user's local time",
  examples: [{ hour: 9, day: 'mon' }],
})

const DecidedBy = z
  .object({
    muted: Decider.optional(),
    snoozedUntil: Decider.optional(),
    quietHours: Decider.optional(),
    digest: Decider,
  })
  .meta({
    id: 'DecidedBy',
    description: 'Who set the values that apply to all channels. Values that nobody set are absent',
    examples: [{ quietHours: 'user', digest: 'system' }],
  })

/** The effective preferences of a user: the user's choices combined with the defaults. */
export const EffectivePreferences = z
  .object({
    muted: z.boolean().describe('Whether only critical notifications are stored and sent'),
    snoozedUntil: Timestamp.optional().describe(
      'Only critical notifications are sent before this instant. Absent if it is past',
    ),
    quietHours: QuietHours.optional().describe('The quiet hours of the user; absent if nobody set them'),
    digest: EffectiveDigest,
    by: DecidedBy,
    timezone: TimeZone.describe('The time zone of the digest, and of quiet hours that name none'),
    channels: z
      .array(DeliveryChannel)
      .describe('The channels that notifications may use, and that users choose from'),
    topics: z.array(TopicKey).describe('The topics that are muted'),
    categories: z.array(EffectiveCategory).describe('Every category that is not hidden, with its types'),
    types: z.array(EffectiveType).describe('The types without a category'),
  })
  .meta({
    id: 'EffectivePreferences',
    description:
      "The effective preferences of a user, for every category and type: the user's choices combined with the defaults",
    examples: [
      {
        ...{ muted: false, digest: { hour: 9, day: 'mon' }, by: { digest: 'system' } },
        ...{ timezone: 'Europe/Lisbon', channels: ['inbox', 'email'], topics: [], categories: [], types: [] },
      },
    ],
  })
export type EffectivePreferences = z.infer<typeof EffectivePreferences>
