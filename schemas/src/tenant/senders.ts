import { z } from 'zod'
import { CHANNELS, type Channel } from '../delivery/channel.ts'
import { AccountId } from '../delivery/provider-account.ts'
import { Mailbox } from '../fields/mailbox.ts'

const account = AccountId.optional().describe(
  'The provider account that is tried first, if it exists and serves the channel',
)
const phoneSender = z
  .string()
  .regex(
    /^(\+[1-9]\d{6,14}|\d{3,8}|[A-Za-z0-9 ]{1,11})$/,
    'must be an E.164 number, a short code or an alphanumeric sender id',
  )
  .optional()
  .describe('The number, short code or sender id that messages are sent from')

/** The sender of e-mail. */
export const EmailSender = z
  .strictObject({
    from: Mailbox.optional().describe('The sender. Its domain is the sending domain'),
    replyTo: Mailbox.optional().describe('The address for replies'),
    account,
  })
  .meta({
    id: 'EmailSender',
    description: "The sender of e-mail. Omitted properties are the provider account's",
    examples: [{ from: { email: 'hello@acme.example', name: 'Acme' }, account: 'smtp-acme' }],
  })
const TextSender = z.strictObject({ from: phoneSender, account }).meta({
  id: 'TextSender',
  description: "The sender of text messages. Omitted properties are the provider account's",
  examples: [{ from: '+351911111111' }],
})
const AccountSender = z.strictObject({ account }).meta({
  id: 'AccountSender',
  description: 'The provider account of a channel',
  examples: [{ account: 'slack-acme' }],
})

const OTHERS = CHANNELS.filter((channel) => !['email', 'sms', 'mms'].includes(channel)) as Exclude<
  Channel,
  'email' | 'sms' | 'mms'
>[]
const others = Object.fromEntries(
  OTHERS.map((channel) => [channel, AccountSender.optional()]),
) as unknown as Record<(typeof OTHERS)[number], z.ZodOptional<typeof AccountSender>>

/** The senders of messages, by channel. */
export const Senders = z
  .strictObject({
    email: EmailSender.optional(),
    sms: TextSender.optional(),
    mms: TextSender.optional(),
    ...others,
  })
  .meta({
    id: 'Senders',
    description: 'The senders of messages, by channel',
    examples: [{ email: { from: { email: 'hello@acme.example', name: 'Acme' } }, sms: { from: 'ACME' } }],
  })
export type Senders = z.infer<typeof Senders>
