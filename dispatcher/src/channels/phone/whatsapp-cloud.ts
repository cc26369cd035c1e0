import { createHmac } from 'node:crypto'
import type {
  CallbackRequest,
  CallbackResult,
  HttpAnswer,
  Outcome,
  Provider,
  Report,
} from '@carillon/core/delivery/provider'
import { ProblemError } from '@carillon/core/errors'
import { parse } from '@carillon/schemas'
import { z } from 'zod'
import { plainText } from '../../render/text.ts'
import { baseUrl, credential, outcomeOfSuccess, readJson, sameText } from '../api.ts'
import { meanings, outcomeOfError, phoneSender, wishOf, wishReports } from './phone.ts'

/** The longest text message, and what a variable may take of a template's 1,024 beside the template's own words. */
const TEXT_MAX = 4_096
const VARIABLE_MAX = 768

const config = z.strictObject({
  phoneNumberId: z
    .string({ error: 'is missing: the id of the business phone number' })
    .regex(/^\d{5,32}$/, 'must be the id of the business phone number, not the number')
    .describe('The id of the business phone number'),
  accessToken: credential('an access token with whatsapp_business_messaging'),
  template: z
    .strictObject({
      name: z
        .string({ error: "is missing: the template's name" })
        .regex(/^[a-z0-9_]{1,512}$/, 'must be lower-case letters, digits and _')
        .describe("The approved template's name; its body has one variable, the text"),
      language: z
        .string({ error: "is missing: the template's language" })
        .regex(/^[a-z]{2,3}(_[A-Z]{2})?$/, 'must be a language code such as en_US')
        .describe('Its language code'),
    })
    .optional()
    .describe('Sent in place of plain texts, which reach nobody who has not written within 24 hours'),
  appSecret: credential("the app's secret, to take callbacks with").optional(),
  verifyToken: credential('a token of your choice, which the callback URL is registered with').optional(),
  version: z
    .string()
    .regex(/^\d{1,3}\.\d{1,2}$/, 'must be a version such as 23.0')
    .default('23.0')
    .describe('The version of the Graph API'),
  baseUrl: baseUrl('https://graph.facebook.com'),
})
type Config = z.infer<typeof config>

/** https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes */
const ERRORS = meanings([
  { outcome: 'refused', reason: 'outside_window', codes: [131047] },
  { outcome: 'refused', reason: 'undeliverable', codes: [131026] },
  { outcome: 'refused', reason: 'opted_out', codes: [131050] },
  { outcome: 'refused', reason: 'invalid_number', codes: [131021] },
  { outcome: 'refused', reason: 'withheld', codes: [130472, 131049] },
  { outcome: 'refused', reason: 'invalid_content', codes: [131008, 131009, 131051, 132005, 132018] },
  { outcome: 'refused', reason: 'invalid_media', codes: [131052, 131053] },
  { outcome: 'refused', reason: 'invalid_parameter', codes: [100] },
  // The pair rate limit: too many messages from this number to the same person.
  { outcome: 'retry', reason: 'rate_limited', scope: 'recipient', codes: [131056] },
  { outcome: 'retry', reason: 'rate_limited', scope: 'account', codes: [4, 80007, 130429, 133016] },
  { outcome: 'retry', reason: 'provider_error', codes: [1, 2, 131000, 131016, 131057, 133004] },
  {
    outcome: 'account',
    reason: 'not_authorized',
    codes: [0, 3, 10, 33, 190, 368, 131005, 131031, 131037, 133010],
  },
  { outcome: 'account', reason: 'not_verified', codes: [131030, 131045] },
  { outcome: 'account', reason: 'region_not_enabled', codes: [130497] },
  { outcome: 'account', reason: 'quota', codes: [131042, 131048] },
  {
    outcome: 'account',
    reason: 'invalid_template',
    codes: [132000, 132001, 132007, 132012, 132015, 132016],
  },
])

const meaningOf = (code: number) =>
  // "API Permission": each of these numbers.
  code >= 200 && code <= 299 ? ERRORS.get(10) : ERRORS.get(code)

const Accepted = z.object({ messages: z.array(z.object({ id: z.string().min(1).max(256) })).min(1) })
const Failed = z.object({ error: z.object({ code: z.int() }) })

const outcome = (answer: HttpAnswer): Outcome => {
  if (answer.status >= 200 && answer.status < 300)
    return outcomeOfSuccess(readJson(answer.body, Accepted)?.messages[0]?.id)
  const code = readJson(answer.body, Failed)?.error.code
  if (code === undefined) return outcomeOfError(answer, undefined, '')
  return outcomeOfError(answer, meaningOf(code), `WhatsApp error ${code}`)
}

const forbidden = (detail: string) => new ProblemError('forbidden', detail)

/** Meta asks once, when the URL is registered, whether it is meant: whoever knows the token says the challenge back. */
const challenge = (url: string, verifyToken: string | undefined): CallbackResult => {
  const query = new URL(url).searchParams
  const body = query.get('hub.challenge') ?? ''
  if (verifyToken === undefined)
    throw forbidden('the callback URL can be registered once the account has its verifyToken')
  if (query.get('hub.mode') !== 'subscribe' || !sameText(query.get('hub.verify_token') ?? '', verifyToken))
    throw forbidden('the verify token is another')
  if (!/^[\w-]{1,256}$/.test(body)) throw forbidden('there is no challenge')
  return { reports: [], answer: { status: 200, type: 'text/plain', body } }
}

/** `X-Hub-Signature-256`: the HMAC-SHA256 of the body under the app's secret, in hexadecimal after `sha256=`. */
const checkSigned = ({ headers, body }: CallbackRequest, appSecret: string): void => {
  const expected = `sha256=${createHmac('sha256', appSecret).update(body).digest('hex')}`
  if (!sameText(headers['x-hub-signature-256'] ?? '', expected))
    throw forbidden('the callback is not signed by Meta')
}

const Status = z.object({
  id: z.string(),
  status: z.string(),
  timestamp: z.coerce.number(),
  errors: z.array(z.object({ code: z.int() })).default([]),
})
const Inbound = z.object({
  from: z.string(),
  timestamp: z.coerce.number(),
  text: z.object({ body: z.string() }).optional(),
  button: z.object({ text: z.string() }).optional(),
})
/** What is of another kind is left out, so that it takes nothing else with it. */
const many = <T>(item: z.ZodType<T>) =>
  z
    .array(z.unknown())
    .default([])
    .transform((items) =>
      items.flatMap((one) => {
        const read = parse(item, one)
        return read.success ? [read.data] : []
      }),
    )
const Change = z.object({ value: z.object({ statuses: many(Status), messages: many(Inbound) }) })
const Webhook = z.object({ entry: many(z.object({ changes: many(Change) })) })

const STATES: Record<string, Report['state']> = { delivered: 'delivered', read: 'read', failed: 'failed' }

const timeOf = (seconds: number): number => Math.min(seconds * 1_000, Date.now()) || Date.now()

const statusReport = ({ id, status, timestamp, errors }: z.infer<typeof Status>): Report[] => {
  const state = STATES[status]
  if (state === undefined) return []
  const at = timeOf(timestamp)
  if (state !== 'failed') return [{ id, state, at }]
  const code = errors[0]?.code
  return [
    {
      id,
      state,
      reason: code === undefined ? 'failed' : (meaningOf(code)?.reason ?? `whatsapp_${code}`),
      at,
    },
  ]
}

const inboundReports = ({ from, timestamp, text, button }: z.infer<typeof Inbound>): Report[] =>
  wishReports(wishOf(text?.body ?? button?.text ?? ''), {
    from: `+${from}`,
    channels: ['whatsapp'],
    at: timeOf(timestamp),
  })

/** Meta's WhatsApp Cloud API. */
export const whatsappCloud: Provider<Config> = {
  name: 'whatsapp-cloud',
  channels: ['whatsapp'],
  config,
  repeatable: false,
  concurrency: 32,
  needs: () => 'phone',

  open({ phoneNumberId, accessToken, template, version, baseUrl }, tools) {
    const number = `${baseUrl}/v${version}/${phoneNumberId}`
    const authorization = `Bearer ${accessToken}`

    return phoneSender(tools, {
      // A variable holds no line breaks, and no more than four spaces in a row.
      text: ({ content }) =>
        template === undefined
          ? plainText(content, { max: TEXT_MAX })
          : plainText(content, { max: VARIABLE_MAX }).replaceAll(/\s+/g, ' '),
      request: (to, text, { content }) => ({
        url: `${number}/messages`,
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({
          messaging_product: 'whatsapp',
          recipient_type: 'individual',
          to,
          ...(template === undefined
            ? { type: 'text', text: { body: text, preview_url: content.url !== undefined } }
            : {
                type: 'template',
                template: {
                  name: template.name,
                  language: { code: template.language },
                  components: [{ type: 'body', parameters: [{ type: 'text', text }] }],
                },
              }),
        }),
      }),
      outcome,
      check: { url: `${number}?fields=id`, headers: { authorization } },
      complaint({ status, body }) {
        if (status === 200) return
        const code = readJson(body, Failed)?.error.code
        const named = code === undefined ? `HTTP ${status}` : `error ${code}`
        return status === 401 || code === 190
          ? `WhatsApp refuses the access token (${named}): make a new one`
          : `WhatsApp answers ${named}: check phoneNumberId and what the access token permits`
      },
    })
  },

  // Meta's webhooks have up to 3 MB.
  callbackMaxBytes: 4 * 1_024 * 1_024,

  async callback(request, { appSecret, verifyToken }) {
    if (request.method === 'GET') return challenge(request.url, verifyToken)
    if (appSecret === undefined) throw forbidden('callbacks are taken once the account has its appSecret')
    checkSigned(request, appSecret)
    const webhook = readJson(Buffer.from(request.body).toString('utf8'), Webhook)
    const values = webhook?.entry.flatMap(({ changes }) => changes).map(({ value }) => value) ?? []
    return {
      reports: values.flatMap(({ statuses, messages }) => [
        ...statuses.flatMap(statusReport),
        ...messages.flatMap(inboundReports),
      ]),
      answer: { status: 200, type: 'text/plain', body: '' },
    }
  },
}
