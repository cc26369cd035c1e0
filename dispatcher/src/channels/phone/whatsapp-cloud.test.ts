import { createHmac } from 'node:crypto'
import { problemDetails } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import { sample, standIn, testTools, unhurried } from '../testing/channel.ts'
import { PHONE, phoneContract } from '../testing/phone.ts'
import { whatsappCloud } from './whatsapp-cloud.ts'

const appSecret = 'a0b1c2d3'
const verifyToken = 'open-sesame'
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
  inOrder: { id: '106540352242922' },
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
    expect(await sender.send(out, unhurried)).toEqual({ outcome: 'sent', id: 'wamid.HBgL' })
    await server.close()
    return server.requests[0]!
  }

  test('a text', async () => {
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

  test('a template, whose variable is the text in one line', async () => {
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

  test('the config names what is missing, all of it', () => {
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

describe('whatsapp-cloud callbacks', () => {
  const url = 'https://hub.example/v1/callbacks/acme/main'
  const refused = { problem: { code: 'forbidden', status: 403 } }
  const config = configure({ appSecret, verifyToken })

  const ask = (query: Record<string, string>, asked = config) =>
    whatsappCloud.callback!(
      { method: 'GET', url: `${url}?${new URLSearchParams(query)}`, headers: {}, body: new Uint8Array() },
      asked,
      testTools(),
    )
  const asked = { 'hub.mode': 'subscribe', 'hub.verify_token': verifyToken, 'hub.challenge': '1158201444' }

  test('the challenge is said back to who knows the token', async () => {
    expect(await ask(asked)).toEqual({
      reports: [],
      answer: { status: 200, type: 'text/plain', body: '1158201444' },
    })
    await expect(ask({ ...asked, 'hub.verify_token': 'open-barley' })).rejects.toMatchObject(refused)
    await expect(ask({ ...asked, 'hub.mode': 'unsubscribe' })).rejects.toMatchObject(refused)
    await expect(ask({ ...asked, 'hub.challenge': '<script>' })).rejects.toMatchObject(refused)
    await expect(ask({})).rejects.toMatchObject(refused)
    await expect(ask({ ...asked, 'hub.verify_token': '' }, configure({ appSecret }))).rejects.toMatchObject(
      refused,
    )
  })

  const sign = (text: string, key = appSecret) =>
    `sha256=${createHmac('sha256', key).update(text).digest('hex')}`
  const deliver = (text: string, signature?: string, given = config) =>
    whatsappCloud.callback!(
      {
        method: 'POST',
        url,
        headers: signature === undefined ? {} : { 'x-hub-signature-256': signature },
        body: Buffer.from(text),
      },
      given,
      testTools(),
    )
  const take = async (...values: object[]) => {
    const text = JSON.stringify({
      object: 'whatsapp_business_account',
      entry: values.map((value) => ({
        id: '102290129340398',
        changes: [
          {
            field: 'messages',
            value: {
              messaging_product: 'whatsapp',
              metadata: { display_phone_number: '15550783881', phone_number_id: '106540352242922' },
              ...value,
            },
          },
        ],
      })),
    })
    return (await deliver(text, sign(text))).reports
  }
  const status = (state: string, more = {}) => ({
    id: 'wamid.HBgL',
    status: state,
    timestamp: '1750030073',
    recipient_id: '14155550123',
    ...more,
  })
  const at = 1_750_030_073_000

  test('how far messages have come, in whatever order, however often, several at once', async () => {
    expect(
      await take({ statuses: [status('read'), status('sent')] }, { statuses: [status('delivered')] }),
    ).toEqual([
      { id: 'wamid.HBgL', state: 'read', at },
      { id: 'wamid.HBgL', state: 'delivered', at },
    ])
    expect(await take({ statuses: [status('read')] })).toEqual([{ id: 'wamid.HBgL', state: 'read', at }])
  })

  test.each([
    [[{ code: 131047, title: 'Re-engagement message' }], 'outside_window'],
    [[{ code: 131026, title: 'Message undeliverable' }], 'undeliverable'],
    [[{ code: 131999 }], 'whatsapp_131999'],
    [undefined, 'failed'],
  ])('failed with %j because %s', async (errors, reason) => {
    expect(await take({ statuses: [status('failed', { errors })] })).toEqual([
      { id: 'wamid.HBgL', state: 'failed', reason, at },
    ])
  })

  const message = (more: object) => ({
    messages: [{ from: '14155550123', id: 'wamid.IN', timestamp: '1750030073', ...more }],
  })

  test('STOP and START, as a text or by a button', async () => {
    const stop = [{ at, suppress: { channels: ['whatsapp'], address: PHONE, reason: 'stop' } }]
    expect(await take(message({ type: 'text', text: { body: 'Stop' } }))).toEqual(stop)
    expect(await take(message({ type: 'button', button: { text: 'Unsubscribe', payload: 'x' } }))).toEqual(
      stop,
    )
    expect(await take(message({ type: 'text', text: { body: 'start' } }))).toEqual([
      { at, restore: { channels: ['whatsapp'], address: PHONE } },
    ])
    expect(await take(message({ type: 'text', text: { body: 'Never stop' } }))).toEqual([])
    expect(await take(message({ type: 'image', image: { id: '1' } }))).toEqual([])
  })

  test('what we do not know takes nothing else with it', async () => {
    expect(
      await take({ errors: [{ code: 1 }] }, { statuses: [{ what: 1 }, status('read')], messages: ['?'] }),
    ).toEqual([{ id: 'wamid.HBgL', state: 'read', at }])
    for (const text of ['', '{', 'null', '{"entry":7}', '{"entry":[{"changes":[{"field":"flows"}]}]}'])
      expect((await deliver(text, sign(text))).reports).toEqual([])
  })

  test('what Meta has not signed is refused', async () => {
    const text = '{"entry":[]}'
    await expect(deliver(text, sign(text))).resolves.toMatchObject({ answer: { status: 200 } })
    for (const signature of [
      undefined,
      '',
      sign(text, 'other'),
      sign(`${text} `),
      sign(text).slice(7),
      'sha256=',
    ])
      await expect(deliver(text, signature)).rejects.toMatchObject(refused)
    await expect(deliver(text, sign(text), configure())).rejects.toMatchObject(refused)
  })
})
