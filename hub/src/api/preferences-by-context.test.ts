import type { EffectivePreferences } from '@carillon/schemas'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { openHub, type TestHub, type TestTenant } from '../testing/hub.ts'

let test: TestHub
let tenant: TestTenant
let token: string

beforeAll(async () => {
  test = await openHub()
})
afterAll(() => test.close())
beforeEach(async () => {
  tenant = await test.tenant()
  token = await tenant.userToken('ada')
})

const call = (method: 'GET' | 'PATCH', path: string, body?: unknown, headers?: Record<string, string>) =>
  test.call(method, path, { token, ...(body === undefined ? {} : { body }), ...(headers && { headers }) })
const OFF = { categories: { orders: { email: false } } }

describe('preferences in a context', () => {
  it('are apart from those in general and in other contexts', async () => {
    await call('PATCH', '/v1/preferences', { channels: { sms: false } })
    const changed = await call('PATCH', '/v1/preferences?context=org-7', OFF)
    expect([changed.status, changed.json]).toEqual([200, OFF])
    expect((await call('GET', '/v1/preferences?context=org-7')).json).toEqual(OFF)
    expect((await call('GET', '/v1/preferences?context=org-8')).json).toEqual({})
    expect((await call('GET', '/v1/preferences')).json).toEqual({ channels: { sms: false } })
    const byKey = await test.call('PATCH', '/v1/users/ada/preferences?context=org-7', {
      token: tenant.key,
      body: { categories: null, muted: true },
    })
    expect(byKey.json).toEqual({ muted: true })
    const { json } = await test.call<{ changes: object[] }>(
      'GET',
      '/v1/users/ada/preferences/changes?limit=2',
      {
        token: tenant.key,
      },
    )
    expect(json.changes).toMatchObject([
      { via: 'api', context: 'org-7', path: '/muted' },
      { via: 'api', context: 'org-7', path: '/categories' },
    ])
  })

  it.each(['__proto__', 'constructor', 'josé'])('%s is a name like any other', async (name) => {
    const at = `/v1/preferences?context=${encodeURIComponent(name)}`
    expect((await call('GET', at)).json).toEqual({})
    expect((await call('PATCH', at, OFF)).json).toEqual(OFF)
    expect((await call('GET', at)).json).toEqual(OFF)
    expect((await call('GET', '/v1/preferences')).json).toEqual({})
  })

  it.each(['%20', 'a%0Ab', 'x'.repeat(129)])('the context %s is refused', async (name) => {
    expect((await call('PATCH', `/v1/preferences?context=${name}`, OFF)).status).toBe(422)
    expect((await call('GET', `/v1/preferences/effective?context=${name}`)).status).toBe(422)
  })

  it('are told with their context', async () => {
    const deliver = vi.spyOn(test.ports.live, 'deliver')
    await call('PATCH', '/v1/preferences?context=org-7', OFF)
    expect(deliver.mock.calls[0]?.[0]).toEqual([
      {
        ...{ tenant: tenant.id, user: 'ada', event: 'preferences.changed' },
        payload: { via: 'app', context: 'org-7' },
        ...{ to: 'item', context: 'org-7' },
      },
    ])
    deliver.mockRestore()
  })

  it('are changed by one of many writers with the same If-Match', async () => {
    const { headers } = await call('GET', '/v1/preferences?context=org-7')
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        call(
          'PATCH',
          '/v1/preferences?context=org-7',
          { topics: { [`post-${n}`]: false } },
          { 'if-match': headers.get('etag') ?? '' },
        ),
      ),
    )
    const statuses = replies.map(({ status }) => status).sort()
    expect(statuses).toEqual([200, ...Array.from({ length: 19 }, () => 412)])
    const { json } = await call('GET', '/v1/preferences?context=org-7')
    expect(Object.keys(json.topics as object)).toHaveLength(1)
  })

  it('are guarded by If-Match, each document on its own', async () => {
    const general = (await call('GET', '/v1/preferences')).headers.get('etag') ?? ''
    const first = await call('PATCH', '/v1/preferences?context=org-7', OFF, { 'if-match': general })
    expect(first.status).toBe(200)
    const stale = await call(
      'PATCH',
      '/v1/preferences?context=org-7',
      { muted: true },
      { 'if-match': general },
    )
    expect([stale.status, stale.json.code]).toEqual([412, 'precondition_failed'])
    const tag = first.headers.get('etag') ?? ''
    expect((await call('GET', '/v1/preferences?context=org-7')).headers.get('etag')).toBe(tag)
    await call('PATCH', '/v1/preferences?context=org-7', { muted: true }, { 'if-match': tag })
    expect((await call('GET', '/v1/preferences?context=org-7')).json).toEqual({ ...OFF, muted: true })
    expect((await call('PATCH', '/v1/preferences', OFF, { 'if-match': general })).status).toBe(200)
  })

  it('?context= without a value is general preferences, also for a token limited to one context', async () => {
    await call('PATCH', '/v1/preferences?context=', { muted: true })
    await call('PATCH', '/v1/preferences?context=org-7', OFF)
    for (const path of ['', '?context='])
      expect((await call('GET', `/v1/preferences${path}`)).json).toEqual({ muted: true })
    const token = await tenant.userToken('ada', 60, ['org-7'])
    const limited = (method: string, path: string, body?: unknown) =>
      test.call(method, path, { token, ...(body === undefined ? {} : { body }) })
    expect((await limited('GET', '/v1/preferences')).json).toEqual(OFF)
    expect((await limited('GET', '/v1/preferences?context=')).json).toEqual({ muted: true })
    expect((await limited('PATCH', '/v1/preferences', { muted: true })).status).toBe(200)
    expect((await limited('PATCH', '/v1/preferences?context=', OFF)).json.code).toBe('forbidden')
    const users = '/v1/users/ada/preferences'
    for (const path of [users, `${users}?context=`])
      expect((await test.call('GET', path, { token: tenant.key })).json).toEqual({ muted: true })
    for (const path of [`${users}/effective?context=`, `${users}/page?context=`])
      expect((await test.call('GET', path, { token: tenant.key })).status).toBe(200)
  })

  it('and those in general have one limit', async () => {
    const topics = (from: number) =>
      Object.fromEntries(Array.from({ length: 600 }, (_, n) => [`t${from + n}`, false]))
    expect((await call('PATCH', '/v1/preferences', { topics: topics(0) })).status).toBe(200)
    const beyond = await call('PATCH', '/v1/preferences?context=org-7', { topics: topics(0) })
    expect([beyond.status, beyond.json.code]).toEqual([409, 'quota_exceeded'])
    expect((await call('GET', '/v1/preferences?context=org-7')).json).toEqual({})
  })
})

describe('with a token that is limited to contexts', () => {
  const as = async (contexts: string[], method: 'GET' | 'PATCH', path: string, body?: unknown) =>
    test.call(method, path, { token: await tenant.userToken('ada', 60, contexts), ...(body ? { body } : {}) })

  it('preferences are read in general and in these contexts, and changed only in these', async () => {
    await call('PATCH', '/v1/preferences', { channels: { sms: false } })
    await call('PATCH', '/v1/preferences?context=org-8', { muted: true })
    const two = ['org-7', 'org-9']
    expect((await as(two, 'GET', '/v1/preferences')).json).toEqual({ channels: { sms: false } })
    expect((await as(two, 'PATCH', '/v1/preferences?context=org-7', OFF)).json).toEqual(OFF)
    for (const [method, path] of [
      ['GET', '/v1/preferences?context=org-8'],
      ['GET', '/v1/preferences/effective?context=org-8'],
      ['PATCH', '/v1/preferences?context=org-8'],
      ['PATCH', '/v1/preferences'],
    ] as const) {
      const refused = await as(two, method, path, method === 'PATCH' ? { muted: null } : undefined)
      expect([refused.status, refused.json.code], path).toEqual([403, 'forbidden'])
    }
    expect((await call('GET', '/v1/preferences?context=org-8')).json).toEqual({ muted: true })
  })

  it('of one context, that is the default', async () => {
    expect((await as(['org-7'], 'PATCH', '/v1/preferences', OFF)).json).toEqual(OFF)
    expect((await as(['org-7'], 'GET', '/v1/preferences')).json).toEqual(OFF)
    expect((await call('GET', '/v1/preferences?context=org-7')).json).toEqual(OFF)
    expect((await call('GET', '/v1/preferences')).json).toEqual({})
  })
})

describe('what holds in a context', () => {
  const grid = async (query = '') =>
    (await test.call<EffectivePreferences>('GET', `/v1/preferences/effective${query}`, { token })).json
  const email = async (query = '') => {
    const { categories, muted } = await grid(query)
    const { value, by, path } = categories[0]?.types[0]?.channels.email ?? {}
    return [value, by, path, muted]
  }

  it('is the choice there, then in general, then the default there, then the tenant’s', async () => {
    const put = (path: string, body: object) => test.call('PUT', path, { token: tenant.key, body })
    await put('/v1/types/order.shipped', { category: 'orders' })
    expect(await email('?context=org-7')).toEqual([true, 'system', undefined, false])
    await put('/v1/tenant', { defaults: { categories: { orders: { email: 'daily' } } } })
    expect(await email('?context=org-7')).toEqual(['daily', 'tenant', 'categories.orders.email', false])
    await put('/v1/contexts/org-7', { defaults: OFF })
    expect(await email('?context=org-7')).toEqual([false, 'context', 'categories.orders.email', false])
    expect(await email()).toEqual(['daily', 'tenant', 'categories.orders.email', false])
    await call('PATCH', '/v1/preferences', { categories: { orders: { email: 'weekly' } } })
    expect(await email('?context=org-7')).toEqual(['weekly', 'user', 'categories.orders.email', false])
    await call('PATCH', '/v1/preferences?context=org-7', { categories: { orders: { email: true } } })
    expect(await email('?context=org-7')).toEqual([true, 'user_context', 'categories.orders.email', false])
    await call('PATCH', '/v1/preferences?context=org-7', { muted: true })
    expect(await email('?context=org-7')).toEqual([false, 'user_context', 'muted', true])
    expect(await email('?context=org-8')).toEqual(['weekly', 'user', 'categories.orders.email', false])
    const byKey = await test.call<EffectivePreferences>(
      ...(['GET', '/v1/users/ada/preferences/effective?context=org-7', { token: tenant.key }] as const),
    )
    expect(byKey.json).toEqual(await grid('?context=org-7'))
  })
})
