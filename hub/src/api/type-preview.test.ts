import type { LocalePreview, TypePreview } from '@carillon/schemas'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openHub, type TestHub } from '../testing/hub.ts'

let test: TestHub
let key: string
beforeAll(async () => {
  test = await openHub()
  key = (await test.tenant()).key
  await test.call('PUT', '/v1/types/order.shipped', { token: key, body: TYPE })
  await test.call('PUT', '/v1/users/bia', { token: key, body: { name: 'Bia', locale: 'pt-BR' } })
})
afterAll(() => test.close())

const TYPE = {
  sample: { number: 7 },
  content: {
    title: 'Order {{ data.number }}',
    body: 'Hi {{ user.name | default: "there" }}',
    url: '/o/{{ data.number }}',
  },
  channels: { email: { html: '<p>{{ data.number }}</p>' }, sms: { text: 'SMS {{ data.number }}' } },
  locales: { pt: { content: { title: 'Encomenda {{ data.number }}' } } },
}
const preview = <Body = LocalePreview>(body: unknown, of = 'order.shipped') =>
  test.call<Body>('POST', `/v1/types/${of}/preview`, { token: key, body })

it('takes an unsaved type as it was returned: its key and version are ignored', async () => {
  const type = { key: 'order.shipped', version: 7, content: { title: 'Unsaved' } }
  const { status, json } = await preview({ type })
  expect([status, json.inbox.title]).toEqual([200, 'Unsaved'])
})

it('has the texts of every channel, from the sample', async () => {
  const { status, json } = await preview({})
  expect([status, json]).toMatchObject([
    200,
    {
      ...{ locale: 'en', timezone: 'UTC', faults: [] },
      inbox: { title: 'Order 7', body: 'Hi there', url: '/o/7', lang: 'en', dir: 'ltr' },
      push: { title: 'Order 7', body: 'Hi there' },
      email: { subject: 'Order 7', html: expect.stringContaining('<p>7</p>'), text: '7\n' },
      sms: { text: 'SMS 7' },
      telegram: { text: 'Order 7\nHi there' },
    },
  ])
})

it('is for a user, in their language, or in the given one', async () => {
  const forBia = await preview({ user: 'bia' })
  expect(forBia.json).toMatchObject({
    locale: 'pt-BR',
    inbox: { title: 'Encomenda 7', body: 'Hi Bia', lang: 'pt' },
  })
  expect((await preview({ user: 'bia', locale: 'en' })).json.inbox.title).toBe('Order 7')
  const all = await preview<TypePreview>({ locale: '*' })
  expect(Object.entries(all.json.locales ?? {}).map(([locale, { inbox }]) => [locale, inbox.title])).toEqual([
    ['en', 'Order 7'],
    ['pt', 'Encomenda 7'],
  ])
  expect((await preview({ user: 'nobody' })).status).toBe(404)
})

it('reports what is missing, by channel, template and line', async () => {
  const { status, json } = await preview({ data: {} })
  expect(status).toBe(200)
  expect(json.faults).toContainEqual({
    ...{ channel: 'email', pointer: '/channels/email/html', line: 1 },
    ...{ name: 'data.number', message: 'data.number has no value' },
  })
  expect(json.inbox).toEqual({ title: 'Order', body: 'Hi there', lang: 'en', dir: 'ltr' })
})

it('is of a version, or of a type that is not stored', async () => {
  expect((await preview({ version: 2 })).status).toBe(404)
  expect((await preview({}, 'unknown')).status).toBe(404)
  const unsaved = { content: { title: 'New {{ data.n }}' }, sample: { n: 1 } }
  expect((await preview({ type: unsaved }, 'unknown')).json.inbox.title).toBe('New 1')
  const broken = await preview<{ errors: object[] }>({ type: { content: { title: '\n{{ data.n | no }}' } } })
  expect([broken.status, broken.json.errors]).toMatchObject([
    422,
    [{ pointer: '/type/content/title', message: expect.stringContaining('line 2, column 1: ') }],
  ])
  expect((await preview({ type: unsaved, version: 1 })).status).toBe(422)
})

it('has sample links, whose pages say so', async () => {
  const own = await openHub({ publicUrl: 'https://hub.example' })
  try {
    const token = (await own.tenant()).key
    const body = {
      type: { category: 'news', channels: { sms: { text: '{{ unsubscribe_url }} {{ preferences_url }}' } } },
      user: 'ada',
    }
    await own.call('PUT', '/v1/users/ada', { token, body: {} })
    const { json } = await own.call<LocalePreview>('POST', '/v1/types/x/preview', { token, body })
    const [unsubscribe = '', preferences] = json.sms.text.split(' ')
    expect(preferences).toMatch(/^https:\/\/hub\.example\/preferences#/)
    const { pathname } = new URL(unsubscribe)
    for (const method of ['GET', 'POST'])
      expect((await own.call(method, pathname)).text).toContain('This link is a sample')
    const { text } = await own.call('GET', '/v1/users/ada/preferences', { token })
    expect(text).toBe('{}')
  } finally {
    await own.close()
  }
})

it('a preview ends after two seconds of work, however many texts a slow template makes, and the event loop turns meanwhile', async () => {
  const slow = '{% for i in (1..9999) %}{% for j in (1..9999) %}{% assign x = j %}{% endfor %}{% endfor %}'
  const locales = Object.fromEntries(
    ['pt', 'de', 'fr', 'ja'].map((each) => [each, { content: { body: slow } }]),
  )
  let turns = 0
  let counting = setImmediate(function count() {
    turns++
    counting = setImmediate(count)
  })
  const { status, text } = await preview({
    locale: '*',
    type: { content: { title: slow, body: slow }, locales },
  })
  clearImmediate(counting)
  expect(status).toBe(200)
  expect(text).toContain('limit exceeded')
  // One turn before each channel and each second attempt.
  expect(turns).toBeGreaterThan(12 * 5)
})

it('has the layouts and partials of the library, for a version, the draft and an unsaved type', async () => {
  const { key: own } = await test.tenant()
  const call = (method: string, path: string, body: unknown) =>
    test.call<LocalePreview>(method, path, { token: own, body })
  await call('PUT', '/v1/env', { SHOP: 'https://dev.example' })
  await call('PUT', '/v1/partials/bye', { text: 'Bye & {{ env.SHOP }}' })
  await call('PUT', '/v1/layouts/brand', {
    html: "<!doctype html><main>{{ content }}</main>{% render 'bye' %}{{ tenant.name }}",
  })
  const type = (html: string) => ({
    content: { title: 'T', body: "{% render 'bye' %}" },
    channels: { email: { html, layout: 'brand' } },
  })
  await call('PUT', '/v1/types/t', type('stored'))
  await call('PUT', '/v1/types/t?draft=true', type('draft'))
  for (const [body, html] of [
    [{}, 'stored'],
    [{ version: 'draft' }, 'draft'],
    [{ type: type('unsaved') }, 'unsaved'],
  ] as const) {
    const { json } = await call('POST', '/v1/types/t/preview', body)
    expect(json.email.html).toBe(`<!doctype html><main>${html}</main>Bye &amp; https://dev.example`)
    expect(json.inbox.body).toBe('Bye & https://dev.example')
    expect(json.faults).toMatchObject([
      { channel: 'email', pointer: '/layouts/brand/html', name: 'tenant.name' },
    ])
  }
})
