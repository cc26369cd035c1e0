import { createHash, createHmac } from 'node:crypto'
import type { CallbackRequest, HttpAnswer, Outcome, Provider, Report } from '@carillon/core/delivery/provider'
import { ProblemError } from '@carillon/core/errors'
import { z } from 'zod'
import { plainText, smsText } from '../../render/text.ts'
import { baseUrl, basic, callbackUrl, credential, outcomeOfSuccess, readJson, sameText } from '../api.ts'
import { failedReport, meanings, outcomeOfError, phoneSender, wishOf, wishReports } from './phone.ts'

const SID = /^[A-Za-z0-9-]{8,64}$/

/** The longest Twilio takes, in characters. */
const BODY_MAX = 1_600
/** The longest `ValidityPeriod`, in seconds; what is left out lasts as long. */
const VALIDITY_MAX_S = 36_000

/** Said beside what else is wrong, not after it is put right. */
const together = { when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null }

const config = z
  .strictObject({
    accountSid: z
      .string({ error: 'is missing: the Account SID' })
      .regex(SID, 'must be an Account SID')
      .describe('The Account SID'),
    authToken: credential("the account's auth token").optional(),
    apiKey: credential('the SID of an API key, to send with in place of the auth token').optional(),
    apiSecret: credential('the secret of that API key').optional(),
    from: z
      .string()
      .regex(
        /^(\+[1-9]\d{6,14}|\d{3,8}|[A-Za-z0-9 ]{1,11})$/,
        'must be an E.164 number, a short code or an alphanumeric sender id',
      )
      .optional()
      .describe('The number, short code or sender id that messages come from'),
    messagingServiceSid: z
      .string()
      .regex(SID, 'must be a Messaging Service SID')
      .optional()
      .describe('The Messaging Service that chooses the sender'),
    contentSid: z
      .string()
      .regex(SID, 'must be a Content SID')
      .optional()
      .describe(
        'An approved WhatsApp template; its variable 1 is the text. Only templates open a conversation',
      ),
    baseUrl: baseUrl('https://api.twilio.com'),
  })
  .refine(({ authToken, apiKey }) => authToken !== undefined || apiKey !== undefined, {
    ...together,
    path: ['authToken'],
    error: 'is missing: the auth token, or an apiKey with its apiSecret',
  })
  .refine(({ apiKey, apiSecret }) => apiKey === undefined || apiSecret !== undefined, {
    ...together,
    path: ['apiSecret'],
    error: 'is missing: the secret of the apiKey',
  })
  .refine(({ from, messagingServiceSid }) => from !== undefined || messagingServiceSid !== undefined, {
    ...together,
    path: ['from'],
    error: 'is missing: the sender, or a messagingServiceSid',
  })
type Config = z.infer<typeof config>

/** https://www.twilio.com/docs/api/errors: those of sending and of delivery, which status callbacks bring. */
const ERRORS = meanings([
  { outcome: 'refused', reason: 'opted_out', forget: 'stop', codes: [21610] },
  { outcome: 'refused', reason: 'invalid_number', codes: [21211, 21217, 21604, 30005] },
  { outcome: 'refused', reason: 'not_mobile', codes: [21614, 30006] },
  { outcome: 'refused', reason: 'unreachable', codes: [30003, 30008] },
  { outcome: 'refused', reason: 'blocked', codes: [30004, 63033] },
  { outcome: 'refused', reason: 'filtered', codes: [30007] },
  { outcome: 'refused', reason: 'expired', codes: [30036] },
  { outcome: 'refused', reason: 'invalid_content', codes: [21602, 21617, 21619, 63005, 63013, 63021] },
  { outcome: 'refused', reason: 'invalid_media', codes: [21620, 21623, 63019] },
  { outcome: 'refused', reason: 'outside_window', codes: [63016] },
  { outcome: 'refused', reason: 'not_on_whatsapp', codes: [63003, 63024, 63015] },
  { outcome: 'refused', reason: 'withheld', codes: [63032, 63049] },
  // Too many messages between two numbers.
  { outcome: 'retry', reason: 'rate_limited', scope: 'recipient', codes: [14107] },
  {
    outcome: 'retry',
    reason: 'rate_limited',
    scope: 'account',
    codes: [20429, 21611, 30001, 30022, 63017, 63018, 63119],
  },
  { outcome: 'retry', reason: 'provider_error', codes: [63002, 63010, 63012] },
  { outcome: 'account', reason: 'not_authorized', codes: [20003, 20005, 20404, 30002, 63001, 63051, 63112] },
  { outcome: 'account', reason: 'region_not_enabled', codes: [21408] },
  { outcome: 'account', reason: 'not_verified', codes: [21608] },
  { outcome: 'account', reason: 'quota', codes: [30023, 63038] },
  {
    outcome: 'account',
    reason: 'invalid_sender',
    codes: [21212, 21401, 21601, 21603, 21606, 21612, 21659, 21660, 21703, 21704, 21705, 30034, 63007, 63020],
  },
])

const Created = z.object({ sid: z.string().min(1).max(128) })
const Failed = z.object({ code: z.int() })
const Account = z.object({ status: z.string() })

const outcome = (answer: HttpAnswer): Outcome => {
  if (answer.status >= 200 && answer.status < 300)
    return outcomeOfSuccess(readJson(answer.body, Created)?.sid)
  const code = readJson(answer.body, Failed)?.code
  return outcomeOfError(
    answer,
    code === undefined ? undefined : ERRORS.get(code),
    code === undefined ? '' : `Twilio error ${code}`,
  )
}

/** The URL with another port, or none, and not a character changed elsewhere: it is what is signed. */
const withPort = (url: string, port: string): string =>
  url.replace(/^(https?:\/\/(?:[^/?#@]*@)?(?:\[[^\]]*\]|[^/?#:]+))(?::\d+)?/i, `$1${port}`)

/** The parameters as they are signed: by name, each name with its value; of repeated ones each value once, sorted. */
const signedParams = (params: URLSearchParams): string =>
  [...new Set(params.keys())]
    .sort()
    .flatMap((name) => [...new Set(params.getAll(name))].sort().map((value) => `${name}${value}`))
    .join('')

/**
 * Whether Twilio sent a request: `X-Twilio-Signature` is the HMAC-SHA1, in base64, of the URL as Twilio was given it and
 * the form's parameters; where the body is no form, the URL holds its hash (`bodySHA256`). Twilio does not say whether a
 * port stands in the URL it signs, so both count, as in its own libraries.
 * https://www.twilio.com/docs/usage/webhooks/webhooks-security
 */
const isSigned = ({ url, headers, body }: CallbackRequest, authToken: string): boolean => {
  const given = headers['x-twilio-signature']
  if (given === undefined) return false
  const bodyHash = new URL(url).searchParams.get('bodySHA256')
  if (bodyHash !== null && !sameText(bodyHash, createHash('sha256').update(body).digest('hex'))) return false
  const params =
    bodyHash === null ? signedParams(new URLSearchParams(Buffer.from(body).toString('utf8'))) : ''
  const standard = /^https:/i.test(url) ? ':443' : ':80'
  return [url, withPort(url, ''), withPort(url, standard)]
    .map((signed) => createHmac('sha1', authToken).update(`${signed}${params}`).digest('base64'))
    .map((expected) => sameText(given, expected))
    .includes(true)
}

const STATES: Record<string, Report['state']> = {
  delivered: 'delivered',
  read: 'read',
  undelivered: 'failed',
  failed: 'failed',
  canceled: 'failed',
}

/** Who is written to, or who writes: `whatsapp:+15550100` is of WhatsApp, a bare number of SMS and MMS. */
const party = (address: string): { phone: string; channels: ('sms' | 'mms' | 'whatsapp')[] } =>
  address.startsWith('whatsapp:')
    ? { phone: address.slice('whatsapp:'.length), channels: ['whatsapp'] }
    : { phone: address, channels: ['sms', 'mms'] }

/** https://www.twilio.com/docs/messaging/guides/track-outbound-message-status */
const statusReport = (params: URLSearchParams, status: string, at: number): Report[] => {
  const id = params.get('MessageSid') ?? params.get('SmsSid')
  const state = STATES[status]
  if (id === null || state === undefined) return []
  if (state !== 'failed') return [{ id, state, at }]
  const code = Number(params.get('ErrorCode') ?? 0)
  const otherwise = code > 0 ? `twilio_${code}` : status
  return [failedReport(id, at, { meaning: ERRORS.get(code), otherwise }, party(params.get('To') ?? ''))]
}

/** `OptOutType` comes with Advanced Opt-Out, whose words are the account's own; without it the usual words count. */
const inboundReports = (params: URLSearchParams, at: number): Report[] => {
  const { phone, channels } = party(params.get('From') ?? '')
  return wishReports(wishOf(params.get('OptOutType') ?? params.get('Body') ?? ''), {
    from: phone,
    channels,
    at,
  })
}

/** Twilio's Programmable Messaging, or what speaks like it. */
export const twilio: Provider<Config> = {
  name: 'twilio',
  channels: ['sms', 'mms', 'whatsapp'],
  config,
  repeatable: false,
  concurrency: 32,
  needs: () => 'phone',

  open(settings, tools) {
    const { accountSid, authToken = '', apiKey, apiSecret = '', from, messagingServiceSid } = settings
    const account = `${settings.baseUrl}/2010-04-01/Accounts/${accountSid}`
    const authorization = apiKey === undefined ? basic(accountSid, authToken) : basic(apiKey, apiSecret)
    const callback = callbackUrl(tools)

    return phoneSender(tools, {
      text: ({ channel, content }) =>
        channel === 'sms' ? smsText(content, BODY_MAX) : plainText(content, { max: BODY_MAX }),
      request(to, text, { channel, content, expiresAt }) {
        const prefix = channel === 'whatsapp' ? 'whatsapp:' : ''
        const form = new URLSearchParams({ To: `${prefix}${to}` })
        if (from !== undefined) form.set('From', `${prefix}${from}`)
        if (messagingServiceSid !== undefined) form.set('MessagingServiceSid', messagingServiceSid)
        if (channel === 'whatsapp' && settings.contentSid !== undefined) {
          form.set('ContentSid', settings.contentSid)
          form.set('ContentVariables', JSON.stringify({ 1: text.replaceAll(/\s+/g, ' ') }))
        } else form.set('Body', text)
        if (channel === 'mms' && content.image && /^https?:/i.test(content.image))
          form.set('MediaUrl', content.image)
        if (callback) form.set('StatusCallback', callback)
        const left = Math.max(1, Math.floor((expiresAt - Date.now()) / 1_000))
        if (left < VALIDITY_MAX_S) form.set('ValidityPeriod', String(left))
        return {
          url: `${account}/Messages.json`,
          headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
          body: form.toString(),
        }
      },
      outcome,
      // A standard API key may not read the account itself.
      check: {
        url: apiKey === undefined ? `${account}.json` : `${account}/Messages.json?PageSize=1`,
        headers: { authorization },
      },
      complaint({ status, body }) {
        if (status === 401 || status === 403)
          return `Twilio refuses the credentials (HTTP ${status}): check accountSid and ${apiKey ? 'apiKey, apiSecret' : 'authToken'}`
        if (status !== 200) return `Twilio answers HTTP ${status}: check accountSid and baseUrl`
        const state = apiKey === undefined ? readJson(body, Account)?.status : 'active'
        if (state !== 'active') return 'the Twilio account is not active: see the Twilio console'
      },
    })
  },

  async callback(request, { authToken }) {
    if (authToken === undefined)
      throw new ProblemError('forbidden', 'callbacks are taken once the account has its authToken')
    if (!isSigned(request, authToken))
      throw new ProblemError('forbidden', 'the callback is not signed by Twilio')
    const params = new URLSearchParams(Buffer.from(request.body).toString('utf8'))
    const at = Date.now()
    const status = params.get('MessageStatus')
    if (status !== null) return { reports: statusReport(params, status, at) }
    return {
      reports: inboundReports(params, at),
      answer: { status: 200, type: 'text/xml', body: '<Response/>' },
    }
  },
}
