import { defaultsMessage, timesMessage } from '@carillon/core/preferences/times-message'
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

/** Makes a request, and returns whether it moves what waits under a key. */
const moving =
  (key: () => string) =>
  async (method: 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<boolean> => {
    const { status, text } = await test.call(method, path, { token: tenant.key, ...(body && { body }) })
    expect(status, text).toBeLessThan(300)
    return (await test.ports.stream.cancel([key()])) === 1
  }
const defaults = (context?: string) => () => defaultsMessage(tenant.id, context, { now: 0 }).schedule!.key

it('moves what waits for all users when defaults or the time zone of the tenant change', async () => {
  const moves = moving(defaults())
  expect(await moves('PUT', '/v1/tenant', { name: 'Acme' })).toBe(false)
  expect(await moves('PUT', '/v1/tenant', { timezone: 'Asia/Tokyo' })).toBe(true)
  const quiet = { timezone: 'Asia/Tokyo', defaults: { channels: { email: 'daily' } } }
  expect(await moves('PUT', '/v1/tenant', quiet)).toBe(true)
  expect(await moves('PUT', '/v1/tenant', { ...quiet, name: 'Acme' })).toBe(false)
})

it('moves what waits in a context when its defaults change or it is deleted', async () => {
  const moves = moving(defaults('org'))
  expect(await moves('PUT', '/v1/contexts/org', { name: 'Org' })).toBe(false)
  expect(await moves('PUT', '/v1/contexts/org', { timezone: 'Asia/Tokyo' })).toBe(true)
  expect(await moves('DELETE', '/v1/contexts/org')).toBe(true)
})

it('moves what waits for a user who changes a frequency, but not for one who switches something off', async () => {
  const moves = moving(() => timesMessage(tenant.id, 'ada', 0).schedule!.key)
  const patch = (body: object) => moves('PATCH', '/v1/users/ada/preferences', body)
  expect(await patch({ channels: { email: 'daily' } })).toBe(true)
  expect(await patch({ channels: { email: 'daily' } })).toBe(false)
  expect(await patch({ channels: { email: null } })).toBe(true)
  expect(await patch({ types: { like: { email: false } } })).toBe(false)
  expect(await patch({ topics: { 'post-7': false } })).toBe(false)
})
