import { problemDetails } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import { PHONE, phoneContract } from '../contract/phone.ts'
import { neverAborted, sample, standIn, testTools } from '../testing/channel.ts'
import { vonage } from './vonage.ts'

const configure = (more: Record<string, unknown> = {}) =>
  vonage.config.parse({ apiKey: 'abcd1234', apiSecret: 's3cret', from: '+447700900001', ...more })
/** An error response (RFC 7807): https://developer.vonage.com/en/api-errors */
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
  checked: { value: 10.28, autoReload: false },
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
    expect(await sender.send(out, neverAborted)).toEqual({ outcome: 'sent', id: 'u1' })
    await server.close()
    return { request: server.requests[0]!, out }
  }

  test('contain the parameters of an SMS', async () => {
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

  test('name the sender of the context', async () => {
    const { request } = await sent({ content: { body: 'You' }, sender: { number: '+351911111111' } })
    expect(request.json).toMatchObject({ from: '351911111111' })
  })

  test('respect the limits of the API', async () => {
    const soon = await sent({ content: { body: 'a'.repeat(5_000) }, expiresAt: Date.now() })
    expect(soon.request.json.text).toHaveLength(1_000)
    expect(soon.request.json.ttl).toBe(20)
    const late = await sent({ expiresAt: Date.now() + 90 * 86_400_000 }, testTools({ publicUrl: undefined }))
    expect(late.request.json.ttl).toBe(604_800)
    expect(late.request.json).not.toHaveProperty('webhook_url')
  })

  test('the config reports everything that is missing', () => {
    expect(problemDetails(vonage.config.safeParse({}).error?.issues ?? [])).toEqual([
      { pointer: '/apiKey', message: 'is missing: the API key' },
      { pointer: '/apiSecret', message: 'is missing: the API secret' },
      { pointer: '/from', message: 'is missing: the sender' },
    ])
  })
})
