import { describe, expect, test } from 'vitest'
import { newTenant } from '../../security/new-tenant.ts'
import type { Store } from '../port.ts'
import type { ApiKey } from '../ports/tenants.ts'
import { settingsRevision } from '../rules/revision.ts'
import { freshTenant } from './samples.ts'

const freshSettings = async (tenants: Store['tenants']) => {
  const tenant = newTenant(freshTenant())
  await tenants.put(tenant)
  return tenant
}

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

    test('replaces settings only if the expected revision is stored, once', async () => {
      const { tenants } = store()
      const { id } = await freshSettings(tenants)
      expect(await tenants.putSettings(freshTenant(), {})).toBe(false)
      const revision = settingsRevision((await tenants.get(id))?.settings ?? {})
      const made = await Promise.all(
        ['a', 'b', 'c'].map((name) => tenants.putSettings(id, { name, locale: 'pt' }, revision)),
      )
      expect(made.filter(Boolean)).toHaveLength(1)
      expect(await tenants.putSettings(id, {}, revision)).toBe(false)
      const settings = (await tenants.get(id))?.settings ?? {}
      expect(settings).toEqual({ name: ['a', 'b', 'c'][made.indexOf(true)], locale: 'pt' })
      expect(await tenants.putSettings(id, {}, settingsRevision(settings))).toBe(true)
      expect((await tenants.get(id))?.settings).toEqual({})
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
}
