import { createHash } from 'node:crypto'
import type { CallbackRequest, HttpAnswer, Outcome, Provider, Report } from '@carillon/core/delivery/provider'
import { ProblemError } from '@carillon/core/errors'
import { jwtVerify } from 'jose'
import { z } from 'zod'
import { smsText } from '../../render/text.ts'
import { baseUrl, basic, callbackUrl, credential, outcomeOfSuccess, readJson, sameText } from '../api.ts'
import {
  failedReport,
  type Meaning,
  meanings,
  outcomeOfError,
  phoneSender,
  wishOf,
  wishReports,
} from './phone.ts'

/** The longest text of an SMS that the Messages API takes, in characters. */
const TEXT_MAX = 1_000
/** What `ttl` may be, in seconds. */
const TTL_MIN_S = 20
const TTL_MAX_S = 604_800
/** Vonage repeats a webhook for a day. */
const WEBHOOK_AGE_MAX = '25 hours'

const config = z.strictObject({
  apiKey: credential('the API key'),
  apiSecret: credential('the API secret'),
  from: z
    .string({ error: 'is missing: the sender' })
    .regex(
      /^(\+?[1-9]\d{2,14}|[A-Za-z0-9 ]{1,11})$/,
      'must be an E.164 number, a short code or an alphanumeric sender id',
    )
    .describe('The number, short code or sender id that messages come from'),
  signatureSecret: credential('the signature secret, to take callbacks with').optional(),
  baseUrl: baseUrl('https://api.nexmo.com'),
  accountUrl: baseUrl('https://rest.nexmo.com').describe(
    'Where the Account API is, to check the account with',
  ),
})
type Config = z.infer<typeof config>

/** https://developer.vonage.com/en/api-errors/messages: those of sending and of delivery, which webhooks bring. */
const ERRORS = meanings([
  { outcome: 'refused', reason: 'opted_out', forget: 'stop', codes: [1240] },
  { outcome: 'refused', reason: 'invalid_number', codes: [1170] },
  {
    outcome: 'refused',
    reason: 'unreachable',
    codes: [1040, 1180, 1190, 1200, 1220, 1250, 1260, 1300, 1310],
  },
  { outcome: 'refused', reason: 'blocked', codes: [1050, 1270, 1280, 1290] },
  { outcome: 'refused', reason: 'filtered', codes: [1210] },
  { outcome: 'refused', reason: 'expired', codes: [1360] },
  { outcome: 'refused', reason: 'outside_window', codes: [1340] },
  { outcome: 'refused', reason: 'invalid_content', codes: [1090] },
  { outcome: 'retry', reason: 'rate_limited', scope: 'account', codes: [1000, 1241] },
  { outcome: 'retry', reason: 'provider_error', codes: [1030, 1100, 1230] },
  { outcome: 'account', reason: 'not_authorized', codes: [1060, 1080, 1140] },
  { outcome: 'account', reason: 'quota', codes: [1070] },
  { outcome: 'account', reason: 'not_verified', codes: [1160] },
  { outcome: 'account', reason: 'invalid_sender', codes: [1120] },
])

const FIELDS: Record<string, Meaning> = {
  to: { outcome: 'refused', reason: 'invalid_number' },
  from: { outcome: 'account', reason: 'invalid_sender' },
  text: { outcome: 'refused', reason: 'invalid_content' },
}

const Accepted = z.object({ message_uuid: z.string().min(1).max(128) })
/** RFC 7807: `type` ends with the code, such as `…/api-errors/messages#1120`, or in some places `title` is the code. */
const Failed = z.object({
  type: z.string().default(''),
  title: z.union([z.string(), z.int()]).default(''),
  invalid_parameters: z.array(z.object({ name: z.string().default('') })).default([]),
})

const codeOf = ({ type, title }: z.infer<typeof Failed>): number | undefined => {
  const code = /#(\d{4})$/.exec(type)?.[1] ?? /^\d{4}$/.exec(String(title))?.[0]
  return code === undefined ? undefined : Number(code)
}

const outcome = (answer: HttpAnswer): Outcome => {
  if (answer.status >= 200 && answer.status < 300)
    return outcomeOfSuccess(readJson(answer.body, Accepted)?.message_uuid)
  const failed = readJson(answer.body, Failed)
  if (!failed) return outcomeOfError(answer, undefined, '')
  const field = failed.invalid_parameters.map(({ name }) => name).find((name) => Object.hasOwn(FIELDS, name))
  if (field !== undefined && answer.status === 422)
    return outcomeOfError(answer, FIELDS[field], `Vonage refuses the parameter ${field}`)
  const code = codeOf(failed)
  return outcomeOfError(
    answer,
    code === undefined ? undefined : ERRORS.get(code),
    code === undefined ? '' : `Vonage error ${code}`,
  )
}

/**
 * Checks a webhook's JWT: signed with the account's signature secret (HS256), and, by `payload_hash`, for this very
 * body. https://developer.vonage.com/en/getting-started/concepts/webhooks#decoding-signed-webhooks
 */
const checkSigned = async ({ headers, body }: CallbackRequest, secret: string): Promise<void> => {
  const token = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
  const forged = (cause?: unknown) =>
    new ProblemError('forbidden', 'the callback is not signed by Vonage', { cause })
  if (token === undefined) throw forged()
  const verified = await jwtVerify(token, new TextEncoder().encode(secret), {
    algorithms: ['HS256'],
    maxTokenAge: WEBHOOK_AGE_MAX,
    clockTolerance: 300,
  }).catch((error: unknown) => {
    throw forged(error)
  })
  const { payload_hash: hash } = verified.payload
  if (typeof hash !== 'string' || !sameText(hash, createHash('sha256').update(body).digest('hex')))
    throw forged()
}

const Webhook = z.object({
  message_uuid: z.string(),
  timestamp: z.string().optional(),
  status: z.string().optional(),
  error: Failed.optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  text: z.string().optional(),
})

const STATES: Record<string, Report['state']> = {
  delivered: 'delivered',
  read: 'read',
  rejected: 'failed',
  undeliverable: 'failed',
}

const party = (number: string): { phone: string; channels: ('sms' | 'mms')[] } => ({
  phone: number.startsWith('+') ? number : `+${number}`,
  channels: ['sms', 'mms'],
})

const reportsOf = (webhook: z.infer<typeof Webhook>): Report[] => {
  const { message_uuid: id, timestamp = '', status, error, from = '', to = '', text = '' } = webhook
  const time = Date.parse(timestamp)
  const at = Number.isFinite(time) ? Math.min(time, Date.now()) : Date.now()
  if (status === undefined) {
    const { phone, channels } = party(from)
    return wishReports(wishOf(text), { from: phone, channels, at })
  }
  const state = STATES[status]
  if (state === undefined) return []
  if (state !== 'failed') return [{ id, state, at }]
  const code = error && codeOf(error)
  const known =
    code === undefined
      ? { meaning: undefined, otherwise: status }
      : { meaning: ERRORS.get(code), otherwise: `vonage_${code}` }
  return [failedReport(id, at, known, party(to))]
}

/** Vonage's Messages API, version 1, for SMS. */
export const vonage: Provider<Config> = {
  name: 'vonage',
  channels: ['sms'],
  config,
  repeatable: false,
  concurrency: 16,
  needs: () => 'phone',

  open({ apiKey, apiSecret, from, baseUrl, accountUrl }, tools) {
    const authorization = basic(apiKey, apiSecret)
    const callback = callbackUrl(tools)

    return phoneSender(tools, {
      text: ({ content }) => smsText(content, TEXT_MAX),
      request: (to, text, { key, expiresAt }) => ({
        url: `${baseUrl}/v1/messages`,
        headers: { authorization, 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({
          channel: 'sms',
          message_type: 'text',
          to: to.slice(1),
          from: from.replace(/^\+/, ''),
          text,
          client_ref: key,
          ttl: Math.min(TTL_MAX_S, Math.max(TTL_MIN_S, Math.floor((expiresAt - Date.now()) / 1_000))),
          ...(callback ? { webhook_url: callback, webhook_version: 'v1' } : {}),
        }),
      }),
      outcome,
      check: {
        url: `${accountUrl}/account/get-balance`,
        headers: { authorization, accept: 'application/json' },
      },
      complaint({ status }) {
        if (status === 401 || status === 403)
          return `Vonage refuses the credentials (HTTP ${status}): check apiKey and apiSecret`
        if (status !== 200) return `Vonage answers HTTP ${status}: check accountUrl`
      },
    })
  },

  async callback(request, { signatureSecret }) {
    if (signatureSecret === undefined)
      throw new ProblemError('forbidden', 'callbacks are taken once the account has its signatureSecret')
    await checkSigned(request, signatureSecret)
    const webhook = readJson(Buffer.from(request.body).toString('utf8'), Webhook)
    return { reports: webhook ? reportsOf(webhook) : [] }
  },
}
