import { createHash, createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { PHONE } from '../contract/phone.ts'
import { testTools } from '../testing/channel.ts'
import { twilio } from './twilio.ts'

const accountSid = `AC${'0'.repeat(32)}`
const authToken = '12345'
const configure = (more: Record<string, unknown> = {}) =>
  twilio.config.parse({ accountSid, authToken, from: '+15005550006', ...more })

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

  // The example and test vectors of Twilio's libraries, with the auth token 12345.
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
  ])('accept a published signature: %s', async (at, signature) => {
    await expect(take(published, { at, signature })).resolves.toMatchObject({ reports: [] })
  })

  test('accept published signatures with repeated parameters', async () => {
    const body = 'Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234'
    await take(body, { at: publishedUrl, signature: 'IK+Dwps556ElfBT0I3Rgjkr1wJU=' })
    const two = 'MessagingBinding.Address=%2B1415xxxxxxx&MessagingBinding.Address=%2B1325xxxxxxx'
    await take(two, { at: publishedUrl, signature: '83O6e2vORAoJHUNzJjDWN1jz+BA=' })
  })

  test('accept a published signature of JSON, with its hash in the URL', async () => {
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

  test('reject an invalid signature', async () => {
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

  test('report message statuses, in any order and repeated', async () => {
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
  ])('map %s with %j to the reason %s', async (state, more, reason) => {
    expect((await status(state, more)).reports).toEqual([
      { id: 'SM1', state: 'failed', reason, at: expect.any(Number) },
    ])
  })

  test('suppress a recipient who opted out at Twilio', async () => {
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
  ])('report %j as an opt-out', async (Body) => {
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

  test.each(['START', 'yes', 'Unstop'])('report %j as an opt-in', async (Body) => {
    expect((await inbound({ Body })).reports).toEqual([
      { at: expect.any(Number), restore: { channels: ['sms', 'mms'], address: PHONE } },
    ])
  })

  test('recognize keywords of the account itself', async () => {
    expect((await inbound({ Body: 'Arrêt', OptOutType: 'STOP' })).reports).toMatchObject([
      { suppress: { address: PHONE } },
    ])
    expect((await inbound({ Body: 'STOP', OptOutType: 'HELP' })).reports).toEqual([])
  })

  test('do not report an opt-out on WhatsApp for SMS', async () => {
    expect((await inbound({ From: `whatsapp:${PHONE}`, Body: 'STOP' })).reports).toMatchObject([
      { suppress: { channels: ['whatsapp'], address: PHONE } },
    ])
  })

  test('ignore other messages', async () => {
    for (const Body of ['Please stop calling me', 'Thanks', '', 'END OF STORY'])
      expect((await inbound({ Body })).reports).toEqual([])
    expect((await inbound({ Body: 'STOP', From: '12345' })).reports).toEqual([])
  })
})
