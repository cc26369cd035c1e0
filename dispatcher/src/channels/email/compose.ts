import { domainToASCII } from 'node:url'
import type { MailFile, Outgoing } from '@carillon/core/delivery/provider'
import { renderEmail } from '@carillon/core/render/email'
import { webUrl } from '@carillon/core/render/safe-url'
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
export const messageIds =
  (from: Mailbox): ((message: Outgoing) => string) =>
  (message) => {
    const { email } = message.sender?.mailbox ?? from
    const domain = domainToASCII(email.slice(email.indexOf('@') + 1)) || 'localhost'
    return `${message.key}@${domain}`
  }

/** Returns the sender and the reply-to address of an e-mail: those of the message, else those of the account. */
export const sendersOf = (
  { sender = {}, extras }: Pick<Outgoing, 'sender' | 'extras'>,
  account: { from: Mailbox; replyTo?: Mailbox | undefined },
): { from: Mailbox; replyTo: Mailbox | undefined } => ({
  from: sender.mailbox ?? account.from,
  replyTo: extras?.replyTo ?? sender.replyTo ?? account.replyTo,
})

/** Passes name and address separately, so that neither can be parsed as an address list. */
const separated = ({ email, name }: Mailbox) => ({ name: name ?? '', address: email })

/** Returns a file as an attachment of nodemailer. A file with a `cid` is inline: the HTML shows it. */
const attached = ({ filename, contentType, content, cid }: MailFile) => ({
  filename,
  contentType,
  content,
  ...(cid === undefined ? {} : { cid, contentDisposition: 'inline' as const }),
})

/** Headers that nodemailer writes itself, from options of these names. */
const OPTIONS: Readonly<Record<string, 'references' | 'inReplyTo'>> = {
  references: 'references',
  'in-reply-to': 'inReplyTo',
}

/** Splits the headers that a sender added into nodemailer's options and other headers. */
const headersOf = (headers: Readonly<Record<string, string>> = {}) => {
  const options: { references?: string; inReplyTo?: string } = {}
  const others: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    const option = OPTIONS[name.toLowerCase()]
    if (option) options[option] = value
    else others[name] = value
  }
  return { options, others }
}

/** Returns a function that composes a message (RFC 5322) for nodemailer. */
export const mailComposer = (account: { from: Mailbox; replyTo?: Mailbox }) => {
  const idOf = messageIds(account.from)
  return (message: Outgoing, to: Mailbox): SendMailOptions => {
    const { cc = [], bcc = [], files = [], headers } = message.extras ?? {}
    const { from, replyTo } = sendersOf(message, account)
    const { options, others } = headersOf(headers)
    return {
      ...renderEmail(message),
      ...options,
      from: separated(from),
      to: separated(to),
      ...(cc.length > 0 && { cc: cc.map(separated) }),
      ...(bcc.length > 0 && { bcc: bcc.map(separated) }),
      ...(replyTo && { replyTo: separated(replyTo) }),
      ...(files.length > 0 && { attachments: files.map(attached) }),
      messageId: `<${idOf(message)}>`,
      date: new Date(),
      headers: Object.fromEntries(
        // `prepared` keeps nodemailer from folding or encoding URLs.
        Object.entries({ ...others, ...listHeaders(message) }).map(([name, value]) => [
          name,
          { prepared: true, value },
        ]),
      ),
      disableFileAccess: true,
      disableUrlAccess: true,
    }
  }
}
