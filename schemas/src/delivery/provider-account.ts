import { z } from 'zod'
import { JsonObject } from '../fields/json.ts'
import { Rate } from '../fields/rate.ts'
import { TOKEN } from '../fields/token.ts'
import { Channel } from './channel.ts'
import { RetryPolicy } from './retry-policy.ts'

export const AccountId = z
  .string()
  .regex(TOKEN, 'a provider account id is 1 to 64 letters, digits, _ or -')
  .meta({ description: 'The id of a provider account, chosen by the tenant', examples: ['smtp-main'] })

/** A tenant's account with a provider, as sent in requests. The provider defines `config`. */
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
      .describe('The channels that the account serves. Defaults to all channels of the provider'),
    order: z
      .int()
      .min(0)
      .max(1_000)
      .default(100)
      .describe('The accounts of a channel are tried in ascending order'),
    rate: Rate.optional().describe('The rate limit of the account. Messages beyond it wait'),
    retry: RetryPolicy.optional().describe(
      "Replaces the installation's retry policy. Critical messages are retried sooner, over the same window",
    ),
    config: JsonObject.optional().describe(
      'The credentials and options of the provider; see GET /schemas/provider-{provider}.json. If omitted, the stored ones are kept, unless the provider changes',
    ),
  })
  .meta({
    id: 'ProviderAccountInput',
    description: "A tenant's account with a provider, in requests",
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

/** A provider account as returned, without its credentials. */
export const ProviderAccount = z
  .object({
    id: AccountId,
    ...ProviderAccountInput.omit({ config: true }).shape,
    channels: z.array(Channel).describe('The channels that the account serves'),
    configured: z.array(z.string()).describe('The names of the properties of its config'),
  })
  .meta({
    id: 'ProviderAccount',
    description: "A tenant's account with a provider, in responses. Credentials are never returned",
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
