import { problemDetails } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import { PHONE, phoneContract } from '../contract/phone.ts'
import { neverAborted, sample, standIn, testTools } from '../testing/channel.ts'
import { whatsappCloud } from './whatsapp-cloud.ts'

const template = { name: 'alert_one', language: 'en_US' }
const configure = (more: Record<string, unknown> = {}) =>
  whatsappCloud.config.parse({ phoneNumberId: '106540352242922', accessToken: 'EAAJB', ...more })
/** https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes */
const error = (code: number, status: number, outcome: string, reason: string, scope?: string) =>
  [
    status,
    {
      error: {
        message: `(#${code}) About ${PHONE}`,
        type: 'OAuthException',
        code,
        error_data: { messaging_product: 'whatsapp', details: `${PHONE} is not a valid number` },
        fbtrace_id: 'AbCdEf',
      },
    },
    outcome,
    reason,
    scope,
  ] as const
const accepted = {
  messaging_product: 'whatsapp',
  contacts: [{ input: PHONE, wa_id: PHONE.slice(1) }],
  messages: [{ id: 'wamid.HBgL', message_status: 'accepted' }],
}

phoneContract({
  provider: whatsappCloud,
  config: (baseUrl) => configure({ baseUrl }),
  channel: 'whatsapp',
  accepted: { status: 200, body: accepted },
  id: 'wamid.HBgL',
  checked: { id: '106540352242922' },
  errors: [
    error(131026, 400, 'refused', 'undeliverable'),
    error(131047, 400, 'refused', 'outside_window'),
    error(131050, 400, 'refused', 'opted_out'),
    error(100, 400, 'refused', 'invalid_parameter'),
    error(130429, 429, 'retry', 'rate_limited', 'account'),
    error(80007, 400, 'retry', 'rate_limited', 'account'),
    error(131056, 400, 'retry', 'rate_limited', 'recipient'),
    error(131000, 500, 'retry', 'provider_error'),
    error(2, 503, 'retry', 'provider_error'),
    error(3, 500, 'account', 'not_authorized'),
    error(190, 401, 'account', 'not_authorized'),
    error(10, 403, 'account', 'not_authorized'),
    error(220, 403, 'account', 'not_authorized'),
    error(131042, 400, 'account', 'quota'),
    error(132001, 404, 'account', 'invalid_template'),
    error(999999, 400, 'refused', 'refused'),
  ],
})

describe('whatsapp-cloud requests', () => {
  const sent = async (content: Parameters<typeof sample>[0], more = {}) => {
    const server = await standIn(() => ({ body: accepted }))
    const sender = whatsappCloud.open(configure({ baseUrl: server.url, ...more }), testTools())
    const out = sample({ channel: 'whatsapp', address: { kind: 'phone', phone: PHONE }, ...content })
    expect(await sender.send(out, neverAborted)).toEqual({ outcome: 'sent', id: 'wamid.HBgL' })
    await server.close()
    return server.requests[0]!
  }

  test('contain the parameters of a text message', async () => {
    const request = await sent({ content: { title: 'Hi', body: 'You', url: 'https://app.example/7' } })
    expect(request.path).toBe('/v23.0/106540352242922/messages')
    expect(request.headers.authorization).toBe('Bearer EAAJB')
    expect(request.json).toEqual({
      messaging_product: 'whatsapp',
      recipient_type: 'individual',
      to: PHONE,
      type: 'text',
      text: { body: 'Hi\nYou\nhttps://app.example/7', preview_url: true },
    })
  })

  test('support a template whose variable is the text on one line', async () => {
    const request = await sent(
      { content: { title: 'Hi', body: `You\n\tthere     ${'x'.repeat(2_000)}` } },
      { template },
    )
    const { type, template: filled } = request.json
    expect({ type, ...filled }).toMatchObject({
      type: 'template',
      name: 'alert_one',
      language: { code: 'en_US' },
      components: [{ type: 'body', parameters: [{ type: 'text' }] }],
    })
    const { text } = filled.components[0].parameters[0]
    expect(text).toMatch(/^Hi You there x+…$/)
    expect(text.length).toBeLessThanOrEqual(768)
  })

  test('the config reports everything that is missing', () => {
    const { error } = whatsappCloud.config.safeParse({ template: {} })
    expect(problemDetails(error?.issues ?? [])).toEqual([
      { pointer: '/phoneNumberId', message: 'is missing: the id of the business phone number' },
      { pointer: '/accessToken', message: 'is missing: an access token with whatsapp_business_messaging' },
      { pointer: '/template/name', message: "is missing: the template's name" },
      { pointer: '/template/language', message: "is missing: the template's language" },
    ])
    expect(
      whatsappCloud.config.safeParse({ phoneNumberId: PHONE, accessToken: 'a b' }).error?.issues,
    ).toHaveLength(2)
  })
})
