import { z } from 'zod'
import { DeliveryChannel } from '../delivery/channel.ts'
import { Category, ContextKey, TopicKey, TypeKey } from '../fields/ids.ts'
import { Timestamp } from '../fields/timestamp.ts'
import { Decider } from '../notification/decision.ts'

/** How often a channel is used, beside on and off. */
export const FREQUENCIES = ['immediate', 'hourly', 'daily', 'weekly'] as const

export const Frequency = z.enum(FREQUENCIES).meta({
  id: 'Frequency',
  description: 'On, at this pace',
  examples: ['daily'],
})

/** A choice about a channel. For the inbox, every value but `false` is `true`. */
export const Choice = z.union([z.boolean(), Frequency]).meta({
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
    'Choices for everything. `false` is a master switch: narrower choices stay stored, and hold again once it is gone',
  ),
  categories: z.record(Category, ScopedChoices).optional().describe('Choices by category'),
  types: z.record(TypeKey, ScopedChoices).optional().describe('Choices by notification type'),
}

/** What a person has chosen. What was never chosen is absent. */
export const Preferences = z
  .strictObject({
    muted: z.boolean().optional().describe('Nothing but critical notifications, not even in the inbox'),
    ...layers,
    topics: z.record(TopicKey, z.boolean()).optional().describe('`false`: the topic is muted'),
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

/** What a tenant sets for everybody who has not chosen. */
export const DefaultPreferences = z.strictObject(layers).meta({
  id: 'DefaultPreferences',
  description: 'What holds for users who have not chosen',
  examples: [{ categories: { news: { email: false } } }],
})
export type DefaultPreferences = z.infer<typeof DefaultPreferences>

const orNull = <Schema extends z.ZodType>(schema: Schema) => schema.nullable().optional()
const scopedPatch = orNull(z.partialRecord(ScopedChannel, Choice.nullable()))

/** A merge patch (RFC 7396) of preferences. It only documents what the hub reads itself: zod drops the key `__proto__`. */
export const PreferencesPatch = z
  .strictObject({
    muted: orNull(z.boolean()).describe('Nothing but critical notifications, not even in the inbox'),
    channels: orNull(z.partialRecord(DeliveryChannel, Choice.nullable())).describe('Choices for everything'),
    categories: orNull(z.record(Category, scopedPatch)).describe('Choices by category'),
    types: orNull(z.record(TypeKey, scopedPatch)).describe('Choices by notification type'),
    topics: orNull(z.record(TopicKey, z.boolean().nullable())).describe('`false`: the topic is muted'),
  })
  .meta({
    id: 'PreferencesPatch',
    description:
      'The choices to change (JSON merge patch, RFC 7396). `null` removes a choice and everything below it',
    examples: [
      { categories: { orders: { email: false } } },
      { categories: { orders: null } },
      { muted: true },
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
    value: Choice.nullable().describe('The new value; null if it was removed with everything below it'),
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

/** What holds for a channel, and who decides it. */
export const EffectivePreference = z
  .object({
    value: Choice,
    by: Decider,
    path: z.string().optional().describe('Where in what `by` wrote; absent if nobody chose'),
    locked: z.boolean().describe('Whether the user cannot change it'),
  })
  .meta({
    id: 'EffectivePreference',
    description: 'What holds for a channel, and who decides it',
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
  description: 'What holds on each channel',
  examples: [EXAMPLE],
})

const EffectiveType = z
  .object({
    key: TypeKey,
    name: z.string().optional().describe('The name of the type as people read it'),
    channels,
  })
  .meta({
    id: 'EffectiveType',
    description: 'What holds for a notification type',
    examples: [{ key: 'order.shipped', name: 'Order shipped', channels: EXAMPLE }],
  })

const EffectiveCategory = z
  .object({
    key: Category,
    name: z.string().optional().describe('The name of the category in the language of the user'),
    description: z.string().optional().describe('What it is about, in the language of the user'),
    channels,
    types: z.array(EffectiveType).describe('The types of the category'),
  })
  .meta({
    id: 'EffectiveCategory',
    description: 'What holds for a category',
    examples: [{ key: 'orders', name: 'Orders', channels: EXAMPLE, types: [] }],
  })

/** What follows from the choices of a user and the defaults. */
export const EffectivePreferences = z
  .object({
    muted: z.boolean().describe('Whether the user gets nothing but critical notifications'),
    categories: z.array(EffectiveCategory).describe('Every category that is not hidden, with its types'),
    types: z.array(EffectiveType).describe('The types without a category'),
  })
  .meta({
    id: 'EffectivePreferences',
    description: 'What follows from the choices of a user and the defaults, for every category and type',
    examples: [{ muted: false, categories: [], types: [] }],
  })
export type EffectivePreferences = z.infer<typeof EffectivePreferences>
