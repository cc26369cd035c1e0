import { domainToASCII } from 'node:url'
import type { Address, Outcome, Outgoing } from '@carillon/core/delivery/provider'
import { readEmail } from '@carillon/schemas'
import type { SendMailOptions } from 'nodemailer'
import { z } from 'zod'
import { renderEmail } from '../../render/email.ts'
import { webUrl } from '../../render/email-links.ts'

/** One address and nothing else: no lists, groups, comments, quoted parts, routes, or second `@`. */
const ONE_ADDRESS = /^[^\s\p{C},;:<>()[\]\\"@]{1,64}@[^\s\p{C},;:<>()[\]\\"@]{1,253}$/u
const CONTROL = /\p{Cc}/u
const ADDRESS_MAX = 254

/** An e-mail address in a config. */
const emailAddress = (what: string) =>
  z
    .string({ error: `is missing: ${what}` })
    .regex(ONE_ADDRESS, 'must be one e-mail address')
    .max(ADDRESS_MAX)
    .overwrite((email) => readEmail(email) ?? email)
    .describe(what)

/** Whom mails come from, or are answered to. */
export const mailbox = (what: string) =>
  z
    .strictObject(
      {
        email: emailAddress(`the address of ${what}`),
        name: z
          .string()
          .max(256)
          .refine((name) => !CONTROL.test(name), 'must not hold control characters')
          .optional()
          .describe('The name shown with it'),
      },
      { error: (issue) => (issue.input === undefined ? `is missing: ${what}, { email, name }` : undefined) },
    )
    .describe(what)
export type Mailbox = { email: string; name?: string }

/** Where a message goes; undefined when the address is none, or might be taken for several. */
export const recipient = (address: Address): Mailbox | undefined => {
  if (address.kind !== 'email') return undefined
  const { email, name } = address
  if (email.length > ADDRESS_MAX || !ONE_ADDRESS.test(email)) return undefined
  return { email, name: name?.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim() }
}

export const INVALID_ADDRESS: Outcome = {
  outcome: 'refused',
  reason: 'invalid_address',
  detail: 'the e-mail address is not one address',
}

/** What says that a machine wrote it (RFC 3834), and how to get no more of it with one click (RFC 8058). */
export const listHeaders = ({ unsubscribeUrl }: Outgoing): Record<string, string> => {
  const url = webUrl(unsubscribeUrl)
  return {
    'Auto-Submitted': 'auto-generated',
    ...(url && { 'List-Unsubscribe': `<${url}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' }),
  }
}

/** Gives Message-IDs, without angle brackets: the same on every attempt, so that mailboxes can drop a second copy. */
export const messageIds = ({ email }: Mailbox): ((message: Outgoing) => string) => {
  const domain = domainToASCII(email.slice(email.indexOf('@') + 1)) || 'localhost'
  return ({ key }) => `${key}@${domain}`
}

/** Names and addresses stay apart, so that neither can become a list. */
const addressed = ({ email, name }: Mailbox) => ({ name: name ?? '', address: email })

/** Makes messages (RFC 5322) of an account, for nodemailer to compose. */
export const mailComposer = ({ from, replyTo }: { from: Mailbox; replyTo?: Mailbox }) => {
  const idOf = messageIds(from)
  return (message: Outgoing, to: Mailbox): SendMailOptions => ({
    ...renderEmail(message),
    from: addressed(from),
    to: addressed(to),
    ...(replyTo && { replyTo: addressed(replyTo) }),
    messageId: `<${idOf(message)}>`,
    date: new Date(),
    headers: Object.fromEntries(
      // Prepared: a URL must not be folded, nor taken for words to encode.
      Object.entries(listHeaders(message)).map(([name, value]) => [name, { prepared: true, value }]),
    ),
    disableFileAccess: true,
    disableUrlAccess: true,
  })
}
