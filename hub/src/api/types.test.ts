import { afterAll, beforeAll, expect, it } from 'vitest'
import { openHub, type TestHub } from '../testing/hub.ts'

let test: TestHub
beforeAll(async () => {
  test = await openHub()
})
afterAll(() => test.close())

it('a type whose templates or messages cannot be used is refused, with places and lines', async () => {
  const { key } = await test.tenant()
  const body = {
    content: { title: 'a\n{% if data.amount > 100 nonsense %}{% endif %}' },
    channels: { email: { html: '{{ data.a | nofilter }}' } },
    locales: { pl: { messages: { 'a/b': '{n, plural, one {x}' } } },
  }
  const refused = await test.call('PUT', '/v1/types/order.shipped', { token: key, body })
  expect([refused.status, refused.json.code]).toEqual([422, 'invalid_request'])
  expect(refused.json.errors).toMatchObject([
    { pointer: '/locales/pl/messages/a~1b' },
    { pointer: '/content/title', message: expect.stringContaining('line 2: unexpected nonsense') },
    { pointer: '/channels/email/html', message: 'line 1: undefined filter: nofilter' },
  ])
  expect((await test.call('GET', '/v1/types/order.shipped', { token: key })).status).toBe(404)
})

it('what may be an oversight comes back as a warning', async () => {
  const { key } = await test.tenant()
  const body = {
    schema: { type: 'object', required: ['number'] },
    content: { title: '{{ data.number }} {{ data.day }}' },
    locales: { pt: { messages: { a: 'A' } } },
  }
  const put = await test.call('PUT', '/v1/types/order.shipped', { token: key, body })
  expect([put.status, put.json]).toMatchObject([
    200,
    {
      ...{ key: 'order.shipped', version: 1 },
      warnings: [
        { code: 'maybe_missing', pointer: '/content/title' },
        { code: 'untranslated', pointer: '/content/title', message: 'has no translation to pt' },
      ],
    },
  ])
  const stored = await test.call('GET', '/v1/types/order.shipped', { token: key })
  expect(stored.json).not.toHaveProperty('warnings')
})

it.each([
  [{ schema: { properties: { a: { pattern: '(a)\\1' } } } }, '/schema/properties/a/pattern'],
  [{ schema: { properties: { a: { $ref: '#' } } } }, '/schema/properties/a/$ref'],
  [{ schema: { type: 'object', required: ['number'] }, sample: {} }, '/sample/number'],
])('a schema that cannot be used, or that the sample does not fit, is refused: %j', async (body, pointer) => {
  const { key } = await test.tenant()
  const refused = await test.call('PUT', '/v1/types/order.shipped', { token: key, body })
  expect([refused.status, refused.json.code]).toEqual([422, 'invalid_request'])
  expect(refused.json.errors).toMatchObject([{ pointer }])
})

it('a condition that cannot be used is refused, with its place and the character at fault', async () => {
  const { key } = await test.tenant()
  const body = {
    if: 'data.amount > "a"',
    schema: {
      type: 'object',
      properties: { amount: { type: 'number' } },
      additionalProperties: false,
    },
    plan: [
      { channel: 'email', if: 'data.amount > 100' },
      { channel: 'sms', if: 'user.name == "x" && data.amuont > 1' },
    ],
  }
  const refused = await test.call('PUT', '/v1/types/order.shipped', { token: key, body })
  expect([refused.status, refused.json.code]).toEqual([422, 'invalid_request'])
  expect(refused.json.errors).toMatchObject([
    { pointer: '/if', message: expect.stringMatching(/^character \d+: .*/) },
    { pointer: '/plan/1/if', message: expect.stringMatching(/^character 26: .*amuont/) },
  ])
  const sent = await test.call('POST', '/v1/notifications', {
    token: key,
    body: { to: 'ann', type: 'x', plan: [{ channel: 'email', if: 'nobody.name' }] },
  })
  expect([sent.status, sent.json.errors]).toMatchObject([422, [{ pointer: '/plan/0/if' }]])
})
