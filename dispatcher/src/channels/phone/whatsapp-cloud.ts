import type { Provider } from '@carillon/core/delivery/provider'
import { readJson } from '@carillon/core/json/json'
import { plainText } from '@carillon/core/render/text'
import { z } from 'zod'
import { baseUrl, credential } from '../config.ts'
import { phoneSender } from './sender.ts'
import { readWhatsappCallback } from './whatsapp-cloud-callback.ts'
import { outcomeOfWhatsapp, WhatsappError } from './whatsapp-cloud-outcome.ts'

/** The maximum length of a text message. */
const TEXT_MAX = 4_096
/** The maximum length of the template variable; a whole template may have 1,024 characters. */
const VARIABLE_MAX = 768

const WhatsappConfig = z.strictObject({
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
        .describe('The name of an approved template whose body has one variable, the text'),
      language: z
        .string({ error: "is missing: the template's language" })
        .regex(/^[a-z]{2,3}(_[A-Z]{2})?$/, 'must be a language code such as en_US')
        .describe("The template's language code"),
    })
    .optional()
    .describe(
      'Sent instead of plain text, which only reaches users who wrote to you within the last 24 hours',
    ),
  appSecret: credential('the app secret that callbacks are verified with').optional(),
  verifyToken: credential('a token of your choice that the callback URL is registered with').optional(),
  version: z
    .string()
    .regex(/^\d{1,3}\.\d{1,2}$/, 'must be a version such as 23.0')
    .default('23.0')
    .describe('The version of the Graph API'),
  baseUrl: baseUrl('https://graph.facebook.com'),
})
type WhatsappConfig = z.infer<typeof WhatsappConfig>

/** WhatsApp Cloud API by Meta. */
export const whatsappCloud: Provider<WhatsappConfig> = {
  name: 'whatsapp-cloud',
  channels: ['whatsapp'],
  config: WhatsappConfig,
  repeatable: false,
  concurrency: 32,
  needs: () => 'phone',

  open({ phoneNumberId, accessToken, template, version, baseUrl }, tools) {
    const number = `${baseUrl}/v${version}/${phoneNumberId}`
    const authorization = `Bearer ${accessToken}`

    return phoneSender(tools, {
      // A template variable must not contain line breaks or more than four spaces in a row.
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
      outcome: outcomeOfWhatsapp,
      check: { url: `${number}?fields=id`, headers: { authorization } },
      problem({ status, body }) {
        if (status === 200) return
        const code = readJson(body, WhatsappError)?.error.code
        const error = code === undefined ? `HTTP ${status}` : `error ${code}`
        return status === 401 || code === 190
          ? `WhatsApp rejected the access token (${error}): create a new one`
          : `WhatsApp responded with ${error}: check phoneNumberId and the permissions of the access token`
      },
    })
  },

  // Meta sends webhooks of up to 3 MB.
  callbackMaxBytes: 4 * 1_024 * 1_024,
  callback: readWhatsappCallback,
}
