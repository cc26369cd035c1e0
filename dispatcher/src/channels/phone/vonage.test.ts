import { createHash } from 'node:crypto'
import { problemDetails } from '@carillon/schemas'
import { SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { sample, standIn, testTools, unhurried } from '../testing/channel.ts'
import { PHONE, phoneContract } from '../testing/phone.ts'
import { vonage } from './vonage.ts'

const signatureSecret = 'ZYIZnbdV5qhlLEt6wMwq3ifSS9vXNtUvOZRLMMH4hnUkrKQhWm'
const configure = (more: Record<string, unknown> = {}) =>
  vonage.config.parse({ apiKey: 'abcd1234', apiSecret: 's3cret', from: '+447700900001', ...more })
/** RFC 7807, as https://developer.vonage.com/en/api-errors shows it. */
const problem = (code: string, title: string, more = {}) => ({
  type: `https://developer.vonage.com/api-errors/messages#${code}`,
  title,
  detail: `Something about ${PHONE}`,
  instance: 'bf0ca0bf927b3b52e3cb03217e1a1ddf',
  ...more,
})
const invalid = (name: string) =>
  problem('1150', 'Invalid params', { invalid_parameters: [{ name, reason: `${PHONE} is not valid` }] })

phoneContract({
  provider: vonage,
  config: (url) => configure({ baseUrl: url, accountUrl: url }),
  channel: 'sms',
  accepted: { status: 202, body: { message_uuid: 'aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab' } },
  id: 'aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab',
  inOrder: { value: 10.28, autoReload: false },
  errors: [
    [401, problem('unauthorized', 'You did not provide correct credentials.'), 'account', 'not_authorized'],
    [402, problem('low-balance', 'Low balance'), 'account', 'not_authorized'],
    [403, problem('forbidden', 'Forbidden'), 'account', 'not_authorized'],
    [422, invalid('to'), 'refused', 'invalid_number'],
    [422, invalid('text'), 'refused', 'invalid_content'],
    [422, invalid('from'), 'account', 'invalid_sender'],
    [422, invalid(PHONE), 'refused', 'refused'],
    [422, problem('1170', 'Invalid or missing MSISDN'), 'refused', 'invalid_number'],
    [422, problem('1120', 'Illegal sender'), 'account', 'invalid_sender'],
    [422, problem('1040', 'Invalid message'), 'refused', 'unreachable'],
    [429, problem('rate-limit', 'Rate limit hit'), 'retry', 'rate_limited'],
    [429, problem('1000', 'Throttled'), 'retry', 'rate_limited', 'account'],
    [403, problem('1070', 'Quota'), 'account', 'quota'],
    [422, problem('1240', 'Illegal Number'), 'refused', 'opted_out'],
    [500, problem('1030', 'Internal error'), 'retry', 'provider_error'],
  ],
})

describe('vonage requests', () => {
  const sent = async (message: Parameters<typeof sample>[0] = {}, tools = testTools()) => {
    const server = await standIn(() => ({ status: 202, body: { message_uuid: 'u1' } }))
    const sender = vonage.open(configure({ baseUrl: server.url }), tools)
    const out = sample({ channel: 'sms', address: { kind: 'phone', phone: PHONE }, ...message })
    expect(await sender.send(out, unhurried)).toEqual({ outcome: 'sent', id: 'u1' })
    await server.close()
    return { request: server.requests[0]!, out }
  }

  test('an SMS', async () => {
    const { request, out } = await sent({ content: { title: 'Hi', body: 'You' } })
    expect(request.path).toBe('/v1/messages')
    expect(request.headers.authorization).toBe(`Basic ${Buffer.from('abcd1234:s3cret').toString('base64')}`)
    expect(request.json).toEqual({
      channel: 'sms',
      message_type: 'text',
      to: '14155550123',
      from: '447700900001',
      text: 'Hi\nYou',
      client_ref: out.key,
      ttl: expect.any(Number),
      webhook_url: 'https://hub.example/v1/callbacks/acme/main',
      webhook_version: 'v1',
    })
    expect(request.json.ttl).toBeGreaterThan(3_500)
  })

  test('within what the API takes', async () => {
    const soon = await sent({ content: { body: 'a'.repeat(5_000) }, expiresAt: Date.now() })
    expect(soon.request.json.text).toHaveLength(1_000)
    expect(soon.request.json.ttl).toBe(20)
    const late = await sent({ expiresAt: Date.now() + 90 * 86_400_000 }, testTools({ publicUrl: undefined }))
    expect(late.request.json.ttl).toBe(604_800)
    expect(late.request.json).not.toHaveProperty('webhook_url')
  })

  test('the config names what is missing, all of it', () => {
    expect(problemDetails(vonage.config.safeParse({}).error?.issues ?? [])).toEqual([
      { pointer: '/apiKey', message: 'is missing: the API key' },
      { pointer: '/apiSecret', message: 'is missing: the API secret' },
      { pointer: '/from', message: 'is missing: the sender' },
    ])
  })
})

describe('vonage callbacks', () => {
  const at = '2026-01-01T14:00:00.000Z'
  const status = {
    message_uuid: 'u1',
    to: '14155550123',
    from: '447700900001',
    timestamp: at,
    channel: 'sms',
    usage: { currency: 'EUR', price: '0.0333' },
  }
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
  /** A JWT as Vonage makes it. */
  const sign = (
    text: string,
    { secret = signatureSecret, alg = 'HS256', iat = Date.now() / 1_000, claims = {} } = {},
  ) =>
    new SignJWT({
      iss: 'Vonage',
      jti: 'c5ba8f24-1a14-4c10-bfdf-3fbe8ce511b5',
      payload_hash: sha256(text),
      api_key: 'abcd1234',
      application_id: 'aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab',
      ...claims,
    })
      .setProtectedHeader({ alg, typ: 'JWT' })
      .setIssuedAt(Math.floor(iat))
      .sign(new TextEncoder().encode(secret))
  const deliver = (text: string, authorization: string, config = configure({ signatureSecret })) =>
    vonage.callback!(
      {
        method: 'POST',
        url: 'https://hub.example/v1/callbacks/acme/main',
        headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
        body: Buffer.from(text),
      },
      config,
      testTools(),
    )
  const take = async (webhook: unknown) => {
    const text = JSON.stringify(webhook)
    return deliver(text, `Bearer ${await sign(text)}`)
  }

  test('how far a message has come, in whatever order, however often', async () => {
    expect(await take({ ...status, status: 'delivered' })).toEqual({
      reports: [{ id: 'u1', state: 'delivered', at: Date.parse(at) }],
    })
    expect(await take({ ...status, status: 'submitted' })).toEqual({ reports: [] })
    expect(await take({ ...status, status: 'delivered' })).toEqual({
      reports: [{ id: 'u1', state: 'delivered', at: Date.parse(at) }],
    })
  })

  test.each([
    [
      'rejected',
      { type: 'https://developer.vonage.com/api-errors/messages#1170', title: 1170 },
      'invalid_number',
    ],
    ['undeliverable', { type: 'https://developer.vonage.com/api-errors', title: '1180' }, 'unreachable'],
    [
      'rejected',
      { type: 'https://developer.vonage.com/api-errors/messages#1999', title: 'x' },
      'vonage_1999',
    ],
    ['rejected', undefined, 'rejected'],
  ])('%s %j failed because %s', async (state, error, reason) => {
    expect((await take({ ...status, status: state, error })).reports).toEqual([
      { id: 'u1', state: 'failed', reason, at: Date.parse(at) },
    ])
  })

  test('failed for a STOP that Vonage knows of', async () => {
    const error = { type: 'https://developer.vonage.com/api-errors/messages#1240', title: 'Illegal Number' }
    expect((await take({ ...status, status: 'rejected', error })).reports).toEqual([
      {
        id: 'u1',
        state: 'failed',
        reason: 'opted_out',
        at: Date.parse(at),
        suppress: { channels: ['sms', 'mms'], address: PHONE, reason: 'stop' },
      },
    ])
  })

  test('STOP and START', async () => {
    const inbound = { ...status, from: '14155550123', to: '447700900001', message_type: 'text' }
    expect((await take({ ...inbound, text: 'Stop' })).reports).toEqual([
      {
        at: Date.parse(at),
        suppress: { channels: ['sms', 'mms'], address: PHONE, reason: 'stop' },
      },
    ])
    expect((await take({ ...inbound, text: 'START' })).reports).toEqual([
      { at: Date.parse(at), restore: { channels: ['sms', 'mms'], address: PHONE } },
    ])
    expect((await take({ ...inbound, text: 'Stop it!' })).reports).toEqual([])
    expect((await take({ ...inbound, from: 'ACME', text: 'STOP' })).reports).toEqual([])
  })

  test('a moment to come is now', async () => {
    const { reports } = await take({ ...status, timestamp: '2999-01-01T00:00:00Z', status: 'delivered' })
    expect(reports[0]?.at).toBeLessThanOrEqual(Date.now())
  })

  test('what is signed but says nothing to us', async () => {
    for (const text of ['', 'null', '[]', '{', '{"message_uuid":7}'])
      expect(await deliver(text, `Bearer ${await sign(text)}`)).toEqual({ reports: [] })
  })

  test('what Vonage has not signed for this body, or long ago, is refused', async () => {
    const text = JSON.stringify({ ...status, status: 'delivered' })
    const refused = { problem: { code: 'forbidden', status: 403 } }
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(
      JSON.stringify({ payload_hash: sha256(text), iat: Math.floor(Date.now() / 1_000) }),
    ).toString('base64url')}.`
    const forged = [
      '',
      'Bearer nonsense',
      'Basic YTpi',
      `Bearer ${none}`,
      `Bearer ${await sign(text, { secret: `${signatureSecret}x` })}`,
      `Bearer ${await sign(text, { alg: 'HS512' })}`,
      `Bearer ${await sign(`${text} `)}`,
      `Bearer ${await sign(text, { claims: { payload_hash: undefined } })}`,
      `Bearer ${await sign(text, { iat: Date.now() / 1_000 - 2 * 86_400 })}`,
      `Bearer ${await sign(text, { iat: Date.now() / 1_000 + 3_600 })}`,
    ]
    for (const authorization of forged)
      await expect(deliver(text, authorization)).rejects.toMatchObject(refused)
    await expect(deliver(text, `Bearer ${await sign(text)}`, configure())).rejects.toMatchObject(refused)
  })
})
