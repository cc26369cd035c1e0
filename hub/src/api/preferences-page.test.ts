import { makePreferencesUrl } from '@carillon/core/delivery/preferences-link'
import { makeUnsubscribeUrl } from '@carillon/core/delivery/unsubscribe-link'
import type { PreferenceChange } from '@carillon/schemas'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { PageData } from '../preferences/page-data.ts'
import { openHub, type TestHub, type TestTenant } from '../testing/hub.ts'

let test: TestHub
let tenant: TestTenant
beforeAll(async () => {
  test = await openHub({ publicUrl: 'https://hub.example/notify' })
})
afterAll(() => test.close())
beforeEach(async () => {
  tenant = await test.tenant()
})

const linkFor = async (user = 'ada', query = '') =>
  (
    await test.call<{ url: string; expiresAt: string }>('GET', `/v1/users/${user}/preferences/page${query}`, {
      token: tenant.key,
    })
  ).json
const tokenOf = ({ url }: { url: string }) => url.slice(url.indexOf('#') + 1)
const data = (token: string) => test.call<PageData>('GET', '/preferences/data', { token })
const patch = (token: string, body: unknown) =>
  test.call<PageData>('PATCH', '/preferences/data', { token, body })
const preferences = async (query = '') =>
  (await test.call('GET', `/v1/users/ada/preferences${query}`, { token: tenant.key })).json
const put = (path: string, body: unknown) => test.call('PUT', path, { token: tenant.key, body })

describe('the link to the preferences page', () => {
  it('is made for the user and for backends, has its token in the fragment, and has an expiry', async () => {
    const own = await test.call<{ url: string }>('GET', '/v1/preferences/page', {
      token: await tenant.userToken('ada'),
    })
    expect([own.status, own.headers.get('cache-control')]).toEqual([200, 'no-store'])
    const { url, expiresAt } = await linkFor()
    for (const each of [own.json.url, url])
      expect(each).toMatch(/^https:\/\/hub\.example\/notify\/preferences#[\w-]+\.[\w-]+\.[\w-]+$/)
    expect(Math.abs(Date.parse(expiresAt) - Date.now() - 3_600_000)).toBeLessThan(10_000)
  })

  it('does no more than a token that is limited to contexts', async () => {
    const link = async (contexts: string[], query = '') =>
      test.call<{ url: string }>('GET', `/v1/preferences/page${query}`, {
        token: await tenant.userToken('ada', 60, contexts),
      })
    const own = await link(['team-7'])
    expect((await patch(tokenOf(own.json), { muted: true })).status).toBe(200)
    expect([await preferences(), await preferences('?context=team-7')]).toEqual([{}, { muted: true }])
    expect((await link(['team-7', 'team-8'])).json.code).toBe('forbidden')
    expect((await link(['team-7'], '?context=team-8')).json.code).toBe('forbidden')
  })

  it('needs the scope to write, because whoever has it can change preferences', async () => {
    const reader = await tenant.keyWith('preferences:read')
    expect((await test.call('GET', '/v1/users/ada/preferences/page', { token: reader })).status).toBe(403)
  })

  it('opens preferences and nothing else', async () => {
    const token = tokenOf(await linkFor())
    for (const { method, path, access, internal } of test.hub.routes) {
      if (access.kind === 'page' || access.kind === 'open' || internal) continue
      const refused = await test.call(method.toUpperCase(), path.replaceAll(/\{\w+\}/g, 'x'), { token })
      expect([refused.status, refused.json.code], `${method} ${path}`).toEqual([401, 'unauthenticated'])
    }
  })

  it('is the only one that opens the page: no other token does', async () => {
    const unsubscribe = await makeUnsubscribeUrl(
      test.ports.seal,
      'https://hub.example',
      { tenant: tenant.id, user: 'ada', channel: 'email', categories: ['news'], types: [] },
      Date.now(),
    )
    const link = tokenOf(await linkFor())
    const others = [
      await tenant.userToken('ada'),
      tenant.key,
      unsubscribe.split('/').at(-1) ?? '',
      link.slice(0, -6),
    ]
    for (const token of others) {
      expect((await data(token)).json).toMatchObject({ status: 401, code: 'unauthenticated' })
      expect((await patch(token, { muted: true })).status).toBe(401)
    }
    const old = await makePreferencesUrl(
      test.ports.seal,
      'https://hub.example',
      { tenant: tenant.id, user: 'ada' },
      { seconds: 60, now: Date.now() - 61_000 },
    )
    const { json } = await data(tokenOf({ url: old }))
    expect([json.code, json.detail]).toEqual(['token_expired', 'the link has expired; open a newer one'])
    expect(await preferences()).toEqual({})
  })

  it('is void once its user is erased', async () => {
    const token = tokenOf(await linkFor())
    await test.ports.store.users.remove(tenant.id, 'ada')
    expect((await data(token)).status).toBe(401)
    expect((await patch(token, { muted: true })).status).toBe(401)
  })
})

describe('the data of the page', () => {
  it('has the preferences, the channels in use, the brand and the language', async () => {
    await put('/v1/types/order.shipped', {
      category: 'orders',
      plan: [
        { channel: 'sms', when: 'always', after: 0 },
        { channel: 'webhook', when: 'always', after: 0 },
      ],
    })
    await put('/v1/tenant', { name: 'Acme', colors: { primary: '#1f4fd8' }, logo: 'https://a.example/l.png' })
    await put('/v1/users/ada', { locale: 'pt-BR' })
    const { json } = await data(tokenOf(await linkFor()))
    expect(json).toMatchObject({
      ...{ own: {}, sample: false, locale: 'pt-BR' },
      brand: { name: 'Acme', colors: { primary: '#1f4fd8' }, logo: 'https://a.example/l.png' },
      grid: { channels: ['inbox', 'sms'], categories: [{ key: 'orders' }] },
    })
  })

  it('changes choices, records that the page made them, and returns what holds then', async () => {
    await put('/v1/types/order.shipped', { category: 'orders' })
    const token = tokenOf(await linkFor())
    const { json } = await patch(token, {
      categories: { orders: { email: false } },
      channels: { sms: false },
    })
    expect(json.own).toEqual({ channels: { sms: false } })
    expect(json.grid.categories[0]?.channels.email).toMatchObject({ value: false, by: 'user' })
    const { changes } = (
      await test.call<{ changes: PreferenceChange[] }>('GET', '/v1/users/ada/preferences/changes', {
        token: tenant.key,
      })
    ).json
    expect(changes.map(({ via, by }) => [via, by])).toEqual([
      ['page', 'ada'],
      ['page', 'ada'],
    ])
  })

  it('is that of the context of the link', async () => {
    const token = tokenOf(await linkFor('ada', '?context=team-7'))
    expect((await patch(token, { muted: true })).json.own).toEqual({ muted: true })
    expect([await preferences(), await preferences('?context=team-7')]).toEqual([{}, { muted: true }])
  })

  it('refuses hostile input like the API: with its place, and without a change', async () => {
    const token = tokenOf(await linkFor())
    const refused = await patch(token, { types: { x: { pigeon: true } }, context: 'other' })
    expect(refused.json.errors?.map(({ pointer }) => pointer)).toEqual(['/types/x/pigeon', '/context'])
    expect((await patch(token, '{"categories":{"__proto__":{"email":false}}}')).status).toBe(200)
    expect(({} as Record<string, unknown>).email).toBeUndefined()
    const { text } = await test.call('GET', '/v1/users/ada/preferences', { token: tenant.key })
    expect(text).toBe('{"categories":{"__proto__":{"email":false}}}')
  })

  it('of a sample belongs to no user, and cannot be changed', async () => {
    await put('/v1/types/order.shipped', { category: 'orders' })
    const url = await makePreferencesUrl(
      test.ports.seal,
      'https://hub.example',
      { tenant: tenant.id },
      { seconds: 60, now: Date.now() },
    )
    const { json } = await data(tokenOf({ url }))
    expect(json).toMatchObject({ sample: true, grid: { categories: [{ key: 'orders' }] } })
    expect((await patch(tokenOf({ url }), { muted: true })).json).toMatchObject({
      status: 403,
      detail: 'this link is a sample without a user',
    })
  })
})

it('the page has a strict policy, and every file that it names', async () => {
  const { status, text, headers } = await test.call('GET', '/preferences')
  const policy = headers.get('content-security-policy') ?? ''
  expect([status, headers.get('referrer-policy')]).toEqual([200, 'no-referrer'])
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
  expect(policy).not.toContain('unsafe')
  expect(text).not.toMatch(/<style|<script>| style=| on\w+=/)
  const files = [...text.matchAll(/"preferences\/([\w.-]+)"/g)].map(([, name]) => name)
  expect(files.length).toBe(2)
  for (const name of files) expect((await test.call('GET', `/preferences/${name}`)).status, name).toBe(200)
})
