import type { MailFile, Outcome, Outgoing, Provider, Sender, Tools } from '@carillon/core/delivery/provider'
import type { HttpAnswer } from '@carillon/core/http/port'
import { readJson } from '@carillon/core/json/json'
import { renderEmail } from '@carillon/core/render/email'
import { z } from 'zod'
import { baseUrl, credential } from '../config.ts'
import { oneLine, outcomeOfFailure, outcomeOfStatus } from '../outcome.ts'
import { listHeaders, messageIds, sendersOf } from './compose.ts'
import { INVALID_ADDRESS, type Mailbox, mailbox, recipientOf } from './mailbox.ts'
import { sendgridReports, webhookKey } from './sendgrid-events.ts'

const SendgridConfig = z.strictObject({
  apiKey: credential('an API key with the permission mail.send'),
  from: mailbox('the sender'),
  replyTo: mailbox('the reply-to address').optional(),
  webhookPublicKey: z
    .string()
    .refine((key) => webhookKey(key) !== undefined, 'must be an ECDSA public key in base64')
    .optional()
    .describe('The verification key of the Event Webhook. Without it, reports are rejected'),
  baseUrl: baseUrl('https://api.sendgrid.com'),
})
type SendgridConfig = z.infer<typeof SendgridConfig>

const Errors = z.object({
  errors: z.array(z.object({ message: z.string(), field: z.string().nullish() })).min(1),
})
const Scopes = z.object({ scopes: z.array(z.string()) })

const RESET_MAX_MS = 3_600_000

/** Parses `X-RateLimit-Reset`, the end of a rate limit in epoch seconds, into ms from now; at most an hour. */
const resetMs = ({ headers }: HttpAnswer): number | undefined => {
  const ms = Number(headers['x-ratelimit-reset'] ?? Number.NaN) * 1_000 - Date.now()
  return ms > 0 ? Math.min(ms, RESET_MAX_MS) : undefined
}

/** Maps a response to an outcome: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send */
const outcomeOf = (answer: HttpAnswer): Outcome => {
  const { status, headers, body } = answer
  if (status === 202) return { outcome: 'sent', id: headers['x-message-id'] }
  const error = readJson(body, Errors)?.errors[0]
  const text = oneLine(`${error?.field ?? ''} ${error?.message ?? ''}`)
  const detail = oneLine(`HTTP ${status} ${text}`)
  if (status === 413) return { outcome: 'refused', reason: 'too_large', detail }
  if (status === 401 && /credits/i.test(text)) return { outcome: 'account', reason: 'quota', detail }
  if (status === 400 && /^personalizations\.\d+\.to/.test(error?.field ?? ''))
    return { outcome: 'refused', reason: 'invalid_address', detail }
  const outcome = outcomeOfStatus(answer, text)
  const afterMs = resetMs(answer)
  return outcome.outcome === 'retry' && outcome.afterMs === undefined && status === 429 && afterMs
    ? { ...outcome, afterMs }
    : outcome
}

const attached = ({ filename, contentType, content, cid }: MailFile) => ({
  filename,
  // SendGrid refuses media types with parameters.
  type: contentType.split(';', 1)[0],
  content: content.toString('base64'),
  ...(cid === undefined ? { disposition: 'attachment' } : { disposition: 'inline', content_id: cid }),
})

/** Builds the request body for one message. */
const requestBody = (message: Outgoing, id: string, to: Mailbox, config: SendgridConfig) => {
  const { subject, text, html } = renderEmail(message)
  const { cc = [], bcc = [], files = [], headers } = message.extras ?? {}
  const { from, replyTo } = sendersOf(message, config)
  return {
    personalizations: [{ to: [to], ...(cc.length > 0 && { cc }), ...(bcc.length > 0 && { bcc }) }],
    from,
    ...(replyTo && { reply_to: replyTo }),
    subject,
    content: [
      { type: 'text/plain', value: text },
      { type: 'text/html', value: html },
    ],
    ...(files.length > 0 && { attachments: files.map(attached) }),
    headers: { ...headers, ...listHeaders(message), 'Message-ID': `<${id}>` },
  }
}

const open = (config: SendgridConfig, { http }: Tools): Sender => {
  const idOf = messageIds(config.from)
  const headers = { authorization: `Bearer ${config.apiKey}` }
  return {
    async send(message, signal) {
      const to = recipientOf(message.address)
      if (!to) return INVALID_ADDRESS
      try {
        return outcomeOf(
          await http.request({
            method: 'POST',
            url: `${config.baseUrl}/v3/mail/send`,
            headers: { ...headers, 'content-type': 'application/json' },
            body: JSON.stringify(requestBody(message, idOf(message), to, config)),
            signal,
          }),
        )
      } catch (error) {
        return outcomeOfFailure(error)
      }
    },
    async verify() {
      const { status, body } = await http.request({ url: `${config.baseUrl}/v3/scopes`, headers })
      if (status === 401 || status === 403)
        throw new Error(`SendGrid rejected the API key (HTTP ${status}): check apiKey`)
      if (status !== 200) throw new Error(`SendGrid responded with HTTP ${status}: check baseUrl`)
      if (!readJson(body, Scopes)?.scopes.includes('mail.send'))
        throw new Error('the API key lacks the permission mail.send')
    },
    close: async () => {},
  }
}

/** Twilio SendGrid, or a service with a compatible API. */
export const sendgrid: Provider<SendgridConfig> = {
  name: 'sendgrid',
  channels: ['email'],
  config: SendgridConfig,
  repeatable: false,
  concurrency: 32,
  needs: () => 'email',
  open,
  callback: async (request, { webhookPublicKey }) => ({
    reports: sendgridReports(request, webhookPublicKey),
  }),
  // SendGrid posts batches of events of up to 768 kB.
  callbackMaxBytes: 2 * 1_024 * 1_024,
}
