import { z } from 'zod'
import { DeliveryChannel } from '../delivery/channel.ts'
import { Category, TopicKey, TypeKey } from '../fields/ids.ts'
import { TimeZone } from '../fields/locale.ts'
import { Timestamp } from '../fields/timestamp.ts'

/** How often a channel is used, beside on and off. */
export const FREQUENCIES = ['immediate', 'hourly', 'daily', 'weekly'] as const

/** A choice about a channel. For the inbox, every value but `false` is `true`. */
export const Choice = z.union([z.boolean(), z.enum(FREQUENCIES)]).meta({
  id: 'Choice',
  description: `A choice about a channel.

- \`true\`: on. \`false\`: off.
- \`immediate\`, \`hourly\`, \`daily\`, \`weekly\`: on, at that pace.`,
  examples: [true, false, 'daily'],
})
export type Choice = z.infer<typeof Choice>

const channelChoices = z.partialRecord(DeliveryChannel, Choice)
export const ChannelChoices = channelChoices.meta({
  id: 'ChannelChoices',
  description: 'Choices by channel',
  examples: [{ email: 'daily', push: false }],
})
export type ChannelChoices = z.infer<typeof ChannelChoices>

/** Choices by channel; `all` stands for every channel. */
export const ScopedChoices = z.partialRecord(z.enum([...DeliveryChannel.options, 'all']), Choice).meta({
  id: 'ScopedChoices',
  description: 'Choices by channel; `all` stands for every channel',
  examples: [{ email: 'daily', push: false }, { all: false }],
})
export type ScopedChoices = z.infer<typeof ScopedChoices>

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export const Weekday = z.enum(WEEKDAYS)

const LocalTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'a local time is HH:MM')
/** From one local time to another; an end before its start lies on the next day. */
const QuietWindow = z.tuple([LocalTime, LocalTime])

export const QuietHours = z
  .strictObject({
    timezone: TimeZone.optional(),
    days: z.partialRecord(Weekday, z.array(QuietWindow).max(8)).optional(),
  })
  .meta({
    id: 'QuietHours',
    description: 'Weekly times at which nothing is sent outside the inbox',
    examples: [{ timezone: 'Europe/Lisbon', days: { mon: [['22:00', '07:00']], sat: [['00:00', '24:00']] } }],
  })

/** What a person, a context or a tenant has chosen. What was never chosen is absent. */
export const Preferences = z
  .strictObject({
    muted: z.boolean().optional().describe('Nothing but critical notifications'),
    snoozedUntil: Timestamp.optional().describe('Nothing outside the inbox until then'),
    channels: ChannelChoices.optional(),
    categories: z.record(Category, ScopedChoices).optional(),
    types: z.record(TypeKey, ScopedChoices).optional(),
    topics: z.record(TopicKey, z.boolean()).optional().describe('`false`: the topic is muted'),
    digest: z
      .strictObject({ hour: z.int().min(0).max(23).optional(), day: Weekday.optional() })
      .optional()
      .describe('When daily and weekly messages leave'),
    quietHours: QuietHours.optional(),
  })
  .meta({
    id: 'Preferences',
    description: 'The choices of a user. What was never chosen is absent',
    examples: [
      {
        channels: { sms: false },
        categories: { orders: { email: 'daily', push: false }, news: { all: false } },
        types: { 'order.shipped': { sms: true } },
        topics: { 'post-7': false },
      },
    ],
  })
export type Preferences = z.infer<typeof Preferences>
