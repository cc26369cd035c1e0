import { z } from 'zod'
import { JsonObject } from './json-object.ts'
import { Channel } from './plan.ts'
import { TOKEN } from './tokens.ts'

export const AccountId = z
  .string()
  .regex(TOKEN, 'a provider account id is 1 to 64 letters, digits, _ or -')
  .meta({ description: 'The id of a provider account, chosen by the tenant', examples: ['smtp-main'] })

/** A rate limit: `perSecond` on average, at most `burst` at once. */
export const Rate = z
  .strictObject({
    perSecond: z.number().positive().max(100_000).describe('The average rate'),
    burst: z.int().min(1).max(100_000).default(1).describe('The most at once'),
  })
  .meta({
    id: 'Rate',
    description: 'A rate limit: `perSecond` on average, at most `burst` at once',
    examples: [{ perSecond: 10, burst: 20 }],
  })
export type Rate = z.infer<typeof Rate>

/** The longest retry window, in seconds: 30 days. */
export const RETRY_WINDOW_MAX = 30 * 86_400
const retryDelay = z.int().min(1).max(86_400)

/** How long and how often failed sends are retried, in seconds. What is left out is the channel's default. */
export const RetrySettings = z
  .strictObject({
    window: z
      .int()
      .min(0)
      .max(RETRY_WINDOW_MAX)
      .optional()
      .describe('Seconds from the first attempt to the last'),
    base: retryDelay
      .optional()
      .describe('Seconds between the first two attempts; later delays grow exponentially'),
    cap: retryDelay.optional().describe('The longest delay between two attempts, in seconds'),
    fallback: z
      .int()
      .min(0)
      .max(RETRY_WINDOW_MAX)
      .optional()
      .describe("Replaces a longer window while the plan's next step waits for this one to fail"),
    attempts: z.int().min(1).max(10_000).optional().describe('The most attempts; unlimited if left out'),
  })
  .meta({
    id: 'RetryPolicy',
    description:
      "How long and how often failed sends are retried. A property left out is the channel's default",
    examples: [{ window: 3_600, base: 30, cap: 600 }],
  })
export type RetrySettings = z.infer<typeof RetrySettings>

/** A tenant's account with a provider, as it is written. The provider defines what `config` holds. */
export const ProviderAccountInput = z
  .strictObject({
    provider: z
      .string()
      .regex(TOKEN, 'a provider is a name such as smtp')
      .meta({ description: 'The name of the provider', examples: ['smtp'] }),
    channels: z
      .array(Channel)
      .min(1)
      .optional()
      .describe('The channels that the account serves; left out, all channels of the provider'),
    order: z
      .int()
      .min(0)
      .max(1_000)
      .default(100)
      .describe('The accounts of a channel are tried from the lowest order to the highest'),
    rate: Rate.optional().describe('The rate limit of the account. Messages beyond it wait'),
    retry: RetrySettings.optional().describe(
      "Replaces the installation's retry policy. Critical messages are retried sooner, over the same window",
    ),
    config: JsonObject.default({}).describe(
      'Credentials and options of the provider. GET /schemas/provider-{provider}.json describes them',
    ),
  })
  .meta({
    id: 'ProviderAccountInput',
    description: "A tenant's account with a provider, as it is written",
    examples: [
      {
        provider: 'smtp',
        order: 10,
        rate: { perSecond: 10, burst: 20 },
        config: { host: 'smtp.example.com', from: { email: 'no-reply@example.com', name: 'Acme' } },
      },
    ],
  })
export type ProviderAccountInput = z.infer<typeof ProviderAccountInput>

/** The same, as it is read: credentials are never returned. */
export const ProviderAccount = z
  .object({
    id: AccountId,
    ...ProviderAccountInput.omit({ config: true }).shape,
    channels: z.array(Channel).describe('The channels that the account serves'),
    configured: z.array(z.string()).describe('The names of the properties of its config'),
  })
  .meta({
    id: 'ProviderAccount',
    description: "A tenant's account with a provider, as it is read: credentials are never returned",
    examples: [
      {
        id: 'smtp-main',
        provider: 'smtp',
        channels: ['email'],
        order: 10,
        rate: { perSecond: 10, burst: 20 },
        configured: ['host', 'from'],
      },
    ],
  })
export type ProviderAccount = z.infer<typeof ProviderAccount>
