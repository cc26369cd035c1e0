import { z } from 'zod'
import { ATTACHMENTS_MAX, AttachmentRef } from '../attachment/attachment.ts'
import type { Channel } from '../delivery/channel.ts'
import { EmailAddress } from '../fields/address.ts'
import { line } from '../fields/line.ts'
import { nonEmptyText } from '../fields/text.ts'
import { Link } from '../fields/url.ts'
import { MailHeaders } from './mail-header.ts'

/** Maximum addresses in each of `cc` and `bcc`. */
const COPIES_MAX = 10
const TEXT_MAX = 4_096

const DisplayName = line(256).describe('The display name')

export const MailboxInput = z
  .union([
    EmailAddress.clone().transform((email) => ({ email })),
    z.strictObject({ email: EmailAddress, name: DisplayName.optional() }).meta({
      id: 'NamedMailbox',
      description: 'An e-mail address with a display name',
      examples: [{ email: 'billing@example.com', name: 'Billing' }],
    }),
  ])
  .meta({
    id: 'MailboxInput',
    description: 'An e-mail address, or an object with a display name',
    examples: [{ email: 'billing@example.com', name: 'Billing' }],
  })
export type MailboxInput = z.infer<typeof MailboxInput>

const Copies = z.array(MailboxInput).max(COPIES_MAX)

export const EmailOverrides = z
  .strictObject({
    subject: nonEmptyText(512).optional().describe('The subject'),
    attachments: z
      .array(AttachmentRef)
      .max(ATTACHMENTS_MAX)
      .refine((all) => {
        const cids = all.flatMap(({ cid }) => cid ?? [])
        return new Set(cids).size === cids.length
      }, 'a cid must not occur twice')
      .optional()
      .describe('The attached files'),
    cc: Copies.optional().describe('Addresses that get a copy. Not for a notification to an audience'),
    bcc: Copies.optional().describe(
      'Addresses that get a copy without being shown. Not for a notification to an audience',
    ),
    replyTo: MailboxInput.optional().describe("The address for replies, in place of the account's"),
    headers: MailHeaders.optional(),
  })
  .meta({
    id: 'EmailOverrides',
    description: 'Replacements for the content of the type in an e-mail, and its files, copies and headers',
    examples: [{ subject: 'Your invoice of January', cc: ['billing@example.com'] }],
  })
export type EmailOverrides = z.infer<typeof EmailOverrides>

const PushOverrides = z
  .strictObject({
    title: nonEmptyText(512).optional().describe('One line of text'),
    body: nonEmptyText(TEXT_MAX).optional().describe('The text'),
    url: Link.optional().describe('Where a click leads'),
    image: Link.optional().describe('A picture'),
  })
  .meta({
    id: 'PushOverrides',
    description: 'Replacements for the content of the type in a push message',
    examples: [{ title: 'Doors open in an hour' }],
  })
const TextOverrides = z.strictObject({ text: nonEmptyText(TEXT_MAX).optional().describe('The text') }).meta({
  id: 'TextOverrides',
  description: "The text of a message, in place of the type's",
  examples: [{ text: 'Doors open in an hour' }],
})

/** Replacements for the content of the type on single channels, for one notification. Texts are literal, not templates. */
export const Overrides = z
  .strictObject({
    email: EmailOverrides.optional(),
    push: PushOverrides.optional(),
    sms: TextOverrides.optional(),
    mms: TextOverrides.optional(),
    whatsapp: TextOverrides.optional(),
    slack: TextOverrides.optional(),
    teams: TextOverrides.optional(),
    discord: TextOverrides.optional(),
    telegram: TextOverrides.optional(),
  } satisfies Partial<Record<Channel, z.ZodType>>)
  .meta({
    id: 'Overrides',
    description:
      'Replacements for the content of the type on single channels, for this notification. Texts are literal, not templates',
    examples: [{ email: { subject: 'Your invoice of January' }, sms: { text: 'Your invoice is ready' } }],
  })
export type Overrides = z.infer<typeof Overrides>
