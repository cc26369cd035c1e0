import type { CallbackRequest, Report } from '@carillon/core/delivery/provider'
import { ProblemError } from '@carillon/core/errors'
import { checked } from '@carillon/core/json/checked'
import { EmailAddress } from '@carillon/schemas'
import { Webhook } from 'standardwebhooks'
import { z } from 'zod'

/** A report in words of our own, for mail servers that have a log or a mailbox of bounces instead of callbacks. */
const MailReport = z.strictObject({
  type: z.enum(['delivered', 'bounce', 'complaint']),
  messageId: z.string().max(512).optional().describe('The Message-ID, with or without angle brackets'),
  email: EmailAddress,
  feedbackType: z
    .string()
    .max(64)
    .optional()
    .describe('Of a complaint: the Feedback-Type (RFC 5965); not-spam and auth-failure suppress nothing'),
  permanent: z.boolean().default(true).describe('Of a bounce: the address will not work later either'),
  at: z.iso.datetime({ offset: true }).optional(),
})

/** The secret of Standard Webhooks: 24 to 64 bytes in base64. */
export const CallbackSecret = z
  .string()
  .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, 'must be whsec_ and 24 to 64 bytes of base64')
  .describe('What reports of bounces and complaints are signed with (Standard Webhooks)')

/** Feedback (RFC 6430, RFC 6591) that is no complaint of a person. */
export const NO_COMPLAINT: ReadonlySet<string> = new Set(['not-spam', 'auth-failure'])

const unsigned = (detail: string, cause?: unknown) => new ProblemError('forbidden', detail, { cause })

/** Reads one report, once its signature holds. Throws `forbidden` when it does not, and `invalid_request`. */
export const readMailReport = (
  { headers, body }: CallbackRequest,
  secret: string | undefined,
  now = Date.now(),
): Report[] => {
  if (secret === undefined) throw unsigned('the account has no callbackSecret, so that it takes no reports')
  const text = Buffer.from(body).toString('utf8')
  try {
    new Webhook(secret).verify(text, headers, { jsonParse: false })
  } catch (error) {
    throw unsigned('the report is not signed with the callbackSecret of the account', error)
  }
  const { type, messageId, email, feedbackType = '', permanent, at } = reportOf(text)
  const id = messageId?.replaceAll(/^<|>$/g, '')
  const report: Report = { at: at === undefined ? now : Date.parse(at), ...(id && { id }) }
  if (type === 'delivered') return [{ ...report, state: 'delivered' }]
  const suppress = { channels: ['email' as const], address: email, reason: type }
  if (type === 'complaint')
    return NO_COMPLAINT.has(feedbackType) ? [] : [{ ...report, reason: type, suppress }]
  return [{ ...report, state: 'failed', reason: type, ...(permanent && { suppress }) }]
}

const reportOf = (text: string): z.infer<typeof MailReport> => {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new ProblemError('malformed_json', 'the report is not JSON', { cause: error })
  }
  return checked(MailReport, json, 'report')
}
