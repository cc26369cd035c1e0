import type { CallbackRequest, Report } from '@carillon/core/delivery/provider'
import { ProblemError } from '@carillon/core/errors'
import { checked } from '@carillon/core/json/checked'
import { EmailAddress } from '@carillon/schemas'
import { Webhook } from 'standardwebhooks'
import { z } from 'zod'

/**
 * A report in Carillon's own format, for mail servers that write a log or a bounce mailbox instead of sending
 * callbacks.
 */
const MailReport = z.strictObject({
  type: z.enum(['delivered', 'bounce', 'complaint']),
  messageId: z.string().max(512).optional().describe('The Message-ID, with or without angle brackets'),
  email: EmailAddress,
  feedbackType: z
    .string()
    .max(64)
    .optional()
    .describe(
      'The Feedback-Type of a complaint (RFC 5965). not-spam and auth-failure do not suppress the address',
    ),
  permanent: z
    .boolean()
    .default(true)
    .describe('Whether a bounce is permanent. A permanent bounce suppresses the address'),
  at: z.iso.datetime({ offset: true }).optional(),
})

/** Schema of a Standard Webhooks secret: 24 to 64 bytes in base64. */
export const CallbackSecret = z
  .string()
  .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, 'must be whsec_ followed by 24 to 64 bytes in base64')
  .describe('The secret that reports of bounces and complaints are signed with (Standard Webhooks)')

/** Feedback types (RFC 6430, RFC 6591) that are not complaints of a recipient. */
export const NOT_A_COMPLAINT: ReadonlySet<string> = new Set(['not-spam', 'auth-failure'])

const forbidden = (detail: string, cause?: unknown) => new ProblemError('forbidden', detail, { cause })

/** Verifies and reads one report. Throws `forbidden` if its signature is invalid, `invalid_request` if its content is. */
export const readMailReport = (
  { headers, body }: CallbackRequest,
  secret: string | undefined,
  now = Date.now(),
): Report[] => {
  if (secret === undefined) throw forbidden('the account has no callbackSecret to verify reports with')
  const text = Buffer.from(body).toString('utf8')
  try {
    new Webhook(secret).verify(text, headers, { jsonParse: false })
  } catch (error) {
    throw forbidden('the report is not signed with the callbackSecret of the account', error)
  }
  const { type, messageId, email, feedbackType = '', permanent, at } = reportOf(text)
  const id = messageId?.replaceAll(/^<|>$/g, '')
  const report: Report = { at: at === undefined ? now : Date.parse(at), ...(id && { id }) }
  if (type === 'delivered') return [{ ...report, state: 'delivered' }]
  const suppress = { channels: ['email' as const], address: email, reason: type }
  if (type === 'complaint')
    return NOT_A_COMPLAINT.has(feedbackType) ? [] : [{ ...report, reason: type, suppress }]
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
