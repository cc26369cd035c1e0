import { afterAll, beforeAll, expect, it } from 'vitest'
import { openHub, type TestHub } from '../testing/hub.ts'

let test: TestHub
beforeAll(async () => {
  test = await openHub()
})
afterAll(() => test.close())

it('stores the settings of a tenant, and PUT accepts what GET returns', async () => {
  const { key, id } = await test.tenant()
  const get = async () => (await test.call('GET', '/v1/tenant', { token: key })).json
  expect(await get()).toEqual({})
  const put = await test.call('PUT', '/v1/tenant', {
    token: key,
    body: { url: 'https://bücher.example/a b' },
  })
  expect([put.status, put.json]).toEqual([200, { url: 'https://xn--bcher-kva.example/a%20b' }])
  expect((await test.ports.cache.tenant(id))?.settings).toEqual(put.json)
  expect(await get()).toEqual(put.json)
  expect((await test.call('PUT', '/v1/tenant', { token: key, body: await get() })).json).toEqual(put.json)
  expect((await test.call('PUT', '/v1/tenant', { token: key, body: {} })).json).toEqual({})
  expect(await get()).toEqual({})
  expect((await test.tenant()).id).not.toBe(id)
})

it.each([
  'app.example',
  '/app',
  '//app.example',
  'ftp://app.example',
  'https://user:secret@app.example',
  'https://app.example/\n',
  'http://app.example',
  '',
  7,
])('rejects %j as the URL of the app', async (url) => {
  const { key } = await test.tenant()
  const reply = await test.call('PUT', '/v1/tenant', { token: key, body: { url } })
  expect([reply.status, reply.json.code, reply.json.errors?.[0]?.pointer]).toEqual([
    422,
    'invalid_request',
    '/url',
  ])
})

it.each([
  [{ countries: ['PT', 'UK'] }, '/otp/countries/1'],
  [{ countries: ['portugal'] }, '/otp/countries/0'],
  [{ countries: [] }, '/otp/countries'],
  [{ prefixes: ['882'] }, '/otp/prefixes/0'],
  [{ perHour: 0 }, '/otp/perHour'],
  [{ perDay: 1.5 }, '/otp/perDay'],
  [{ perMinute: 3 }, '/otp/perMinute'],
])('rejects %j as the limits of one-time passwords', async (otp, pointer) => {
  const { key } = await test.tenant()
  const reply = await test.call('PUT', '/v1/tenant', { token: key, body: { otp } })
  expect([reply.status, reply.json.errors?.[0]?.pointer]).toEqual([422, pointer])
})

it('stores the limits of one-time passwords', async () => {
  const { key } = await test.tenant()
  const otp = {
    countries: ['PT', 'ES'],
    prefixes: ['+882'],
    perHour: 10,
    perDay: 50,
    perAddress: 3,
    perRange: 4,
  }
  expect((await test.call('PUT', '/v1/tenant', { token: key, body: { otp } })).json).toEqual({ otp })
  expect((await test.call('GET', '/v1/tenant', { token: key })).json).toEqual({ otp })
})

it('is guarded by If-Match', async () => {
  const { key } = await test.tenant()
  const put = (match: string, body: object) =>
    test.call('PUT', '/v1/tenant', { token: key, headers: { 'if-match': match }, body })
  const before = (await test.call('GET', '/v1/tenant', { token: key })).headers.get('etag') ?? ''
  const settings = {
    name: 'Acme',
    logo: 'https://acme.example/logo.png',
    colors: { primary: '#1f4fd8' },
    senders: { sms: { from: 'ACME' } },
    timezone: 'Europe/London',
    locale: 'en-GB',
    attributes: { plan: 'pro' },
  }
  const stored = await put(before, settings)
  expect([stored.status, stored.json]).toEqual([200, settings])
  const stale = await put(before, {})
  expect([stale.status, stale.json.code]).toEqual([412, 'precondition_failed'])
  const now = await test.call('GET', '/v1/tenant', { token: key })
  expect([now.json, now.headers.get('etag')]).toEqual([settings, stored.headers.get('etag')])
  expect((await put(now.headers.get('etag') ?? '', {})).json).toEqual({})
})

it('accepts http where insecure links are allowed', async () => {
  const dev = await openHub({ insecureLinks: 'accept' })
  const { key } = await dev.tenant()
  const reply = await dev.call('PUT', '/v1/tenant', { token: key, body: { url: 'http://localhost:3000' } })
  expect(reply.json).toEqual({ url: 'http://localhost:3000/' })
  await dev.close()
})

it('requires its scopes, and rejects user tokens', async () => {
  const { keyWith, userToken } = await test.tenant()
  const reader = await keyWith('tenant:read')
  expect((await test.call('GET', '/v1/tenant', { token: reader })).status).toBe(200)
  expect((await test.call('PUT', '/v1/tenant', { token: reader, body: {} })).json.code).toBe('forbidden')
  expect((await test.call('GET', '/v1/tenant', { token: await userToken('ann') })).status).toBe(401)
})
