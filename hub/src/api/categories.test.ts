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

  it('are 200 at most', async () => {
    const { categories } = test.ports.store
    for (let n = 0; n < 200; n++) await categories.put(tenant.id, { key: `c${n}` })
    expect((await category('c7', { name: 'again' })).status).toBe(200)
    expect((await category('more')).json.detail).toContain('at most 200 categories')
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
