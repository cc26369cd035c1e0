import type { HttpAnswer, Outcome, Outgoing, Provider, Sender, Tools } from '@carillon/core/delivery/provider'
import { z } from 'zod'
import { renderEmail } from '../../render/email.ts'
import { baseUrl, credential, readJson } from '../api.ts'
import { oneLine, outcomeOfFailure, outcomeOfStatus } from '../outcome.ts'
import { sendgridReports, webhookKey } from './sendgrid-events.ts'
import { INVALID_ADDRESS, listHeaders, type Mailbox, mailbox, messageIds, recipient } from './smtp-mail.ts'

const SendgridConfig = z.strictObject({
  apiKey: credential('an API key that may mail.send'),
  from: mailbox('whom mails come from'),
  replyTo: mailbox('whom answers go to').optional(),
  webhookPublicKey: z
    .string()
    .refine((key) => webhookKey(key) !== undefined, 'must be an ECDSA public key in base64')
    .optional()
    .describe('The verification key of the Event Webhook; without it no reports are taken'),
  baseUrl: baseUrl('https://api.sendgrid.com'),
})
type SendgridConfig = z.infer<typeof SendgridConfig>

const Errors = z.object({
  errors: z.array(z.object({ message: z.string(), field: z.string().nullish() })).min(1),
})
const Scopes = z.object({ scopes: z.array(z.string()) })

const RESET_MAX_MS = 3_600_000

/** `X-RateLimit-Reset`: when requests are taken again, in seconds since 1970. */
const resetMs = ({ headers }: HttpAnswer): number | undefined => {
  const ms = Number(headers['x-ratelimit-reset'] ?? Number.NaN) * 1_000 - Date.now()
  return ms > 0 ? Math.min(ms, RESET_MAX_MS) : undefined
}

/** https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send */
const outcomeOf = (answer: HttpAnswer): Outcome => {
  const { status, headers, body } = answer
  if (status === 202) return { outcome: 'sent', id: headers['x-message-id'] }
  const error = readJson(body, Errors)?.errors[0]
  const words = oneLine(`${error?.field ?? ''} ${error?.message ?? ''}`)
  const detail = oneLine(`HTTP ${status} ${words}`)
  if (status === 413) return { outcome: 'refused', reason: 'too_large', detail }
  if (status === 401 && /credits/i.test(words)) return { outcome: 'account', reason: 'quota', detail }
  if (status === 400 && /^personalizations\.\d+\.to/.test(error?.field ?? ''))
    return { outcome: 'refused', reason: 'invalid_address', detail }
  const outcome = outcomeOfStatus(answer, words)
  const afterMs = resetMs(answer)
  return outcome.outcome === 'retry' && outcome.afterMs === undefined && status === 429 && afterMs
    ? { ...outcome, afterMs }
    : outcome
}

/** The body of a request to send one message. */
const mailSend = (message: Outgoing, id: string, to: Mailbox, { from, replyTo }: SendgridConfig) => {
  const { subject, text, html } = renderEmail(message)
  return {
    personalizations: [{ to: [to] }],
    from,
    ...(replyTo && { reply_to: replyTo }),
    subject,
    content: [
      { type: 'text/plain', value: text },
      { type: 'text/html', value: html },
    ],
    headers: { ...listHeaders(message), 'Message-ID': `<${id}>` },
  }
}

const open = (config: SendgridConfig, { http }: Tools): Sender => {
  const idOf = messageIds(config.from)
  const headers = { authorization: `Bearer ${config.apiKey}` }
  return {
    async send(message, signal) {
      const to = recipient(message.address)
      if (!to) return INVALID_ADDRESS
      try {
        return outcomeOf(
          await http.request({
            method: 'POST',
            url: `${config.baseUrl}/v3/mail/send`,
            headers: { ...headers, 'content-type': 'application/json' },
            body: JSON.stringify(mailSend(message, idOf(message), to, config)),
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
        throw new Error(`SendGrid refuses the API key (HTTP ${status}): check apiKey`)
      if (status !== 200) throw new Error(`SendGrid answers HTTP ${status}: check baseUrl`)
      if (!readJson(body, Scopes)?.scopes.includes('mail.send'))
        throw new Error('the API key may not mail.send: give it that scope')
    },
    close: async () => {},
  }
}

/** Twilio SendGrid, or what speaks like it. */
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
  // SendGrid posts up to 768 kB at once, whatever that holds of events.
  callbackMaxBytes: 2 * 1_024 * 1_024,
}
