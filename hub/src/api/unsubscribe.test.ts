import { makeUnsubscribeUrl, UNSUBSCRIBE_MS } from '@carillon/core/delivery/unsubscribe'
import type { PreferenceChange } from '@carillon/schemas'
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

const linkTo = ({ made = Date.now(), category = 'news' as string | null } = {}) => {
  const who = {
    ...{ tenant: tenant.id, user: 'ann', channel: 'email' as const, type: 'news.weekly' },
    category: category ?? undefined,
  }
  return new URL(makeUnsubscribeUrl(test.ports.seal, 'https://bell.example', who, made)).pathname
}
const oneClick = (link: string) =>
  test.call('POST', link, {
    body: 'List-Unsubscribe=One-Click',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
const preferences = async () =>
  (await test.call('GET', '/v1/users/ann/preferences', { token: tenant.key })).json
const choose = async (body: unknown) =>
  test.call('PATCH', '/v1/users/ann/preferences', { token: tenant.key, body })
const changes = async () =>
  (
    await test.call<{ changes: PreferenceChange[] }>('GET', '/v1/users/ann/preferences/changes', {
      token: tenant.key,
    })
  ).json.changes

it('asks when it is looked at, says what it is about, and changes nothing', async () => {
  const { status, headers, text } = await test.call('GET', linkTo())
  expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
  expect(text).toMatch(/<html lang="en">[\s\S]*<form method="post"><button type="submit">/)
  expect(text).toContain('the category “news” by e-mail')
  expect(text).not.toContain('ann')
  expect(headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(headers.get('set-cookie')).toBeNull()
  expect(await preferences()).toEqual({})
})

it('switches the category off on the one click of a mail program, and finds nothing to do the second time', async () => {
  await choose({
    channels: { email: true },
    types: { 'news.weekly': { email: true, all: 'daily' }, 'order.shipped': { email: true } },
  })
  await test.call('PUT', '/v1/types/order.shipped', { token: tenant.key, body: { category: 'orders' } })
  const link = linkTo()
  for (let n = 0; n < 2; n++) {
    const { status, headers, text } = await oneClick(link)
    expect(status).toBe(200)
    expect(text).toContain('nothing more of the category “news” by e-mail')
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

it('switches off the type of a message without a category, and names it', async () => {
  await test.call('PUT', '/v1/types/news.weekly', {
    token: tenant.key,
    body: { name: '<b>Weekly</b> & "more"' },
  })
  const { text } = await oneClick(linkTo({ category: null }))
  expect(text).toContain('“&lt;b&gt;Weekly&lt;/b&gt; &amp; &quot;more&quot;” by e-mail')
  expect(await preferences()).toEqual({ types: { 'news.weekly': { email: false } } })
})

it('takes a form in parts as well', async () => {
  const body = new FormData()
  body.set('List-Unsubscribe', 'One-Click')
  const response = await test.hub.app.request(linkTo(), { method: 'POST', body })
  expect(response.status).toBe(200)
})

it('does nothing for links that are too old, not ours, or of somebody who was erased', async () => {
  const erased = linkTo()
  await test.ports.store.users.remove(tenant.id, 'ann')
  await test.ports.store.users.put(tenant.id, { id: 'ann', profile: {} })
  expect((await oneClick(erased)).status).toBe(404)
  for (const link of [
    linkTo({ made: Date.now() - UNSUBSCRIBE_MS }),
    '/v1/unsubscribe/v1.a.b.c',
    linkTo().slice(0, -8),
  ])
    for (const method of ['GET', 'POST']) {
      const { status, text } = await test.call(method, link)
      expect([status, text.includes('does not work')], link).toEqual([404, true])
    }
  expect(await preferences()).toEqual({})
})
