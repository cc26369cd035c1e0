import { z } from 'zod'
import { JsonObject } from './json-object.ts'
import { Channel } from './plan.ts'
import { TOKEN } from './tokens.ts'

export const AccountId = z.string().regex(TOKEN, 'a provider account id is 1 to 64 letters, digits, _ or -')

/** A pace: so many a second on average, at most `burst` at once. */
export const Rate = z.strictObject({
  perSecond: z.number().positive().max(100_000),
  burst: z.int().min(1).max(100_000).default(1),
})
export type Rate = z.infer<typeof Rate>

/** The longest retry window, in seconds: 30 days. */
export const RETRY_WINDOW_MAX = 30 * 86_400
const retryDelay = z.int().min(1).max(86_400)

/** How long and how often failed sends are retried, in seconds. What is left out is the channel's default. */
export const RetrySettings = z.strictObject({
  window: z.int().min(0).max(RETRY_WINDOW_MAX).optional().describe('From the first attempt to the last'),
  base: retryDelay.optional().describe('The first delay between two attempts; later ones are longer'),
  cap: retryDelay.optional().describe('The longest delay between two attempts'),
  fallback: z
    .int()
    .min(0)
    .max(RETRY_WINDOW_MAX)
    .optional()
    .describe("Replaces a longer window while the plan's next step waits for this one to fail"),
  attempts: z.int().min(1).max(10_000).optional().describe('The most attempts; unlimited if left out'),
})
export type RetrySettings = z.infer<typeof RetrySettings>

/** An account of a tenant's with somebody who delivers. What `config` holds is the provider's to say. */
export const ProviderAccount = z.strictObject({
  provider: z.string().regex(TOKEN, 'a provider is a name such as smtp'),
  channels: z
    .array(Channel)
    .min(1)
    .optional()
    .describe('Which of the channels the provider serves; left out, all of them'),
  order: z
    .int()
    .min(0)
    .max(1_000)
    .default(100)
    .describe('Accounts of a channel are tried from the lowest up'),
  rate: Rate.optional().describe('How fast it may be used; what comes faster waits'),
  retry: RetrySettings.optional().describe(
    "Replaces the installation's retry policy. Critical messages are retried sooner, for just as long",
  ),
  config: JsonObject.default({}),
})
export type ProviderAccount = z.infer<typeof ProviderAccount>

/** An account as it is shown: credentials are never given back. */
export const ShownAccount = ProviderAccount.omit({ config: true }).extend({
  id: AccountId,
  channels: z.array(Channel),
  configured: z.array(z.string()).describe('The names of what its config holds'),
})
export type ShownAccount = z.infer<typeof ShownAccount>
