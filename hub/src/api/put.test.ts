import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
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

const call = (method: string, path: string, body?: unknown) =>
  test.call(method, path, { token: tenant.key, body })

const account = {
  provider: 'parrot',
  channels: ['email'],
  order: 7,
  config: { token: 'a-secret-token', host: 'smtp.example' },
}

describe('PUT accepts what GET returns', () => {
  it.each([
    ['types', '/v1/types/greeting', { name: 'Greeting', plan: [{ channel: 'email', when: 'unread' }] }],
    ['users', '/v1/users/ann', { name: 'Ann', email: 'ann@example.com', locale: 'pt-BR' }],
    ['provider accounts', '/v1/providers/main', account],
    ['the settings of the tenant', '/v1/tenant', { url: 'https://acme.example' }],
  ])('for %s', async (_, path, body) => {
    expect((await call('PUT', path, body)).status).toBe(200)
    const { json } = await call('GET', path)
    const again = await call('PUT', path, json)
    expect([again.status, again.json]).toEqual([200, json])
    expect((await call('GET', path)).json).toEqual(json)
  })

  it('for devices and suppressions, which are returned in lists only', async () => {
    const destination = { kind: 'webhook', url: 'https://example.com/hook' }
    const device = await call('PUT', '/v1/users/ann/devices/hook', destination)
    const again = await call('PUT', '/v1/users/ann/devices/hook', { ...device.json, url: destination.url })
    expect([again.status, again.json]).toEqual([200, device.json])
    const path = '/v1/suppressions/email/ann@example.com'
    const suppression = await call('PUT', path, { reason: 'bounce' })
    expect(await call('PUT', path, suppression.json)).toMatchObject({
      status: 200,
      json: { reason: 'bounce' },
    })
  })

  it('and ignores read-only properties, whatever their values', async () => {
    const reply = await call('PUT', '/v1/types/greeting', { name: 'Hi', key: 'other', version: 'x' })
    expect([reply.status, reply.json]).toEqual([200, { key: 'greeting', version: 1, name: 'Hi' }])
    expect((await call('PUT', '/v1/types/greeting', { created: 1 })).status).toBe(422)
  })
})

it('PUT keeps the config of an account if the body has none and the provider is unchanged', async () => {
  await call('PUT', '/v1/providers/main', account)
  const { config, ...rest } = account
  expect((await call('PUT', '/v1/providers/main', { ...rest, order: 8 })).json.order).toBe(8)
  expect((await test.ports.store.accounts.list(tenant.id))[0]).toMatchObject({ order: 8, config })
  expect((await call('PUT', '/v1/providers/main', { ...rest, provider: 'flock' })).status).toBe(422)
  expect((await call('PUT', '/v1/providers/new', rest)).json).toMatchObject({ status: 422 })
})

it('reads an older version of a type', async () => {
  for (const name of ['One', 'Two']) await call('PUT', '/v1/types/greeting', { name })
  expect((await call('GET', '/v1/types/greeting')).json).toEqual({ key: 'greeting', version: 2, name: 'Two' })
  expect((await call('GET', '/v1/types/greeting?version=1')).json).toEqual({
    key: 'greeting',
    version: 1,
    name: 'One',
  })
  expect(await call('GET', '/v1/types/greeting?version=3')).toMatchObject({
    status: 404,
    json: { code: 'not_found', detail: 'there is no version 3 of this notification type' },
  })
  for (const version of ['0', 'x', '2147483648'])
    expect((await call('GET', `/v1/types/greeting?version=${version}`)).status).toBe(422)
})
