import { createHash } from 'node:crypto'
import { SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { PHONE } from '../contract/phone.ts'
import { testTools } from '../testing/channel.ts'
import { vonage } from './vonage.ts'

const signatureSecret = 'ZYIZnbdV5qhlLEt6wMwq3ifSS9vXNtUvOZRLMMH4hnUkrKQhWm'
const configure = (more: Record<string, unknown> = {}) =>
  vonage.config.parse({ apiKey: 'abcd1234', apiSecret: 's3cret', from: '+447700900001', ...more })

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
  /** Creates a JWT like those of Vonage. */
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

  test('report message statuses, in any order and repeated', async () => {
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
  ])('map %s with %j to the reason %s', async (state, error, reason) => {
    expect((await take({ ...status, status: state, error })).reports).toEqual([
      { id: 'u1', state: 'failed', reason, at: Date.parse(at) },
    ])
  })

  test('suppress a recipient who opted out at Vonage', async () => {
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

  test('report STOP and START', async () => {
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

  test('replace a future timestamp by the current time', async () => {
    const { reports } = await take({ ...status, timestamp: '2999-01-01T00:00:00Z', status: 'delivered' })
    expect(reports[0]?.at).toBeLessThanOrEqual(Date.now())
  })

  test('ignore a signed body that cannot be read', async () => {
    for (const text of ['', 'null', '[]', '{', '{"message_uuid":7}'])
      expect(await deliver(text, `Bearer ${await sign(text)}`)).toEqual({ reports: [] })
  })

  test('reject an invalid or old signature', async () => {
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
