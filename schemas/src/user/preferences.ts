import { z } from 'zod'
import { DeliveryChannel } from '../delivery/channel.ts'
import { Category, ContextKey, TopicKey, TypeKey } from '../fields/ids.ts'
import { TimeZone } from '../fields/locale.ts'
import { HORIZON_DAYS, Timestamp } from '../fields/timestamp.ts'
import { DigestTime } from './digest-time.ts'
import { Day, forEachDay, QuietHours, QuietWindows } from './quiet-hours.ts'

/** How often messages are sent on a channel that is on. */
export const FREQUENCIES = ['immediate', 'hourly', 'daily', 'weekly'] as const

export const Frequency = z.enum(FREQUENCIES).meta({
  id: 'Frequency',
  description: 'On, at this frequency',
  examples: ['daily'],
})

/** A choice about a channel. For the inbox, every value but `false` is `true`. */
export const Choice = z.union([z.boolean(), Frequency]).meta({
  id: 'Choice',
  description: `A choice about a channel.

- \`true\`: on. \`false\`: off.
- \`immediate\`, \`hourly\`, \`daily\`, \`weekly\`: on, at that frequency.`,
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

const ScopedChannel = z.enum([...DeliveryChannel.options, 'all']).meta({
  id: 'ChannelOrAll',
  description: 'A channel, or all of them',
  examples: ['email'],
})
/** Choices by channel; `all` stands for every channel. */
export const ScopedChoices = z.partialRecord(ScopedChannel, Choice).meta({
  id: 'ScopedChoices',
  description: 'Choices by channel; `all` stands for every channel',
  examples: [{ email: 'daily', push: false }, { all: false }],
})
export type ScopedChoices = z.infer<typeof ScopedChoices>

const layers = {
  channels: ChannelChoices.optional().describe(
    'Choices for everything. `false` is a master switch: narrower choices stay stored, and apply again once it is removed',
  ),
  categories: z.record(Category, ScopedChoices).optional().describe('Choices by category'),
  types: z.record(TypeKey, ScopedChoices).optional().describe('Choices by notification type'),
}
const times = {
  digest: DigestTime.optional().describe('When daily and weekly digests are sent'),
  quietHours: QuietHours.optional().describe('The quiet hours of the user'),
}
const SNOOZED = `Only critical notifications are sent before this instant; the inbox is not affected. At most ${HORIZON_DAYS} days ahead`

/** The choices of a user. Choices that were never made are absent. */
export const Preferences = z
  .strictObject({
    muted: z.boolean().optional().describe('Whether only critical notifications are stored and sent'),
    snoozedUntil: Timestamp.optional().describe(SNOOZED),
    ...layers,
    topics: z.record(TopicKey, z.boolean()).optional().describe('`false`: the topic is muted'),
    ...times,
  })
  .meta({
    id: 'Preferences',
    description: 'The choices of a user. Choices that were never made are absent',
    examples: [
      {
        channels: { sms: false },
        categories: { orders: { email: 'daily', push: false }, news: { all: false } },
        types: { 'order.shipped': { sms: true } },
        topics: { 'post-7': false },
        digest: { hour: 8, day: 'mon' },
        quietHours: { days: { mon: [['22:00', '07:00']] } },
      },
    ],
  })
export type Preferences = z.infer<typeof Preferences>

/** The defaults that a tenant sets for users who have not chosen. */
export const DefaultPreferences = z.strictObject({ ...layers, ...times }).meta({
  id: 'DefaultPreferences',
  description: 'The preferences of users who have not chosen',
  examples: [{ categories: { news: { email: false } }, digest: { hour: 8 } }],
})
export type DefaultPreferences = z.infer<typeof DefaultPreferences>

const orNull = <Schema extends z.ZodType>(schema: Schema) => schema.nullable().optional()
const scopedPatch = orNull(z.partialRecord(ScopedChannel, Choice.nullable()))

const DigestTimePatch = z
  .strictObject({
    hour: orNull(DigestTime.shape.hour.unwrap()).describe('The hour of daily and weekly digests'),
    day: orNull(Day).describe('The day of weekly digests'),
  })
  .meta({
    id: 'DigestTimePatch',
    description: 'What to change in the digest time. `null` removes a value',
    examples: [{ hour: 8 }],
  })

const QuietDaysPatch = forEachDay(orNull(QuietWindows).describe('The windows that start on this day')).meta({
  id: 'QuietDaysPatch',
  description: 'The days to change. `null` removes the windows of a day',
  examples: [{ sat: null }],
})

const QuietHoursPatch = z
  .strictObject({
    timezone: orNull(TimeZone).describe('The time zone of the windows'),
    days: orNull(QuietDaysPatch).describe('The windows by the day on which they start'),
  })
  .meta({
    id: 'QuietHoursPatch',
    description: 'What to change in the quiet hours. `null` removes a value and everything below it',
    examples: [{ days: { sat: null } }],
  })

/** A merge patch (RFC 7396) of preferences. It only documents what the hub reads itself: zod drops the key `__proto__`. */
export const PreferencesPatch = z
  .strictObject({
    muted: orNull(z.boolean()).describe('Whether only critical notifications are stored and sent'),
    snoozedUntil: orNull(Timestamp).describe(SNOOZED),
    channels: orNull(z.partialRecord(DeliveryChannel, Choice.nullable())).describe('Choices for everything'),
    categories: orNull(z.record(Category, scopedPatch)).describe('Choices by category'),
    types: orNull(z.record(TypeKey, scopedPatch)).describe('Choices by notification type'),
    topics: orNull(z.record(TopicKey, z.boolean().nullable())).describe('`false`: the topic is muted'),
    digest: orNull(DigestTimePatch).describe('When daily and weekly digests are sent'),
    quietHours: orNull(QuietHoursPatch).describe('The quiet hours of the user'),
  })
  .meta({
    id: 'PreferencesPatch',
    description:
      'The choices to change (JSON merge patch, RFC 7396). `null` removes a choice and everything below it',
    examples: [
      { categories: { orders: { email: false } } },
      { categories: { orders: null } },
      { muted: true },
      { quietHours: { days: { sat: null } } },
    ],
  })
export type PreferencesPatch = z.infer<typeof PreferencesPatch>

/** How preferences were changed. */
export const ChangeWay = z.enum(['app', 'page', 'link', 'api']).meta({
  id: 'PreferenceChangeWay',
  description: `How preferences were changed.

- \`app\`: in an app, with a user token. \`page\`: on the hosted page.
- \`link\`: by an unsubscribe link. \`api\`: by a backend, with an API key.`,
  examples: ['app'],
})
export type ChangeWay = z.infer<typeof ChangeWay>

/** One value in preferences: a choice, or a part of the digest time or the quiet hours. */
export const PreferenceValue = z.union([z.boolean(), z.string(), z.int(), QuietWindows]).meta({
  id: 'PreferenceValue',
  description: 'A choice, an instant, a part of the digest time, a time zone, or the quiet windows of a day',
  examples: [false, 'daily', 8, [['22:00', '07:00']]],
})
export type PreferenceValue = z.infer<typeof PreferenceValue>

/** One changed choice. */
export const PreferenceChange = z
  .object({
    at: Timestamp.describe('When it was changed'),
    via: ChangeWay,
    by: z.string().describe('The user, or the id of the API key'),
    context: ContextKey.optional().describe(
      'The context in which it was changed; absent for general preferences',
    ),
    path: z.string().describe('Which choice: a JSON Pointer (RFC 6901) into the preferences'),
    value: PreferenceValue.nullable().describe(
      'The new value; null if it was removed with everything below it',
    ),
  })
  .meta({
    id: 'PreferenceChange',
    description: 'One changed choice',
    examples: [
      {
        at: '2026-01-31T09:00:00.000Z',
        via: 'app',
        by: 'ada',
        path: '/categories/orders/email',
        value: false,
      },
    ],
  })
export type PreferenceChange = z.infer<typeof PreferenceChange>
