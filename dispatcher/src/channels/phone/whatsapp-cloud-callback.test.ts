import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { PHONE } from '../contract/phone.ts'
import { testTools } from '../testing/channel.ts'
import { whatsappCloud } from './whatsapp-cloud.ts'

const appSecret = 'a0b1c2d3'
const verifyToken = 'open-sesame'
const configure = (more: Record<string, unknown> = {}) =>
  whatsappCloud.config.parse({ phoneNumberId: '106540352242922', accessToken: 'EAAJB', ...more })

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

  test('echo the challenge if the verify token matches', async () => {
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

  test('report message statuses, several at once, in any order and repeated', async () => {
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
  ])('map failed with %j to the reason %s', async (errors, reason) => {
    expect(await take({ statuses: [status('failed', { errors })] })).toEqual([
      { id: 'wamid.HBgL', state: 'failed', reason, at },
    ])
  })

  const message = (more: object) => ({
    messages: [{ from: '14155550123', id: 'wamid.IN', timestamp: '1750030073', ...more }],
  })

  test('report STOP and START, as text or as a button', async () => {
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

  test('ignore unknown entries without affecting the others', async () => {
    expect(
      await take({ errors: [{ code: 1 }] }, { statuses: [{ what: 1 }, status('read')], messages: ['?'] }),
    ).toEqual([{ id: 'wamid.HBgL', state: 'read', at }])
    for (const text of ['', '{', 'null', '{"entry":7}', '{"entry":[{"changes":[{"field":"flows"}]}]}'])
      expect((await deliver(text, sign(text))).reports).toEqual([])
  })

  test('reject an invalid signature', async () => {
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
