import type { EffectivePreferences } from '@carillon/schemas'
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
  test.call(method, path, { token: tenant.key, ...(body === undefined ? {} : { body }) })
const category = (key: string, body: unknown = {}) => call('PUT', `/v1/categories/${key}`, body)
const type = (key: string, body: unknown) => call('PUT', `/v1/types/${key}`, body)
const grid = async (user = 'ada') =>
  (
    await test.call<EffectivePreferences>('GET', '/v1/preferences/effective', {
      token: await tenant.userToken(user),
    })
  ).json

describe('categories', () => {
  it('are stored, returned, listed and deleted; PUT takes what GET returns', async () => {
    const body = {
      ...{ name: 'Orders', description: 'Your orders', optOut: false, hidden: true },
      locales: { 'pt-BR': { name: 'Pedidos' } },
    }
    const put = await category('orders', body)
    expect([put.status, put.json]).toEqual([200, { key: 'orders', ...body }])
    const got = await call('GET', '/v1/categories/orders')
    expect((await category('orders', got.json)).json).toEqual(put.json)
    expect((await call('GET', '/v1/categories')).json).toEqual({ categories: [put.json] })
    for (let n = 0; n < 2; n++) expect((await call('DELETE', '/v1/categories/orders')).status).toBe(204)
    expect((await call('GET', '/v1/categories/orders')).json.code).toBe('not_found')
  })

  it('are refused with the place of each fault, and nothing is stored', async () => {
    const { status, json } = await category('orders', {
      ...{ name: '', optOut: 'no', colour: 'red' },
      locales: { '??': { name: 'x' }, pt: { title: 'x' } },
    })
    expect(status).toBe(422)
    expect(json.errors?.map(({ pointer }) => pointer)).toEqual(
      expect.arrayContaining(['/name', '/optOut', '/locales/pt/title']),
    )
    expect((await category('a%20b')).status).toBe(422)
    expect((await call('GET', '/v1/categories')).json).toEqual({ categories: [] })
  })

  it('are guarded by If-Match', async () => {
    const first = await category('orders', { name: 'Orders' })
    const tag = first.headers.get('etag') ?? ''
    const conditional = async (method: string, match: string, body?: unknown) => {
      const headers = { 'if-match': match }
      return (await test.call(method, '/v1/categories/orders', { token: tenant.key, headers, body })).status
    }
    expect((await call('GET', '/v1/categories/orders')).headers.get('etag')).toBe(tag)
    expect(await conditional('PUT', '"stale"', { name: 'x' })).toBe(412)
    expect(await conditional('PUT', `W/${tag}`, { name: 'x' })).toBe(412)
    expect(await conditional('PUT', `"stale", ${tag}`, { name: 'Your orders' })).toBe(200)
    expect(await conditional('DELETE', tag)).toBe(412)
    expect(await conditional('DELETE', '*')).toBe(204)
    for (const [method, body] of [['PUT', {}], ['DELETE']] as const)
      expect(await conditional(method, '*', body)).toBe(412)
    expect((await call('GET', '/v1/categories/orders')).status).toBe(404)
  })

  it('are 200 at most', async () => {
    const { categories } = test.ports.store
    for (let n = 0; n < 200; n++) await categories.put(tenant.id, { key: `c${n}` })
    expect((await category('c7', { name: 'again' })).status).toBe(200)
    const { status, json } = await category('more')
    expect([status, json.code, json.detail]).toEqual([
      409,
      'quota_exceeded',
      'a tenant has at most 200 categories',
    ])
    const locales = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`en-x-${n}`, { name: 'x' }]))
    const shape = await category('c7', { locales })
    expect([shape.status, shape.json.errors?.map(({ pointer }) => pointer)]).toEqual([422, ['/locales']])
  })
})

describe('the grid of preferences', () => {
  it('has names and descriptions in the language of the user, each from the closest language', async () => {
    await type('order.shipped', { category: 'orders' })
    await category('orders', {
      ...{ name: 'Orders', description: 'What happens to your orders' },
      locales: {
        pt: { name: 'Encomendas', description: 'As suas encomendas' },
        'pt-BR': { name: 'Pedidos' },
      },
    })
    for (const [user, locale] of [
      ['bia', 'pt-BR'],
      ['rui', 'pt-PT'],
    ])
      await call('PUT', `/v1/users/${user}`, { locale })
    const words = async (user: string) => {
      const [{ name, description } = {}] = (await grid(user)).categories
      return [name, description]
    }
    expect(await words('bia')).toEqual(['Pedidos', 'As suas encomendas'])
    expect(await words('rui')).toEqual(['Encomendas', 'As suas encomendas'])
    expect(await words('ada')).toEqual(['Orders', 'What happens to your orders'])
  })

  it('leaves out hidden categories with their types, and locks those without opt-out', async () => {
    await type('debug.trace', { category: 'debug' })
    await type('invoice', { category: 'billing' })
    await type('alarm', { category: 'safety', optOut: false })
    await category('debug', { hidden: true })
    await category('billing', { optOut: false })
    await category('unused', { optOut: false })
    await category('by-name')
    await category('__proto__', { name: 'Odd' })
    await call('PATCH', '/v1/users/ada/preferences', { categories: { billing: { email: false } } })
    const { categories, types } = await grid()
    expect(types).toEqual([])
    expect(categories.map(({ key, name }) => [key, name])).toEqual([
      ['__proto__', 'Odd'],
      ['billing', undefined],
      ['by-name', undefined],
      ['safety', undefined],
    ])
    const [odd, billing, , safety] = categories
    expect(billing?.channels.email).toEqual({ value: true, by: 'category', locked: true })
    expect(billing?.types[0]?.channels.email).toEqual({ value: true, by: 'category', locked: true })
    expect(safety?.channels.email).toEqual({ value: true, by: 'type', locked: true })
    expect(odd?.channels.email).toEqual({ value: true, by: 'system', locked: false })
  })
})
