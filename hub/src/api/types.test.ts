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
    { pointer: '/content/title', message: expect.stringContaining('line 2, column 1: unexpected nonsense') },
    { pointer: '/channels/email/html', message: 'line 1, column 1: undefined filter: nofilter' },
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

const api = async () => {
  const { key } = await test.tenant()
  return (method: string, path: string, body?: unknown, ifMatch?: string) =>
    test.call(method, `/v1/types/${path}`, {
      token: key,
      ...(body === undefined ? {} : { body }),
      ...(ifMatch === undefined ? {} : { headers: { 'if-match': ifMatch } }),
    })
}

it('every version is listed and can be published again', async () => {
  const call = await api()
  for (const name of ['one', 'two', 'two', 'three']) await call('PUT', 'x', { name })
  const list = await call('GET', 'x/versions?limit=2')
  expect(list.json).toMatchObject({
    versions: [
      { version: 3, publishedAt: expect.any(String), publishedBy: expect.any(String) },
      { version: 2 },
    ],
  })
  const rest = await call('GET', `x/versions?limit=2&before=${list.json.next}`)
  expect(rest.json).toMatchObject({ versions: [{ version: 1 }], next: null })
  expect((await call('POST', 'x/rollback', { version: 1 })).json).toEqual({
    key: 'x',
    name: 'one',
    version: 4,
  })
  expect((await call('POST', 'x/rollback', { version: 9 })).status).toBe(404)
  expect((await call('GET', 'x?version=2')).json).toMatchObject({ name: 'two', version: 2 })
  expect((await call('GET', 'none/versions')).status).toBe(404)
})

it('a draft is not in force until it is published', async () => {
  const call = await api()
  await call('PUT', 'x', { name: 'one' })
  expect((await call('GET', 'x?version=draft')).status).toBe(404)
  expect((await call('POST', 'x/publish')).status).toBe(404)
  expect((await call('PUT', 'x?draft=true', { name: 'two' })).json).toEqual({
    key: 'x',
    name: 'two',
    version: 0,
  })
  expect((await call('PUT', 'x?draft=true', { if: 'nonsense(' })).status).toBe(422)
  const draft = await call('GET', 'x?version=draft')
  expect(draft.json).toMatchObject({ name: 'two', version: 0 })
  expect((await call('GET', 'x')).json).toMatchObject({ name: 'one', version: 1 })
  const published = await call('POST', 'x/publish', undefined, draft.headers.get('etag') ?? '')
  expect(published.json).toEqual({ key: 'x', name: 'two', version: 2 })
  expect((await call('GET', 'x?version=draft')).status).toBe(404)
  await call('PUT', 'x?draft=true', { name: 'three' })
  expect((await call('DELETE', 'x?draft=true')).status).toBe(204)
  expect((await call('GET', 'x?version=draft')).status).toBe(404)
  expect((await call('GET', 'x')).json).toMatchObject({ version: 2 })
})

it('If-Match guards every write against changes that the writer has not seen', async () => {
  const call = await api()
  const first = await call('PUT', 'x', { name: 'one' })
  const old = first.headers.get('etag') ?? ''
  expect((await call('GET', 'x')).headers.get('etag')).toBe(old)
  expect((await call('PUT', 'x', { name: 'two' }, old)).status).toBe(200)
  const draft = await call('PUT', 'x?draft=true', { name: 'a' })
  const seen = draft.headers.get('etag') ?? ''
  expect((await call('PUT', 'x?draft=true', { name: 'b' }, seen)).status).toBe(200)
  const stale = [
    await call('PUT', 'x', { name: 'three' }, old),
    await call('POST', 'x/rollback', { version: 1 }, old),
    await call('DELETE', 'x', undefined, old),
    await call('PUT', 'x?draft=true', { name: 'c' }, seen),
    await call('POST', 'x/publish', undefined, seen),
    await call('DELETE', 'x?draft=true', undefined, seen),
    await call('PUT', 'new', { name: 'three' }, '*'),
  ]
  for (const { status, json } of stale) expect([status, json.code]).toEqual([412, 'precondition_failed'])
  expect((await call('GET', 'x')).json).toMatchObject({ name: 'two', version: 2 })
  expect((await call('GET', 'x?version=draft')).json).toMatchObject({ name: 'b' })
  expect((await call('PUT', 'x', { name: 'three' }, `"7", ${etagOf(2)}`)).status).toBe(200)
})

const etagOf = (version: number) => `"${version}"`

it('a deleted type is unknown; defined again, it continues its versions', async () => {
  const call = await api()
  await call('PUT', 'x', { name: 'one' })
  expect((await call('DELETE', 'x')).status).toBe(204)
  expect((await call('DELETE', 'x')).status).toBe(204)
  for (const path of ['x', 'x?version=1', 'x/versions']) expect((await call('GET', path)).status).toBe(404)
  expect((await call('POST', 'x/rollback', { version: 1 })).status).toBe(404)
  expect((await call('PUT', 'x', { name: 'one' })).json).toMatchObject({ version: 3 })
  expect((await call('GET', 'x/versions')).json).toMatchObject({
    versions: [{ version: 3 }, { version: 2, deleted: true }, { version: 1 }],
  })
})

it('refuses a step that waits for what the schema does not describe as a date', async () => {
  const { key } = await test.tenant()
  const put = (from: string) =>
    test.call('PUT', '/v1/types/event.invited', {
      token: key,
      body: {
        schema: { type: 'object', properties: { startsAt: { type: 'string', format: 'date-time' }, at: {} } },
        plan: [{ channel: 'email', when: 'unread', after: { from, offset: '-PT1H' } }],
      },
    })
  expect((await put('data.startsAt')).status).toBe(200)
  for (const from of ['data.at', 'data.endsAt']) {
    const { status, json } = await put(from)
    expect([status, json.errors]).toMatchObject([422, [{ pointer: '/plan/0/after/from' }]])
  }
})
