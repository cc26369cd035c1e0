import type { Provider } from '@carillon/core/delivery/provider'
import { smsText } from '@carillon/core/render/text'
import { z } from 'zod'
import { callbackUrl } from '../callback.ts'
import { baseUrl, credential } from '../config.ts'
import { basicAuth, phoneSender } from './sender.ts'
import { readVonageCallback } from './vonage-callback.ts'
import { outcomeOfVonage } from './vonage-outcome.ts'

/** The maximum length of an SMS, in characters. */
const TEXT_MAX = 1_000
/** The range of `ttl`, in seconds. */
const TTL_MIN_S = 20
const TTL_MAX_S = 604_800

const VonageConfig = z.strictObject({
  apiKey: credential('the API key'),
  apiSecret: credential('the API secret'),
  from: z
    .string({ error: 'is missing: the sender' })
    .regex(
      /^(\+?[1-9]\d{2,14}|[A-Za-z0-9 ]{1,11})$/,
      'must be an E.164 number, a short code or an alphanumeric sender id',
    )
    .describe('The number, short code or sender id that messages are sent from'),
  signatureSecret: credential('the signature secret that callbacks are verified with').optional(),
  baseUrl: baseUrl('https://api.nexmo.com'),
  accountUrl: baseUrl('https://rest.nexmo.com').describe(
    'The base URL of the Account API, which is used to check the account',
  ),
})
type VonageConfig = z.infer<typeof VonageConfig>

/** Vonage Messages API, version 1, for SMS. */
export const vonage: Provider<VonageConfig> = {
  name: 'vonage',
  channels: ['sms'],
  config: VonageConfig,
  repeatable: false,
  concurrency: 16,
  needs: () => 'phone',

  open({ apiKey, apiSecret, from, baseUrl, accountUrl }, tools) {
    const authorization = basicAuth(apiKey, apiSecret)
    const callback = callbackUrl(tools)

    return phoneSender(tools, {
      text: ({ content }) => smsText(content, TEXT_MAX),
      request: (to, text, { key, expiresAt, sender }) => ({
        url: `${baseUrl}/v1/messages`,
        headers: { authorization, 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({
          channel: 'sms',
          message_type: 'text',
          to: to.slice(1),
          from: (sender?.number ?? from).replace(/^\+/, ''),
          text,
          client_ref: key,
          ttl: Math.min(TTL_MAX_S, Math.max(TTL_MIN_S, Math.floor((expiresAt - Date.now()) / 1_000))),
          ...(callback ? { webhook_url: callback, webhook_version: 'v1' } : {}),
        }),
      }),
      outcome: outcomeOfVonage,
      check: {
        url: `${accountUrl}/account/get-balance`,
        headers: { authorization, accept: 'application/json' },
      },
      problem({ status }) {
        if (status === 401 || status === 403)
          return `Vonage rejected the credentials (HTTP ${status}): check apiKey and apiSecret`
        if (status !== 200) return `Vonage responded with HTTP ${status}: check accountUrl`
      },
    })
  },

  callback: (request, { signatureSecret }) => readVonageCallback(request, signatureSecret),
}
