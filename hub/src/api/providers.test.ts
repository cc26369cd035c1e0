import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { openHub, type TestHub, type TestTenant } from '../testing/hub.ts'

let test: TestHub
let tenant: TestTenant

beforeAll(async () => {
  test = await openHub()
})
afterAll(() => test.close())
beforeEach(async () => {
  tenant = await test.tenant()
})

const config = { token: 'a-secret-token', host: 'smtp.example' }
const put = (body: unknown, id = 'main') =>
  test.call('PUT', `/v1/providers/${id}`, { token: tenant.key, body })

it('stores an account, and never returns its config', async () => {
  const reply = await put({ provider: 'parrot', config, rate: { perSecond: 5 } })
  expect(reply.status, reply.text).toBe(200)
  const account = {
    id: 'main',
    provider: 'parrot',
    channels: ['sms', 'email'],
    order: 100,
    rate: { perSecond: 5, burst: 1 },
    configured: ['token', 'host'],
  }
  expect(reply.json).toEqual(account)
  expect((await test.call('GET', '/v1/providers/main', { token: tenant.key })).json).toEqual(account)
  const list = await test.call('GET', '/v1/providers', { token: tenant.key })
  expect(list.json).toEqual({ providers: [account] })
  expect(list.text + reply.text).not.toMatch(/a-secret-token|smtp\.example/)
  expect((await test.ports.store.accounts.list(tenant.id))[0]?.config).toEqual(config)
})

it('serves the channels of the account', async () => {
  expect((await put({ provider: 'parrot', config, channels: ['email', 'email'] })).json.channels).toEqual([
    'email',
  ])
  const refused = await put({ provider: 'parrot', config, channels: ['sms', 'push'] })
  expect([refused.status, refused.json.errors]).toEqual([
    422,
    [{ pointer: '/channels/1', message: 'parrot serves sms, email' }],
  ])
})

it('lists the known providers', async () => {
  const { status, json } = await put({ provider: 'pigeon', config })
  expect([status, json.code, json.detail]).toEqual([
    422,
    'provider_unknown',
    'unknown provider; the known ones are flock, mute, parrot',
  ])
})

it('names each setting that is missing, misspelled or invalid', async () => {
  const empty = await put({ provider: 'parrot' })
  expect(empty.json.errors).toEqual([
    { pointer: '/config/token', message: 'is missing' },
    { pointer: '/config/host', message: 'is missing' },
  ])
  const wrong = await put({ provider: 'parrot', config: { token: 'short', hots: 'x', host: 5 } })
  expect(wrong.json.errors?.map(({ pointer }) => pointer).sort()).toEqual([
    '/config/host',
    '/config/hots',
    '/config/token',
  ])
  expect(wrong.text).not.toContain('short"')
  expect(await test.ports.store.accounts.list(tenant.id)).toEqual([])
})

it('rejects URLs that must not be requested, anywhere in a config', async () => {
  const { status, json } = await put({
    provider: 'parrot',
    config: {
      ...config,
      url: 'http://169.254.169.254/',
      hooks: [{ url: 'https://ok.example' }, { url: 'https://127.0.0.1' }],
    },
  })
  expect([status, json.errors?.map(({ pointer }) => pointer)]).toEqual([
    422,
    ['/config/url', '/config/hooks/1/url'],
  ])
})

it('deletes an account, accepts at most 50, and requires the scopes', async () => {
  for (let n = 0; n < 50; n++) expect((await put({ provider: 'parrot', config }, `a${n}`)).status).toBe(200)
  expect((await put({ provider: 'parrot', config }, 'more')).json.code).toBe('quota_exceeded')
  expect((await put({ provider: 'parrot', config }, 'a7')).status).toBe(200)
  expect((await test.call('DELETE', '/v1/providers/a7', { token: tenant.key })).status).toBe(204)
  expect((await test.call('GET', '/v1/providers/a7', { token: tenant.key })).status).toBe(404)
  const reader = await tenant.keyWith('providers:read')
  expect((await test.call('DELETE', '/v1/providers/a8', { token: reader })).status).toBe(403)
  const other = await test.tenant()
  expect((await test.call('GET', '/v1/providers', { token: other.key })).json).toEqual({ providers: [] })
})
