import type { EffectivePreferences, PreferenceChange } from '@carillon/schemas'
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

const patch = (body: unknown) => test.call('PATCH', '/v1/preferences', { token, body })
const get = async () => (await test.call('GET', '/v1/preferences', { token })).text
const changes = async (query = '') =>
  (
    await test.call<{ changes: PreferenceChange[]; next: string | null }>(
      'GET',
      `/v1/users/ada/preferences/changes${query}`,
      { token: tenant.key },
    )
  ).json

describe('preferences', () => {
  it('hold what the user chose, and nothing else', async () => {
    expect(await get()).toBe('{}')
    const { status, json, headers } = await patch({
      categories: { orders: { email: 'daily', push: false } },
      types: { 'order.shipped': { sms: true } },
    })
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(json).toEqual({
      categories: { orders: { email: 'daily', push: false } },
      types: { 'order.shipped': { sms: true } },
    })
    expect((await patch({ categories: { orders: { email: null } }, types: null })).json).toEqual({
      categories: { orders: { push: false } },
    })
    expect((await patch({})).json).toEqual({ categories: { orders: { push: false } } })
  })

  it('have quiet hours by day, a digest time and a snooze', async () => {
    const snoozedUntil = new Date(Date.now() + 3_600_000).toISOString()
    const sat = [['00:00', '24:00']]
    const quietHours = { timezone: 'Europe/Lisbon', days: { mon: [['22:00', '07:00']], sat } }
    const all = { snoozedUntil, digest: { hour: 8, day: 'fri' }, quietHours }
    expect((await patch(all)).json).toEqual(all)
    const { json } = await patch({ quietHours: { days: { sat: null } }, digest: { day: null } })
    expect(json).toEqual({
      snoozedUntil,
      digest: { hour: 8 },
      quietHours: { timezone: 'Europe/Lisbon', days: { mon: [['22:00', '07:00']] } },
    })
    const before = (await changes()).changes.length
    await patch({ quietHours: { days: { mon: [['22:00', '07:00']] } } })
    expect((await changes()).changes).toHaveLength(before)
    expect((await changes()).changes[1]).toMatchObject({ path: '/quietHours/days/sat', value: null })
  })

  it('are snoozed for at most 366 days', async () => {
    const days = (count: number) => new Date(Date.now() + count * 86_400_000).toISOString()
    const { status, json } = await patch({ muted: true, snoozedUntil: days(366.1) })
    expect([status, json.code, json.errors?.[0]?.pointer]).toEqual([422, 'too_far', '/snoozedUntil'])
    expect(await get()).toBe('{}')
    expect((await patch({ snoozedUntil: days(365.9) })).status).toBe(200)
    expect((await patch({ snoozedUntil: null })).json).toEqual({})
  })

  it('show when nothing leaves, and who decides it', async () => {
    const grid = async () => (await test.call('GET', '/v1/preferences/effective', { token })).json
    expect(await grid()).toMatchObject({ digest: { hour: 9, day: 'mon' }, by: { digest: 'system' } })
    const quietHours = { days: { sun: [['00:00', '24:00']] } }
    await test.call('PUT', '/v1/tenant', {
      token: tenant.key,
      body: { defaults: { quietHours, digest: { hour: 7 } } },
    })
    const snoozedUntil = new Date(Date.now() + 3_600_000).toISOString()
    await patch({ snoozedUntil, digest: { day: 'fri' }, muted: true })
    expect(await grid()).toMatchObject({
      ...{ muted: true, snoozedUntil, quietHours, digest: { hour: 7, day: 'fri' } },
      by: { muted: 'user', snoozedUntil: 'user', quietHours: 'tenant', digest: 'user' },
    })
    await patch({ snoozedUntil: new Date(Date.now() - 1).toISOString() })
    expect(await grid()).not.toHaveProperty('snoozedUntil')
  })

  it('include the muted topics of both documents, the channels in use and the time zone', async () => {
    await test.call('PUT', '/v1/users/ada', { token: tenant.key, body: { timezone: 'Asia/Tokyo' } })
    await patch({ topics: { 'post-7': false, 'post-8': true, __proto__x: false } })
    await test.call('PATCH', '/v1/preferences?context=org-7', {
      token,
      body: { topics: { 'post-9': false } },
    })
    const grid = async (query: string) =>
      (await test.call('GET', `/v1/preferences/effective${query}`, { token })).json
    expect(await grid('')).toMatchObject({ timezone: 'Asia/Tokyo', topics: ['__proto__x', 'post-7'] })
    expect(await grid('')).toMatchObject({ channels: expect.arrayContaining(['inbox']) })
    expect(await grid('?context=org-7')).toMatchObject({ topics: ['__proto__x', 'post-7', 'post-9'] })
  })

  it('survive concurrent changes of different choices', async () => {
    const channels = ['email', 'sms', 'push', 'slack', 'teams']
    await Promise.all(channels.map((channel) => patch({ categories: { orders: { [channel]: false } } })))
    expect(JSON.parse(await get())).toEqual({
      categories: { orders: Object.fromEntries(channels.map((channel) => [channel, false])) },
    })
  })

  it('have names that are words of JavaScript', async () => {
    const body =
      '{"categories":{"__proto__":{"email":false},"constructor":{"all":false}},"topics":{"__proto__":false}}'
    expect((await patch(body)).text).toBe(body)
    expect(JSON.parse(await get())).toEqual(JSON.parse(body))
    expect((await patch('{"categories":{"__proto__":null}}')).text).not.toContain('"__proto__":{')
  })

  it('refuse what has no meaning, with its place, and change nothing', async () => {
    const { status, json } = await patch({
      muted: true,
      until: null,
      types: { 'a.b': { pigeon: true } },
    })
    expect(status).toBe(422)
    expect(json.errors?.map(({ pointer }) => pointer)).toEqual(['/until', '/types/a.b/pigeon'])
    expect((await patch([])).status).toBe(422)
    const many = Object.fromEntries(Array.from({ length: 1_001 }, (_, n) => [`t${n}`, false]))
    expect((await patch({ topics: many })).json.detail).toContain('at most 1000 choices')
    expect(await get()).toBe('{}')
  })

  it('are on record with time, way and author, and only what changed', async () => {
    await patch({ channels: { sms: false } })
    await patch({ channels: { sms: false }, types: null })
    await test.call('PATCH', '/v1/users/ada/preferences', { token: tenant.key, body: { channels: null } })
    const { changes: all, next } = await changes()
    const keyId = tenant.key.split('.')[1]
    expect(all).toEqual([
      { at: expect.any(String), via: 'api', by: keyId, path: '/channels', value: null },
      { at: expect.any(String), via: 'app', by: 'ada', path: '/channels/sms', value: false },
    ])
    expect(next).toBeNull()
    const first = await changes('?limit=1')
    expect((await changes(`?limit=1&after=${first.next}`)).changes).toEqual([all[1]])
  })

  it('are told to every tab of the user, once they changed', async () => {
    const deliver = vi.spyOn(test.ports.live, 'deliver')
    await patch({ muted: true })
    await patch({ muted: true })
    expect(deliver.mock.calls).toEqual([
      [
        [
          {
            ...{ tenant: tenant.id, user: 'ada', event: 'preferences.changed' },
            ...{ payload: { via: 'app' }, to: 'all' },
          },
        ],
      ],
    ])
    deliver.mockRestore()
  })

  it('of an erased user are refused', async () => {
    await test.ports.store.users.remove(tenant.id, 'ada')
    const byKey = await test.call('PATCH', '/v1/users/ada/preferences', {
      token: tenant.key,
      body: { muted: true },
    })
    expect(byKey.json.code).toBe('erased')
    expect((await patch({ muted: true })).status).toBe(401)
  })

  it('show what holds for each category and type, who decides it, and what has no switch', async () => {
    const put = (key: string, body: object) =>
      test.call('PUT', `/v1/types/${key}`, { token: tenant.key, body })
    await put('news.weekly', { category: 'news', name: 'Weekly' })
    await put('invoice', { category: 'billing', optOut: false })
    await put('alarm', { critical: true })
    await test.call('PUT', '/v1/tenant', {
      token: tenant.key,
      body: { defaults: { categories: { news: { email: false } } } },
    })
    await patch({ types: { 'news.weekly': { push: 'daily' } }, channels: { sms: false } })
    const { json } = await test.call<EffectivePreferences>('GET', '/v1/preferences/effective', { token })
    const [billing, news] = json.categories
    expect([billing?.key, news?.key, json.muted]).toEqual(['billing', 'news', false])
    expect(news?.channels).toMatchObject({
      email: { value: false, by: 'tenant', path: 'categories.news.email', locked: false },
      sms: { value: false, by: 'user', path: 'channels.sms' },
      push: { value: true, by: 'system' },
    })
    expect(news?.types[0]).toMatchObject({
      key: 'news.weekly',
      name: 'Weekly',
      channels: { push: { value: 'daily', by: 'user', path: 'types.news.weekly.push' } },
    })
    expect(billing?.channels.sms).toEqual({ value: true, by: 'type', locked: true })
    expect(billing?.types[0]?.channels.sms).toEqual({ value: true, by: 'type', locked: true })
    expect(json.types[0]).toMatchObject({ key: 'alarm', channels: { sms: { value: true, locked: true } } })
    const byKey = await test.call('GET', '/v1/users/ada/preferences/effective', { token: tenant.key })
    expect(byKey.json).toEqual(json)
  })

  it('need scopes of their own', async () => {
    const reader = await tenant.keyWith('preferences:read', 'users:write')
    const path = '/v1/users/ada/preferences'
    expect((await test.call('GET', path, { token: reader })).status).toBe(200)
    expect((await test.call('PATCH', path, { token: reader, body: {} })).status).toBe(403)
  })
})
