import { describe, expect, test } from 'vitest'
import { newTenant } from '../../security/new-tenant.ts'
import type { Store } from '../port.ts'
import type { ApiKey } from '../ports/tenants.ts'
import { freshTenant } from './samples.ts'

export const tenantsContract = (store: () => Store): void => {
  describe('tenants', () => {
    test('stores a tenant with its keys in order, and replaces it as a whole', async () => {
      const { tenants } = store()
      const id = freshTenant()
      const createdAt = '2026-01-31T09:00:00.000Z'
      const [old, fresh] = [
        { kid: 'k1', secret: 'first-secret' },
        { kid: 'k2', secret: 'second-secret' },
      ]
      const vapid = { publicKey: 'public', privateKey: 'private' }
      expect(await tenants.get(id)).toBeUndefined()
      await tenants.put({ id, secrets: [old], vapid: { ...vapid, privateKey: 'before' }, createdAt })
      await tenants.put({ id, secrets: [fresh, old], vapid, createdAt })
      expect(await tenants.get(id)).toEqual({
        id,
        secrets: [fresh, old],
        vapid,
        createdAt,
        settings: {},
        limits: {},
      })
      expect((await tenants.list()).filter((listed) => listed === id)).toEqual([id])
    })

    test('replaces settings as a whole, and keeps them when the secret changes', async () => {
      const { tenants } = store()
      const tenant = newTenant(freshTenant())
      await tenants.put(tenant)
      await tenants.putSettings(tenant.id, { url: 'https://before.example/' })
      await tenants.putSettings(tenant.id, { url: 'https://app.example/' })
      await tenants.put({ ...tenant, secrets: [] })
      expect(await tenants.get(tenant.id)).toEqual({
        ...tenant,
        secrets: [],
        settings: { url: 'https://app.example/' },
      })
      await tenants.putSettings(tenant.id, {})
      expect((await tenants.get(tenant.id))?.settings).toEqual({})
    })

    test('replaces limits as a whole, and keeps secrets and settings', async () => {
      const { tenants } = store()
      const tenant = newTenant(freshTenant())
      const limits = { requests: { key: { perSecond: 0.5, burst: 10 }, user: null } }
      await tenants.put(tenant)
      await tenants.putLimits(tenant.id, { requests: { tenant: null } })
      await tenants.putLimits(tenant.id, limits)
      await tenants.put({ ...tenant, secrets: [] })
      await tenants.putSettings(tenant.id, { url: 'https://app.example/' })
      expect(await tenants.get(tenant.id)).toEqual({
        ...tenant,
        secrets: [],
        settings: { url: 'https://app.example/' },
        limits,
      })
      await tenants.putLimits(tenant.id, {})
      expect((await tenants.get(tenant.id))?.limits).toEqual({})
    })

    test('keys belong to one tenant and can be revoked', async () => {
      const { tenants } = store()
      const tenant = freshTenant()
      const key = (id: string): ApiKey => ({
        id,
        tenant,
        name: 'backend',
        hash: 'x'.repeat(43),
        scopes: ['notifications:write'],
        createdAt: '2026-01-31T09:00:00.000Z',
        revokedAt: null,
      })
      await tenants.putKey(key('a'))
      await tenants.putKey(key('b'))
      await tenants.putKey({ ...key('a'), revokedAt: '2026-02-01T00:00:00.000Z' })
      expect(await tenants.key(tenant, 'a')).toMatchObject({ revokedAt: '2026-02-01T00:00:00.000Z' })
      expect(await tenants.key(tenant, 'b')).toEqual(key('b'))
      expect((await tenants.keys(tenant)).map(({ id }) => id).sort()).toEqual(['a', 'b'])
      expect(await tenants.key(freshTenant(), 'a')).toBeUndefined()
      expect(await tenants.keys(freshTenant())).toEqual([])
    })
  })

  describe('types', () => {
    test('creates, replaces and lists types within their tenant', async () => {
      const { types } = store()
      const tenant = freshTenant()
      const first = { key: 'comment.created', name: 'Comments', priority: 'low' } as const
      const second = { key: 'comment.created', category: 'social' }
      expect(await types.put(tenant, first)).toEqual({ ...first, version: 1 })
      expect(await types.put(tenant, second)).toEqual({ ...second, version: 2 })
      await types.put(tenant, { key: 'bill' })
      expect(await types.get(tenant, 'comment.created')).toEqual({ ...second, version: 2 })
      expect(await types.list(tenant)).toEqual([
        { key: 'bill', version: 1 },
        { ...second, version: 2 },
      ])
      expect(await types.get(freshTenant(), 'bill')).toBeUndefined()
      expect(await types.list(freshTenant())).toEqual([])
    })

    test('keeps every version, and creates none for an equal type', async () => {
      const { types } = store()
      const tenant = freshTenant()
      const plan = [{ channel: 'email', when: 'unread', after: 60 }] as const
      await types.put(tenant, { key: 't', name: 'T', plan: [...plan] })
      await types.put(tenant, { key: 't', name: 'U' })
      expect(await types.put(tenant, { name: 'U', key: 't', category: undefined })).toMatchObject({
        version: 2,
      })
      expect((await types.put(tenant, { plan: [...plan], name: 'T', key: 't' })).version).toBe(3)
      expect(await types.get(tenant, 't', 1)).toEqual({ key: 't', name: 'T', plan, version: 1 })
      expect(await types.get(tenant, 't', 2)).toEqual({ key: 't', name: 'U', version: 2 })
      expect(await types.get(tenant, 't', 4)).toBeUndefined()
      expect(await types.get(tenant, 'u', 1)).toBeUndefined()
      expect(await types.get(freshTenant(), 't', 1)).toBeUndefined()
    })

    test('concurrent puts create one version each; equal ones share it', async () => {
      const { types } = store()
      const tenant = freshTenant()
      const names = ['a', 'b', 'c', 'd']
      const put = await Promise.all(names.map((name) => types.put(tenant, { key: 't', name })))
      expect(put.map(({ version }) => version).toSorted()).toEqual([1, 2, 3, 4])
      for (const type of put) expect(await types.get(tenant, 't', type.version)).toEqual(type)
      expect((await types.get(tenant, 't'))?.version).toBe(4)
      const same = await Promise.all(names.map(() => types.put(tenant, { key: 'same', name: 'x' })))
      expect(new Set(same.map(({ version }) => version))).toEqual(new Set([1]))
    })
  })
}
