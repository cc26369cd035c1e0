import { problemDetails } from '@carillon/schemas'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PHONE, phoneContract } from '../contract/phone.ts'
import { neverAborted, sample, standIn, testTools } from '../testing/channel.ts'
import { twilio } from './twilio.ts'

const accountSid = `AC${'0'.repeat(32)}`
const authToken = '12345'
const configure = (more: Record<string, unknown> = {}) =>
  twilio.config.parse({ accountSid, authToken, from: '+15005550006', ...more })
/** An error response of Twilio's API: https://www.twilio.com/docs/api/errors */
const failed = (code: number, status: number, message = 'No') => [
  status,
  { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status },
]
const error = (code: number, status: number, outcome: string, reason: string, scope?: string) =>
  [...failed(code, status, `The 'To' number ${PHONE} is not valid`), outcome, reason, scope] as [
    number,
    unknown,
    string,
    string,
    string | undefined,
  ]

phoneContract({
  provider: twilio,
  config: (baseUrl) => configure({ baseUrl }),
  channel: 'sms',
  accepted: { status: 201, body: { sid: 'SM1', status: 'queued', error_code: null } },
  id: 'SM1',
  checked: { sid: accountSid, status: 'active' },
  errors: [
    error(21211, 400, 'refused', 'invalid_number'),
    error(21217, 400, 'refused', 'invalid_number'),
    error(21614, 400, 'refused', 'not_mobile'),
    error(21610, 400, 'refused', 'opted_out'),
    error(21617, 400, 'refused', 'invalid_content'),
    error(30003, 400, 'refused', 'unreachable'),
    error(30005, 400, 'refused', 'invalid_number'),
    error(30006, 400, 'refused', 'not_mobile'),
    error(63003, 400, 'refused', 'not_on_whatsapp'),
    error(63016, 400, 'refused', 'outside_window'),
    error(63018, 400, 'retry', 'rate_limited', 'account'),
    error(14107, 400, 'retry', 'rate_limited', 'recipient'),
    error(20429, 429, 'retry', 'rate_limited', 'account'),
    error(20003, 401, 'account', 'not_authorized'),
    error(21408, 400, 'account', 'region_not_enabled'),
    error(21606, 400, 'account', 'invalid_sender'),
    error(99999, 400, 'refused', 'refused'),
    error(99999, 500, 'retry', 'provider_error'),
  ],
})

describe('twilio requests', () => {
  let server: Awaited<ReturnType<typeof standIn>>
  beforeAll(async () => {
    server = await standIn(() => ({ status: 201, body: { sid: 'SM1' } }))
  })
  afterAll(() => server.close())

  const sent = async (
    message: Partial<Parameters<typeof sample>[0]>,
    more: Record<string, unknown> = {},
    tools = testTools(),
  ) => {
    const sender = twilio.open(configure({ baseUrl: `${server.url}/`, ...more }), tools)
    const result = await sender.send(
      sample({ channel: 'sms', address: { kind: 'phone', phone: PHONE }, ...message }),
      neverAborted,
    )
    expect(result).toEqual({ outcome: 'sent', id: 'SM1' })
    const request = server.requests.at(-1)!
    return { request, form: Object.fromEntries(new URLSearchParams(request.body)) }
  }

  test('contain the parameters of an SMS', async () => {
    const { request, form } = await sent({ content: { title: 'Hi & bye', body: 'ünï+' } })
    expect(request.path).toBe(`/2010-04-01/Accounts/${accountSid}/Messages.json`)
    expect(request.headers).toMatchObject({
      authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    })
    const { ValidityPeriod, ...rest } = form
    expect(rest).toEqual({
      To: PHONE,
      From: '+15005550006',
      Body: 'Hi & bye\nünï+',
      StatusCallback: 'https://hub.example/v1/callbacks/acme/main',
    })
    expect(Number(ValidityPeriod)).toBeGreaterThan(3_500)
    expect(Number(ValidityPeriod)).toBeLessThanOrEqual(3_600)
  })

  test('support an API key and a messaging service instead of token and number', async () => {
    const tools = { ...testTools(), publicUrl: undefined }
    const { request, form } = await sent(
      { expiresAt: Date.now() + 86_400_000 },
      {
        authToken: undefined,
        from: undefined,
        apiKey: 'SK1',
        apiSecret: 's3',
        messagingServiceSid: 'MG0000000',
      },
      tools,
    )
    expect(request.headers.authorization).toBe(`Basic ${Buffer.from('SK1:s3').toString('base64')}`)
    expect(Object.keys(form).sort()).toEqual(['Body', 'MessagingServiceSid', 'To'])
  })

  test('name the sender of the context, in place of the number and the messaging service', async () => {
    const service = { from: undefined, messagingServiceSid: 'MG0000000' }
    for (const more of [{}, service]) {
      const { form } = await sent({ sender: { number: 'SHOP' } }, more)
      expect([form.From, form.MessagingServiceSid]).toEqual(['SHOP', undefined])
    }
  })

  test('have a validity of at least one second', async () => {
    expect((await sent({ expiresAt: Date.now() - 5_000 })).form.ValidityPeriod).toBe('1')
  })

  test('contain the image of an MMS, if there is one', async () => {
    const image = 'https://app.example/cat.png'
    expect((await sent({ channel: 'mms', content: { body: 'Cat', image } })).form.MediaUrl).toBe(image)
    expect((await sent({ channel: 'mms', content: { body: 'Cat' } })).form).not.toHaveProperty('MediaUrl')
    expect((await sent({ channel: 'sms', content: { body: 'Cat', image } })).form).not.toHaveProperty(
      'MediaUrl',
    )
  })

  test('support WhatsApp messages, as text or with a template', async () => {
    const whatsapp = { channel: 'whatsapp', content: { title: 'Hi', body: 'You' } } as const
    expect((await sent(whatsapp)).form).toMatchObject({
      To: `whatsapp:${PHONE}`,
      From: 'whatsapp:+15005550006',
      Body: 'Hi\nYou',
    })
    const { form } = await sent(whatsapp, { contentSid: 'HX0000000' })
    expect(form).toMatchObject({ ContentSid: 'HX0000000', ContentVariables: '{"1":"Hi You"}' })
    expect(form).not.toHaveProperty('Body')
  })

  test('suppress a recipient who opted out', async () => {
    const stopped = await standIn(() => ({ status: 400, body: { code: 21610, status: 400 } }))
    const sender = twilio.open(configure({ baseUrl: stopped.url }), testTools())
    expect(
      await sender.send(sample({ channel: 'sms', address: { kind: 'phone', phone: PHONE } }), neverAborted),
    ).toMatchObject({ outcome: 'refused', forget: 'stop' })
    await stopped.close()
  })

  test('fail verification if the account is suspended', async () => {
    const suspended = await standIn(() => ({ body: { sid: accountSid, status: 'suspended' } }))
    await expect(twilio.open(configure({ baseUrl: suspended.url }), testTools()).verify()).rejects.toThrow(
      'not active',
    )
    await twilio
      .open(configure({ baseUrl: suspended.url, apiKey: 'SK1', apiSecret: 's3' }), testTools())
      .verify()
    expect(suspended.requests.at(-1)?.path).toMatch(/\/Messages\.json\?PageSize=1$/)
    await suspended.close()
  })
})

describe('twilio config', () => {
  const issuesOf = (config: unknown) =>
    problemDetails(twilio.config.safeParse(config).error?.issues ?? []).map(
      ({ pointer, message }) => `${pointer} ${message}`,
    )

  test('reports everything that is missing', () => {
    expect(issuesOf({})).toEqual([
      '/accountSid is missing: the Account SID',
      '/authToken is missing: the auth token, or an apiKey with its apiSecret',
      '/from is missing: the sender, or a messagingServiceSid',
    ])
    expect(issuesOf({ accountSid, apiKey: 'SK1', from: '12345' })).toEqual([
      '/apiSecret is missing: the secret of the apiKey',
    ])
  })

  test('rejects invalid values', () => {
    expect(
      issuesOf({ accountSid: '../x', authToken: 'a\r\nb', from: 'whatsapp:+1', baseUrl: 'ftp://x' }),
    ).toHaveLength(4)
    expect(issuesOf({ accountSid, authToken, from: 'Carillon', colour: 'red' })).toHaveLength(1)
    expect(issuesOf(null)).toHaveLength(1)
  })
})
