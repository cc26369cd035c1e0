import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { openHub, type TestHub } from '../testing/hub.ts'

let test: TestHub
beforeAll(async () => {
  test = await openHub()
})
afterAll(() => test.close())

describe('an empty query parameter', () => {
  it('counts as absent, on every route with a query', async () => {
    const tenant = await test.tenant()
    const { store } = test.ports
    await tenant.item('ann')
    await store.topics.add(tenant.id, 'team', ['ann'])
    await store.types.put(tenant.id, { key: 'team' })
    const layout = { kind: 'layout', key: 'team', value: { html: '{{ content }}' } } as const
    await store.library.put(tenant.id, 0, layout)
    const partial = { kind: 'partial', key: 'team', value: { text: 'x' } } as const
    await store.library.put(tenant.id, 1, partial)
    const record = {
      id: 'order-7',
      type: 'test',
      priority: 'normal',
      chains: 0,
      direct: 1,
      fingerprint: 'f',
    } as const
    await store.notifications.put([{ tenant: tenant.id, ...record, acceptedAt: Date.now(), users: ['ann'] }])
    const definition = { cron: '0 9 * * *', notification: { to: 'ann', type: 'test' } }
    const written = { sender: 'key', revision: 'r', changedAt: 1 }
    await store.schedules.put(tenant.id, { id: 'order-7', definition, ...written })
    const own = { id: 'order-7', key: 'team' }
    const needed: Record<string, string> = { user: 'ann' }
    const routes = test.hub.routes.filter(({ query, method }) => query && method === 'get')
    expect(routes.length).toBeGreaterThan(4)
    for (const { path, query, access } of routes) {
      const token = access.kind === 'user' ? await tenant.userToken('ann') : tenant.key
      const shape: Record<string, z.ZodType> = query?.shape ?? {}
      const names = Object.keys(shape)
      const required = names.filter((name) => !shape[name]?.safeParse(undefined).success)
      const given = required.map((name) => `${name}=${needed[name]}`).join('&')
      const bare = path.replaceAll(/\{(\w+)\}/g, (_, name: keyof typeof own) => own[name])
      const place = `${bare}?${given}`
      const plain = await test.call('GET', place, { token })
      expect(plain.status, place).toBe(200)
      for (const name of names.filter((name) => !required.includes(name))) {
        const empty = await test.call('GET', `${place}&${name}=`, { token })
        // Every link is different, and so is every position.
        const same = path.endsWith('/page') || path === '/v1/live' ? Object.keys : (json: object) => json
        expect([empty.status, same(empty.json)], `${place}&${name}=`).toEqual([200, same(plain.json)])
      }
      for (const name of required)
        expect((await test.call('GET', `${bare}?${name}=`, { token })).status, bare).toBe(422)
    }
  })

  it('is rejected if it is unknown or repeated', async () => {
    const { key } = await test.tenant()
    for (const query of ['befor=', 'after=&after='])
      expect((await test.call('GET', `/v1/dead-letters?${query}`, { token: key })).status, query).toBe(422)
  })
})
