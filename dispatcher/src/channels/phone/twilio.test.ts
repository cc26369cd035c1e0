import { createHash, createHmac } from 'node:crypto'
import { problemDetails } from '@carillon/schemas'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sample, standIn, testTools, unhurried } from '../testing/channel.ts'
import { PHONE, phoneContract } from '../testing/phone.ts'
import { twilio } from './twilio.ts'

const accountSid = `AC${'0'.repeat(32)}`
const authToken = '12345'
const configure = (more: Record<string, unknown> = {}) =>
  twilio.config.parse({ accountSid, authToken, from: '+15005550006', ...more })
/** An error as Twilio's API answers it: https://www.twilio.com/docs/api/errors */
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
  inOrder: { sid: accountSid, status: 'active' },
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
      unhurried,
    )
    expect(result).toEqual({ outcome: 'sent', id: 'SM1' })
    const request = server.requests.at(-1)!
    return { request, form: Object.fromEntries(new URLSearchParams(request.body)) }
  }

  test('an SMS', async () => {
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

  test('an API key and a messaging service in place of token and number', async () => {
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

  test('the last moment is a second', async () => {
    expect((await sent({ expiresAt: Date.now() - 5_000 })).form.ValidityPeriod).toBe('1')
  })

  test('an MMS has its picture; without one it is its text', async () => {
    const image = 'https://app.example/cat.png'
    expect((await sent({ channel: 'mms', content: { body: 'Cat', image } })).form.MediaUrl).toBe(image)
    expect((await sent({ channel: 'mms', content: { body: 'Cat' } })).form).not.toHaveProperty('MediaUrl')
    expect((await sent({ channel: 'sms', content: { body: 'Cat', image } })).form).not.toHaveProperty(
      'MediaUrl',
    )
  })

  test('WhatsApp, as a text or by a template', async () => {
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

  test('who asks for no more messages is remembered', async () => {
    const stopped = await standIn(() => ({ status: 400, body: { code: 21610, status: 400 } }))
    const sender = twilio.open(configure({ baseUrl: stopped.url }), testTools())
    expect(
      await sender.send(sample({ channel: 'sms', address: { kind: 'phone', phone: PHONE } }), unhurried),
    ).toMatchObject({ outcome: 'refused', forget: 'stop' })
    await stopped.close()
  })

  test('an account that is suspended is not in order', async () => {
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
  const complaints = (config: unknown) =>
    problemDetails(twilio.config.safeParse(config).error?.issues ?? []).map(
      ({ pointer, message }) => `${pointer} ${message}`,
    )

  test('names what is missing, all of it', () => {
    expect(complaints({})).toEqual([
      '/accountSid is missing: the Account SID',
      '/authToken is missing: the auth token, or an apiKey with its apiSecret',
      '/from is missing: the sender, or a messagingServiceSid',
    ])
    expect(complaints({ accountSid, apiKey: 'SK1', from: '12345' })).toEqual([
      '/apiSecret is missing: the secret of the apiKey',
    ])
  })

  test('refuses what is none', () => {
    expect(
      complaints({ accountSid: '../x', authToken: 'a\r\nb', from: 'whatsapp:+1', baseUrl: 'ftp://x' }),
    ).toHaveLength(4)
    expect(complaints({ accountSid, authToken, from: 'Carillon', colour: 'red' })).toHaveLength(1)
    expect(complaints(null)).toHaveLength(1)
  })
})

describe('twilio callbacks', () => {
  const url = 'https://hub.example/v1/callbacks/acme/main'
  const sign = (params: Record<string, string>, at = url, key = authToken) =>
    createHmac('sha1', key)
      .update(
        Object.keys(params)
          .sort()
          .reduce((text, name) => `${text}${name}${params[name]}`, at),
      )
      .digest('base64')
  const take = (
    params: Record<string, string> | string,
    { signature, at = url }: { signature?: string; at?: string } = {},
  ) =>
    twilio.callback!(
      {
        method: 'POST',
        url: at,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          ...((signature ?? typeof params !== 'string') && {
            'x-twilio-signature': signature ?? sign(params as Record<string, string>),
          }),
        },
        body: Buffer.from(new URLSearchParams(params).toString()),
      },
      configure(),
      testTools(),
    )

  // The example and vectors that Twilio publishes with its libraries, made with the token 12345.
  const published = {
    CallSid: 'CA1234567890ABCDE',
    Caller: '+14158675309',
    Digits: '1234',
    From: '+14158675309',
    To: '+18005551212',
  }
  const publishedUrl = 'https://mycompany.com/myapp.php?foo=1&bar=2'

  test.each([
    [publishedUrl, 'RSOYDt4T1cUTdK1PDd93/VVr8B8='],
    ['https://mycompany.com:1234/myapp.php?foo=1&bar=2', 'RSOYDt4T1cUTdK1PDd93/VVr8B8='],
    ['http://mycompany.com:1234/myapp.php?foo=1&bar=2', 'Zmvh+3yNM1Phv2jhDCwEM3q5ebU='],
    [publishedUrl, 'kvajT1Ptam85bY51eRf/AJRuM3w='],
    ['http://mycompany.com/myapp.php?foo=1&bar=2', '0ZXoZLH/DfblKGATFgpif+LLRf4='],
    ['https://user:pass@mycompany.com/myapp.php?foo=1&bar=2', 'CukzLTc1tT5dXEDIHm/tKBanW10='],
    [`${publishedUrl}&Body=It's+amazing`, 'dsq4Ehbj6cs+KdTkpF5sSSplOWw='],
  ])('a published signature: %s', async (at, signature) => {
    await expect(take(published, { at, signature })).resolves.toMatchObject({ reports: [] })
  })

  test('published signatures of repeated parameters', async () => {
    const body = 'Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234'
    await take(body, { at: publishedUrl, signature: 'IK+Dwps556ElfBT0I3Rgjkr1wJU=' })
    const two = 'MessagingBinding.Address=%2B1415xxxxxxx&MessagingBinding.Address=%2B1325xxxxxxx'
    await take(two, { at: publishedUrl, signature: '83O6e2vORAoJHUNzJjDWN1jz+BA=' })
  })

  test('a published signature of JSON, by its hash in the URL', async () => {
    const body = '{"property": "value", "boolean": true}'
    const at = `${publishedUrl}&bodySHA256=${createHash('sha256').update(body).digest('hex')}`
    const json = (text: string) =>
      twilio.callback!(
        {
          method: 'POST',
          url: at,
          headers: { 'x-twilio-signature': 'a9nBmqA0ju/hNViExpshrM61xv4=' },
          body: Buffer.from(text),
        },
        configure(),
        testTools(),
      )
    await expect(json(body)).resolves.toBeDefined()
    await expect(json(body.replace('true', 'false'))).rejects.toMatchObject({
      problem: { code: 'forbidden' },
    })
  })

  test('what Twilio has not signed is refused', async () => {
    const params = { MessageSid: 'SM1', MessageStatus: 'delivered' }
    const refused = { problem: { code: 'forbidden', status: 403 } }
    await expect(take(params, { signature: '' })).rejects.toMatchObject(refused)
    await expect(take(params, { signature: sign(params, url, 'other') })).rejects.toMatchObject(refused)
    await expect(take(params, { signature: sign(params), at: `${url}?x=1` })).rejects.toMatchObject(refused)
    await expect(
      take({ ...params, MessageStatus: 'failed' }, { signature: sign(params) }),
    ).rejects.toMatchObject(refused)
    await expect(
      twilio.callback!({ method: 'POST', url, headers: {}, body: Buffer.from('') }, configure(), testTools()),
    ).rejects.toMatchObject(refused)
    await expect(
      twilio.callback!(
        { method: 'POST', url, headers: { 'x-twilio-signature': sign({}, url, '') }, body: Buffer.from('') },
        configure({ authToken: undefined, apiKey: 'SK1', apiSecret: 's3' }),
        testTools(),
      ),
    ).rejects.toMatchObject(refused)
  })

  const status = (MessageStatus: string, more: Record<string, string> = {}) =>
    take({ AccountSid: accountSid, MessageSid: 'SM1', SmsSid: 'SM1', MessageStatus, To: PHONE, ...more })

  test('how far a message has come, in whatever order, however often', async () => {
    for (const early of ['queued', 'sending', 'sent', 'accepted'])
      expect(await status(early)).toEqual({ reports: [] })
    const read = await status('read')
    const delivered = await status('delivered')
    expect(read.reports).toEqual([{ id: 'SM1', state: 'read', at: expect.any(Number) }])
    expect(delivered.reports).toEqual([{ id: 'SM1', state: 'delivered', at: expect.any(Number) }])
    expect(await status('delivered')).toEqual({
      reports: [{ id: 'SM1', state: 'delivered', at: expect.any(Number) }],
    })
  })

  test.each([
    ['undelivered', { ErrorCode: '30003' }, 'unreachable'],
    ['undelivered', { ErrorCode: '30006' }, 'not_mobile'],
    ['failed', { ErrorCode: '63016' }, 'outside_window'],
    ['failed', { ErrorCode: '12345' }, 'twilio_12345'],
    ['failed', {}, 'failed'],
    ['canceled', {}, 'canceled'],
  ])('%s %j failed because %s', async (state, more, reason) => {
    expect((await status(state, more)).reports).toEqual([
      { id: 'SM1', state: 'failed', reason, at: expect.any(Number) },
    ])
  })

  test('failed for a STOP that Twilio knows of', async () => {
    expect((await status('failed', { ErrorCode: '21610' })).reports).toEqual([
      {
        id: 'SM1',
        state: 'failed',
        reason: 'opted_out',
        at: expect.any(Number),
        suppress: { channels: ['sms', 'mms'], address: PHONE, reason: 'stop' },
      },
    ])
  })

  const inbound = (params: Record<string, string>) =>
    take({ MessageSid: 'SM2', SmsStatus: 'received', From: PHONE, To: '+15005550006', ...params })

  test.each([
    'STOP',
    'stopall',
    ' Unsubscribe ',
    'CANCEL',
    'End',
    'QUIT',
    'OptOut',
    'opt out',
    'REVOKE',
    'Stop.',
  ])('%j is a stop', async (Body) => {
    expect(await inbound({ Body })).toEqual({
      reports: [
        {
          at: expect.any(Number),
          suppress: { channels: ['sms', 'mms'], address: PHONE, reason: 'stop' },
        },
      ],
      answer: { status: 200, type: 'text/xml', body: '<Response/>' },
    })
  })

  test.each(['START', 'yes', 'Unstop'])('%j is a start', async (Body) => {
    expect((await inbound({ Body })).reports).toEqual([
      { at: expect.any(Number), restore: { channels: ['sms', 'mms'], address: PHONE } },
    ])
  })

  test('the words of an account of its own', async () => {
    expect((await inbound({ Body: 'Arrêt', OptOutType: 'STOP' })).reports).toMatchObject([
      { suppress: { address: PHONE } },
    ])
    expect((await inbound({ Body: 'STOP', OptOutType: 'HELP' })).reports).toEqual([])
  })

  test('WhatsApp is apart from SMS', async () => {
    expect((await inbound({ From: `whatsapp:${PHONE}`, Body: 'STOP' })).reports).toMatchObject([
      { suppress: { channels: ['whatsapp'], address: PHONE } },
    ])
  })

  test('anything else is nothing to us', async () => {
    for (const Body of ['Please stop calling me', 'Thanks', '', 'END OF STORY'])
      expect((await inbound({ Body })).reports).toEqual([])
    expect((await inbound({ Body: 'STOP', From: '12345' })).reports).toEqual([])
  })
})
