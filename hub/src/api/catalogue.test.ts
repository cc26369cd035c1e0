import type { CatalogueCheck } from '@carillon/schemas'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { openHub, type TestHub } from '../testing/hub.ts'

let test: TestHub
let key: string
beforeAll(async () => {
  test = await openHub()
})
beforeEach(async () => {
  key = (await test.tenant()).key
})
afterAll(() => test.close())

const check = async (types: Record<string, unknown>) => {
  const { json } = await test.call<CatalogueCheck>('POST', '/v1/catalogue/check', {
    token: key,
    body: { types },
  })
  return json
}
const put = (name: string, type: object) => test.call('PUT', `/v1/types/${name}`, { token: key, body: type })
const title = (text: string) => ({ content: { title: text } })

it('says what would be added, changed and removed, and writes nothing', async () => {
  await put('kept', { ...title('Same'), plan: [{ channel: 'push' }] })
  await put('changed', title('Old'))
  await put('gone', title('Gone'))
  const { errors, changes } = await check({
    // Equal to the stored type, though it has defaults and another order.
    kept: { plan: [{ after: 0, channel: 'push', when: 'undelivered' }], ...title('Same') },
    changed: { ...title('New'), category: 'orders' },
    added: title('Added'),
  })
  expect(errors).toEqual([])
  expect(changes).toEqual([
    {
      ...{ pointer: '/types/changed', change: 'changed', etag: '"1"' },
      differences: [
        { pointer: '/content/title', before: 'Old', after: 'New' },
        { pointer: '/category', after: 'orders' },
      ],
    },
    {
      ...{ pointer: '/types/added', change: 'added' },
      differences: [{ pointer: '/content', after: { title: 'Added' } }],
    },
    { pointer: '/types/gone', change: 'removed', etag: '"1"', differences: [] },
  ])
  const { json } = await test.call<{ types: { key: string }[] }>('GET', '/v1/types', { token: key })
  expect(json.types.map((type) => type.key)).toEqual(['changed', 'gone', 'kept'])
})

it('checks categories before types, and leaves kinds alone that are not given', async () => {
  const orders = { name: 'Orders', locales: { pt: { name: 'Encomendas' } } }
  await test.call('PUT', '/v1/categories/orders', { token: key, body: orders })
  await put('order.shipped', title('Shipped'))
  const categories = { orders: { ...orders, hidden: true }, 'no key': {} }
  const call = (body: object) =>
    test.call<CatalogueCheck>('POST', '/v1/catalogue/check', { token: key, body })
  const broken = await call({ categories })
  expect(broken.json.errors.map(({ pointer }) => pointer)).toEqual(['/categories/no key'])
  const { json } = await call({ types: {}, categories: { orders: categories.orders } })
  expect(json.changes).toEqual([
    {
      ...{ pointer: '/categories/orders', change: 'changed', etag: expect.any(String) },
      differences: [{ pointer: '/hidden', after: true }],
    },
    { pointer: '/types/order.shipped', change: 'removed', etag: '"1"', differences: [] },
  ])
  expect((await call({ categories: { orders } })).json.changes).toEqual([])
})

const checkAll = (body: object, token = key) =>
  test.call<CatalogueCheck>('POST', '/v1/catalogue/check', { token, body })
const pointers = (found: { pointer: string }[]) => found.map(({ pointer }) => pointer)

it('checks types against the layouts, partials and env of the set, and orders partials by use', async () => {
  const slot = '{{ content }}{{ unsubscribe_url }}'
  const set = {
    env: { SHOP: 'https://dev.example' },
    partials: {
      a: { text: "{% render 'b' %}" },
      b: { text: 'b' },
    },
    layouts: { brand: { html: `${slot}{% render 'a' %}{{ env.SHOP }}` } },
    types: { one: { ...title("{% render 'a' %}"), channels: { email: { layout: 'brand' } } } },
  }
  const { json } = await checkAll(set)
  expect([json.errors, pointers(json.changes)]).toEqual([
    [],
    ['/env', '/partials/b', '/partials/a', '/layouts/brand', '/types/one'],
  ])
  const broken = await checkAll({ ...set, partials: {}, layouts: {} })
  expect(pointers(broken.json.errors)).toEqual([
    '/types/one/content/title',
    '/types/one/channels/email/layout',
  ])

  for (const { pointer, etag } of json.changes) {
    const [, kind = '', name = ''] = pointer.split('/')
    const { env, ...keyed }: Record<string, Record<string, object | string>> = set
    const value = kind === 'env' ? env : keyed[kind]?.[name]
    const { status } = await test.call('PUT', `/v1${pointer}`, {
      ...{ token: key, body: value },
      ...(etag === undefined ? {} : { headers: { 'if-match': etag } }),
    })
    expect([pointer, status]).toEqual([pointer, 200])
  }
  expect((await checkAll(set)).json.changes).toEqual([])
  const none = { env: {}, partials: {}, layouts: {}, types: {} }
  expect((await checkAll(none)).json.changes.map(({ pointer, change }) => [pointer, change])).toEqual([
    ['/env', 'changed'],
    ['/partials/b', 'removed'],
    ['/partials/a', 'removed'],
    ['/layouts/brand', 'removed'],
    ['/types/one', 'removed'],
  ])
})

it('compares the settings of the tenant and of given contexts, with a key that may read them', async () => {
  const tenant = await test.tenant()
  const put = (path: string, body: object) => test.call('PUT', path, { token: tenant.key, body })
  await put('/v1/contexts/acme', { name: 'Acme' })
  await put('/v1/contexts/other', { name: 'Other' })
  const set = { tenant: { name: 'Shop' }, contexts: { acme: { name: 'Acme Corp' }, new: {} } }
  const { json } = await checkAll(set, tenant.key)
  expect(json.changes.map(({ pointer, change }) => [pointer, change])).toEqual([
    ['/tenant', 'changed'],
    ['/contexts/acme', 'changed'],
    ['/contexts/new', 'added'],
  ])
  expect(json.changes[1]?.differences).toEqual([{ pointer: '/name', before: 'Acme', after: 'Acme Corp' }])
  await put('/v1/tenant', set.tenant)
  for (const [name, body] of Object.entries(set.contexts)) await put(`/v1/contexts/${name}`, body)
  expect((await checkAll(set, tenant.key)).json.changes).toEqual([])

  const faulty = await checkAll(
    { tenant: { otp: { countries: ['XX'] } }, contexts: { acme: { nam: 1 } } },
    tenant.key,
  )
  expect(pointers(faulty.json.errors)).toEqual(['/contexts/acme/nam', '/tenant/otp/countries/0'])
  const typesOnly = await tenant.keyWith('types:read')
  expect((await checkAll({ types: {} }, typesOnly)).status).toBe(200)
  for (const body of [{ tenant: {} }, { contexts: {} }])
    expect((await checkAll(body, typesOnly)).status).toBe(403)
})

it('compares schedules, whose types may be in the set', async () => {
  const weekly = { cron: '0 9 * * mon', notification: { to: 'ada', type: 'report', data: { week: 1 } } }
  const types = { report: { schema: { type: 'object', required: ['week'] } } }
  const schedules = (more: object) => ({ schedules: { weekly: { ...weekly, ...more } } })
  expect((await checkAll({ types, ...schedules({}) })).json).toMatchObject({
    errors: [],
    changes: [
      { pointer: '/types/report', change: 'added' },
      { pointer: '/schedules/weekly', change: 'added' },
    ],
  })
  await put('report', types.report)
  const token = { token: key }
  const stored = await test.call('PUT', '/v1/schedules/weekly', { ...token, body: weekly })
  await test.call('PUT', '/v1/schedules/gone', { ...token, body: weekly })
  const { json } = await checkAll(schedules({ paused: true }))
  expect(json.changes).toEqual([
    {
      ...{ pointer: '/schedules/weekly', change: 'changed', etag: stored.headers.get('etag') },
      differences: [{ pointer: '/paused', after: true }],
    },
    { pointer: '/schedules/gone', change: 'removed', etag: expect.any(String), differences: [] },
  ])
  const misfit = await checkAll(schedules({ notification: { ...weekly.notification, data: {} } }))
  expect(pointers(misfit.json.errors)).toEqual(['/schedules/weekly/notification/data/week'])
  const never = await checkAll(schedules({ cron: '0 0 30 2 *' }))
  expect(pointers(never.json.errors)).toEqual(['/schedules/weekly/cron'])
})

it('reports the faults of every resource at once, each with its place', async () => {
  const { errors, changes } = await check({
    fine: title('Fine'),
    'not a key': title('x'),
    one: { titel: 'x' },
    two: title('{{ data.x'),
    three: { schema: { pattern: '(?=a)' }, if: 'data.', ...title('\n{{ dta.x }}') },
  })
  expect(errors.map(({ pointer }) => pointer)).toEqual([
    '/types/not a key',
    '/types/one/titel',
    '/types/two/content/title',
    '/types/three/schema/pattern',
    '/types/three/if',
    '/types/three/content/title',
  ])
  expect(errors.at(-1)?.message).toMatch(/^line 2, column 4: there is no variable dta/)
  expect(changes).toEqual([])
})

it('warns of a step whose channel has no account, and of values that may be missing', async () => {
  const account = { provider: 'parrot', config: { token: 'secret-token', host: 'x' } }
  const plan = [{ channel: 'push' }, { channel: 'email' }, { channel: 'sms' }, { channel: 'slack' }]
  await test.call('PUT', '/v1/providers/mail', { token: key, body: { ...account, channels: ['email'] } })
  const schema = { type: 'object', properties: { n: { type: 'string' } } }
  const { warnings } = await check({ one: { ...title('{{ data.n }}'), schema, plan } })
  expect(warnings.map(({ code, pointer }) => [code, pointer])).toEqual([
    ['maybe_missing', '/types/one/content/title'],
    ['no_account', '/types/one/plan/2/channel'],
    ['no_account', '/types/one/plan/3/channel'],
  ])
})

it('does not warn of missing accounts where messages are captured', async () => {
  const dev = await openHub({ capturesMessages: true })
  try {
    const { json } = await dev.call<CatalogueCheck>('POST', '/v1/catalogue/check', {
      token: (await dev.tenant()).key,
      body: { types: { one: { ...title('x'), plan: [{ channel: 'sms' }] } } },
    })
    expect(json.warnings).toEqual([])
  } finally {
    await dev.close()
  }
})

it.each([
  ['a list', []],
  ['a resource that is a list', { types: { one: [] } }],
  ['an unknown kind', { typos: {} }],
  ['too many', { types: Object.fromEntries(Array.from({ length: 1_001 }, (_, n) => [`t${n}`, {}])) }],
])('refuses %s', async (_, body) => {
  expect((await test.call('POST', '/v1/catalogue/check', { token: key, body })).status).toBe(422)
})

it('refuses __proto__ with its place; constructor is a key like any other', async () => {
  const body = (name: string) => `{"types":{"${name}":{"content":{"title":"x"}}}}`
  const call = (name: string) =>
    test.call<CatalogueCheck>('POST', '/v1/catalogue/check', { token: key, body: body(name) })
  const refused = await call('__proto__')
  expect([refused.status, refused.json.errors]).toMatchObject([422, [{ pointer: '/types/__proto__' }]])
  const { json } = await call('constructor')
  expect(json.changes.map(({ pointer }) => pointer)).toEqual(['/types/constructor'])
})

it('reads the library as often for many types as for one', async () => {
  const newest = vi.spyOn(test.ports.store.library, 'newest')
  const readsFor = async (count: number) => {
    newest.mockClear()
    const types = Array.from({ length: count }, (_, index) => [`type.${index}`, title('{{ env.URL }}')])
    await check(Object.fromEntries(types))
    return newest.mock.calls.length
  }
  const once = await readsFor(1)
  expect(once).toBeGreaterThan(0)
  expect(await readsFor(30)).toBe(once)
  newest.mockRestore()
})

it.each([
  ['types', '/v1/types/a', { titel: 1, content: { titel: 'x' }, plan: [{ channel: 'sms', when_: 1 }] }],
  ['categories', '/v1/categories/a', { nmae: 'x', locales: { pt: { title: 'x' } } }],
  ['layouts', '/v1/layouts/a', { htlm: 'x' }],
  ['partials', '/v1/partials/a', { txt: 'x' }],
  ['contexts', '/v1/contexts/a', { colours: {}, senders: { email: { form: {} } } }],
  ['tenant', '/v1/tenant', { urls: 'x' }],
])('tells what is wrong with %s in the words of PUT, and at its pointers', async (kind, path, body) => {
  const put = await test.call('PUT', path, { token: key, body })
  const start = kind === 'tenant' ? '/tenant' : `/${kind}/a`
  const { json } = await checkAll({ [kind]: kind === 'tenant' ? body : { a: body } })
  expect(json.errors.length).toBeGreaterThan(0)
  expect(json.errors).toEqual(
    put.json.errors?.map(({ pointer, message }) => ({ pointer: `${start}${pointer}`, message })),
  )
})
