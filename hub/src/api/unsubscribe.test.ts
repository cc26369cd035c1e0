import { makePreferencesUrl } from '@carillon/core/delivery/preferences-link'
import { makeUnsubscribeUrl, UNSUBSCRIBE_SECONDS } from '@carillon/core/delivery/unsubscribe-link'
import type { PreferenceChange } from '@carillon/schemas'
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

type Link = {
  made?: number
  categories?: string[]
  types?: string[]
  of?: string
  user?: string | undefined
  context?: string
}
const linkTo = async ({ made = Date.now(), categories = ['news'], types = [], ...more }: Link = {}) => {
  const { of = tenant.id, context } = more
  const user = 'user' in more ? more.user : 'ann'
  const what = { tenant: of, user, channel: 'email' as const, categories, types, context }
  return new URL(await makeUnsubscribeUrl(test.ports.seal, 'https://bell.example', what, made)).pathname
}
const oneClick = (link: string, headers: Record<string, string> = {}) =>
  test.call('POST', link, {
    body: 'List-Unsubscribe=One-Click',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  })
const preferences = async () =>
  (await test.call('GET', '/v1/users/ann/preferences', { token: tenant.key })).json
const choose = async (body: unknown) =>
  test.call('PATCH', '/v1/users/ann/preferences', { token: tenant.key, body })
const put = (path: string, body: unknown) => test.call('PUT', path, { token: tenant.key, body })
const changes = async () =>
  (
    await test.call<{ changes: PreferenceChange[] }>('GET', '/v1/users/ann/preferences/changes', {
      token: tenant.key,
    })
  ).json.changes

describe('an unsubscribe link', () => {
  it('asks for confirmation on GET, names its categories, and changes nothing', async () => {
    const { status, headers, text } = await test.call('GET', await linkTo())
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(text).toMatch(/<html lang="en" dir="ltr">[\s\S]*<form method="post"><button type="submit">/)
    expect(text).toContain('<bdi>news</bdi> <small>(e-mail)</small>')
    expect(text).not.toContain('ann')
    const odd = { 'accept-language': 'a, not a tag' }
    expect((await test.call('GET', await linkTo(), { headers: odd })).status).toBe(200)
    expect(text).not.toMatch(/<style|<script| style=/)
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'self';/)
    expect(headers.get('set-cookie')).toBeNull()
    expect(await preferences()).toEqual({})
    for (const method of ['HEAD', 'OPTIONS']) await test.hub.app.request(await linkTo(), { method })
    expect([await preferences(), await changes()]).toEqual([{}, []])
  })

  it('switches the category off on the one click of a mail program, and finds nothing to do the second time', async () => {
    await put('/v1/types/order.shipped', { category: 'orders' })
    await put('/v1/types/news.weekly', { category: 'news' })
    await choose({
      channels: { email: true },
      types: { 'news.weekly': { email: true, all: 'daily' }, 'order.shipped': { email: true } },
    })
    const link = await linkTo()
    for (let n = 0; n < 2; n++) {
      const { status, headers, text } = await oneClick(link)
      expect(status).toBe(200)
      expect(text).toContain('You are unsubscribed')
      expect(headers.get('location')).toBeNull()
    }
    expect(await preferences()).toEqual({
      channels: { email: true },
      categories: { news: { email: false } },
      types: { 'news.weekly': { email: false, all: 'daily' }, 'order.shipped': { email: true } },
    })
    const made = (await changes()).filter(({ via }) => via === 'link')
    expect(made.map(({ path, by, value }) => [path, by, value])).toEqual([
      ['/types/news.weekly/email', 'ann', false],
      ['/categories/news/email', 'ann', false],
    ])
  })

  it('applies in every context, and overrides choices made in one', async () => {
    const inContext = (context: string, body: unknown) =>
      test.call('PATCH', `/v1/users/ann/preferences?context=${context}`, { token: tenant.key, body })
    await put('/v1/types/news.weekly', { category: 'news' })
    await inContext('team-7', { categories: { news: { email: true } } })
    await inContext('team-8', { types: { 'news.weekly': { email: 'daily', sms: true } } })
    await oneClick(await linkTo({ context: 'team-7' }))
    const of = async (context: string) =>
      (await test.call('GET', `/v1/users/ann/preferences?context=${context}`, { token: tenant.key })).json
    const off = { categories: { news: { email: false } } }
    expect([await preferences(), await of('team-7')]).toEqual([off, off])
    expect(await of('team-8')).toEqual({ types: { 'news.weekly': { sms: true } } })
  })

  it('also covers pending notifications of an older type version that was in the category', async () => {
    await put('/v1/types/digest', { category: 'news' })
    await put('/v1/types/digest', { category: 'orders' })
    await choose({ types: { digest: { email: true } } })
    await oneClick(await linkTo())
    expect(await preferences()).toEqual({ categories: { news: { email: false } } })
  })

  it('of a combined message switches off every category and type in it, and names them', async () => {
    await put('/v1/categories/orders', { name: 'Orders', locales: { de: { name: 'Bestellungen' } } })
    await put('/v1/types/news.weekly', { name: '<b>Weekly</b> & "more"' })
    const link = await linkTo({ categories: ['orders', '__proto__'], types: ['news.weekly'] })
    await put('/v1/users/ann', { locale: 'de-AT' })
    const { text } = await oneClick(link, { 'accept-language': 'pt' })
    expect(text).toContain('<html lang="de" dir="ltr">')
    for (const name of ['Bestellungen', '__proto__', '&lt;b&gt;Weekly&lt;/b&gt; &amp; &quot;more&quot;'])
      expect(text).toContain(`<bdi>${name}</bdi> <small>(E-Mail)</small>`)
    const { text: stored } = await test.call('GET', '/v1/users/ann/preferences', { token: tenant.key })
    expect(JSON.parse(stored)).toEqual(
      JSON.parse(
        '{"categories":{"orders":{"email":false},"__proto__":{"email":false}},"types":{"news.weekly":{"email":false}}}',
      ),
    )
  })

  it('takes a form in parts as well', async () => {
    const body = new FormData()
    body.set('List-Unsubscribe', 'One-Click')
    const response = await test.hub.app.request(await linkTo(), { method: 'POST', body })
    expect(response.status).toBe(200)
  })

  it('works for a user at the limit of choices', async () => {
    await choose({ topics: Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`t${n}`, false])) })
    expect((await oneClick(await linkTo())).status).toBe(200)
    expect((await preferences()).categories).toEqual({ news: { email: false } })
  })

  it('cannot subscribe again, and a repeat does not undo later choices', async () => {
    const link = await linkTo()
    await oneClick(link)
    await choose({ categories: { news: { sms: false } } })
    await oneClick(link)
    expect(await preferences()).toEqual({ categories: { news: { email: false, sms: false } } })
  })
})

describe('a link that does nothing says why', () => {
  const says = async (link: string, status: number, words: string) => {
    for (const method of ['GET', 'POST']) {
      const answer = await test.call(method, link)
      expect([answer.status, answer.text.includes(words)], `${method} ${link}`).toEqual([status, true])
      expect(answer.text).not.toContain('<form')
    }
    expect([await preferences(), await changes()]).toEqual([{}, []])
  }

  it('it has expired', async () => {
    const made = Date.now() - UNSUBSCRIBE_SECONDS * 1_000
    await says(await linkTo({ made }), 410, 'This link has expired')
  })

  it('it was changed, was not signed here, or is for another purpose', async () => {
    const page = await makePreferencesUrl(
      test.ports.seal,
      'https://bell.example',
      { tenant: tenant.id, user: 'ann' },
      { seconds: 60, now: Date.now() },
    )
    const link = await linkTo()
    for (const token of ['v1.a.b.c', link.slice(link.lastIndexOf('/') + 1, -8), page.split('#')[1]])
      await says(`/v1/unsubscribe/${token}`, 404, 'This link does not work')
  })

  it('it is a sample of a preview', async () => {
    await says(await linkTo({ user: undefined }), 200, 'This link is a sample')
  })

  it('its user was erased since', async () => {
    const link = await linkTo()
    await test.ports.store.users.remove(tenant.id, 'ann')
    await test.ports.store.users.put(tenant.id, { id: 'ann', profile: {} })
    expect((await oneClick(link)).status).toBe(404)
    expect(await preferences()).toEqual({})
  })

  it('in the language of the browser, with its direction', async () => {
    for (const [accepted, start] of [
      ['ar-EG,en;q=0.5', '<html lang="ar" dir="rtl">'],
      ['xx, ja;q=0.8, de;q=0.9', '<html lang="de" dir="ltr">'],
      ['*;q=0,,;q=,a,not a tag;q=1', '<html lang="en" dir="ltr">'],
    ]) {
      const { text } = await test.call('GET', '/v1/unsubscribe/x', {
        headers: { 'accept-language': accepted ?? '' },
      })
      expect(text).toContain(start)
    }
  })

  it('in the language of the profile, the app, the browser, the context or the tenant', async () => {
    const shown = async (accepted = '') => {
      const { text } = await test.call('GET', await linkTo({ context: 'org-7' }), {
        headers: { 'accept-language': accepted },
      })
      return /<html lang="(\w+)"/.exec(text)?.[1]
    }
    await put('/v1/tenant', { locale: 'de' })
    expect(await shown()).toBe('de')
    await put('/v1/contexts/org-7', { locale: 'pt-PT' })
    expect(await shown()).toBe('pt')
    expect(await shown('ja')).toBe('ja')
    await test.ports.store.users.report(tenant.id, 'ann', { locale: 'ar' })
    expect(await shown('ja')).toBe('ar')
    await put('/v1/users/ann', { locale: 'en' })
    expect(await shown('ja')).toBe('en')
  })

  it('and its style sheet is served', async () => {
    const { status, headers } = await test.call('GET', '/preferences/unsubscribe.css')
    expect([status, headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8'])
    expect((await test.call('GET', '/preferences/..%2fchange.ts')).status).toBe(404)
  })
})
