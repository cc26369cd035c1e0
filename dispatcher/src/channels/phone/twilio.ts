import type { Provider } from '@carillon/core/delivery/provider'
import { readJson } from '@carillon/core/json/json'
import { plainText, smsText } from '@carillon/core/render/text'
import { z } from 'zod'
import { callbackUrl } from '../callback.ts'
import { basicAuth, phoneSender } from './sender.ts'
import { readTwilioCallback } from './twilio-callback.ts'
import { TwilioConfig } from './twilio-config.ts'
import { outcomeOfTwilio } from './twilio-outcome.ts'

/** The maximum message length, in characters. */
const BODY_MAX = 1_600
/** The maximum `ValidityPeriod`, in seconds, which is also Twilio's default. */
const VALIDITY_MAX_S = 36_000

const Account = z.object({ status: z.string() })

/** Twilio Programmable Messaging, or a service with a compatible API. */
export const twilio: Provider<TwilioConfig> = {
  name: 'twilio',
  channels: ['sms', 'mms', 'whatsapp'],
  config: TwilioConfig,
  repeatable: false,
  concurrency: 32,
  needs: () => 'phone',

  open(settings, tools) {
    const { accountSid, authToken = '', apiKey, apiSecret = '', from, messagingServiceSid } = settings
    const account = `${settings.baseUrl}/2010-04-01/Accounts/${accountSid}`
    const authorization =
      apiKey === undefined ? basicAuth(accountSid, authToken) : basicAuth(apiKey, apiSecret)
    const callback = callbackUrl(tools)

    return phoneSender(tools, {
      text: ({ channel, content }) =>
        channel === 'sms' ? smsText(content, BODY_MAX) : plainText(content, { max: BODY_MAX }),
      request(to, text, { channel, content, expiresAt, sender }) {
        const prefix = channel === 'whatsapp' ? 'whatsapp:' : ''
        const form = new URLSearchParams({ To: `${prefix}${to}` })
        const number = sender?.number ?? from
        if (number !== undefined) form.set('From', `${prefix}${number}`)
        // A Messaging Service chooses the sender itself.
        if (messagingServiceSid !== undefined && sender?.number === undefined)
          form.set('MessagingServiceSid', messagingServiceSid)
        if (channel === 'whatsapp' && settings.contentSid !== undefined) {
          form.set('ContentSid', settings.contentSid)
          form.set('ContentVariables', JSON.stringify({ 1: text.replaceAll(/\s+/g, ' ') }))
        } else form.set('Body', text)
        if (channel === 'mms' && content.image && /^https?:/i.test(content.image))
          form.set('MediaUrl', content.image)
        if (callback) form.set('StatusCallback', callback)
        const secondsLeft = Math.max(1, Math.floor((expiresAt - Date.now()) / 1_000))
        if (secondsLeft < VALIDITY_MAX_S) form.set('ValidityPeriod', String(secondsLeft))
        return {
          url: `${account}/Messages.json`,
          headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
          body: form.toString(),
        }
      },
      outcome: outcomeOfTwilio,
      // A standard API key has no permission to read the account.
      check: {
        url: apiKey === undefined ? `${account}.json` : `${account}/Messages.json?PageSize=1`,
        headers: { authorization },
      },
      problem({ status, body }) {
        if (status === 401 || status === 403)
          return `Twilio rejected the credentials (HTTP ${status}): check accountSid and ${apiKey ? 'apiKey, apiSecret' : 'authToken'}`
        if (status !== 200) return `Twilio responded with HTTP ${status}: check accountSid and baseUrl`
        const state = apiKey === undefined ? readJson(body, Account)?.status : 'active'
        if (state !== 'active') return 'the Twilio account is not active: see the Twilio console'
      },
    })
  },

  callback: (request, { authToken }) => readTwilioCallback(request, authToken),
}
