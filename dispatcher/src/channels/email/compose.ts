import { domainToASCII } from 'node:url'
import type { Outgoing } from '@carillon/core/delivery/provider'
import { renderEmail } from '@carillon/core/render/email'
import { webUrl } from '@carillon/core/render/email-links'
import type { SendMailOptions } from 'nodemailer'
import type { Mailbox } from './mailbox.ts'

/** Returns the headers for automatic messages (RFC 3834) and one-click unsubscription (RFC 8058). */
export const listHeaders = ({ unsubscribeUrl }: Outgoing): Record<string, string> => {
  const url = webUrl(unsubscribeUrl)
  return {
    'Auto-Submitted': 'auto-generated',
    ...(url && { 'List-Unsubscribe': `<${url}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' }),
  }
}

/**
 * Returns a function that builds Message-IDs, without angle brackets. The id is the same on every attempt, so that mail
 * servers can drop duplicates.
 */
export const messageIds = ({ email }: Mailbox): ((message: Outgoing) => string) => {
  const domain = domainToASCII(email.slice(email.indexOf('@') + 1)) || 'localhost'
  return ({ key }) => `${key}@${domain}`
}

/** Passes name and address separately, so that neither can be parsed as an address list. */
const separated = ({ email, name }: Mailbox) => ({ name: name ?? '', address: email })

/** Returns a function that composes a message (RFC 5322) for nodemailer. */
export const mailComposer = ({ from, replyTo }: { from: Mailbox; replyTo?: Mailbox }) => {
  const idOf = messageIds(from)
  return (message: Outgoing, to: Mailbox): SendMailOptions => ({
    ...renderEmail(message),
    from: separated(from),
    to: separated(to),
    ...(replyTo && { replyTo: separated(replyTo) }),
    messageId: `<${idOf(message)}>`,
    date: new Date(),
    headers: Object.fromEntries(
      // `prepared` keeps nodemailer from folding or encoding URLs.
      Object.entries(listHeaders(message)).map(([name, value]) => [name, { prepared: true, value }]),
    ),
    disableFileAccess: true,
    disableUrlAccess: true,
  })
}
