import { describe, expect, test } from 'vitest'
import type { Store } from '../port.ts'
import { settingsRevision } from '../rules/revision.ts'
import { freshTenant } from './samples.ts'

export const categoriesContract = (store: () => Store): void => {
  describe('categories', () => {
    test('are stored, replaced by key, listed by key and removed, separately for each tenant', async () => {
      const { categories } = store()
      const tenant = freshTenant()
      const other = freshTenant()
      const orders = { key: 'orders', name: 'Orders', locales: { pt: { name: 'Encomendas' } }, optOut: false }
      expect(await categories.list(tenant)).toEqual([])
      await categories.put(tenant, { key: 'orders', name: 'old', hidden: true })
      await categories.put(tenant, orders)
      await categories.put(tenant, { key: 'News' })
      await categories.put(other, { key: 'orders' })
      expect(await categories.get(tenant, 'orders')).toEqual(orders)
      expect(await categories.list(tenant)).toEqual([{ key: 'News' }, orders])
      await categories.remove(tenant, 'orders')
      await categories.remove(tenant, 'orders')
      expect(await categories.get(tenant, 'orders')).toBeUndefined()
      expect(await categories.list(tenant)).toEqual([{ key: 'News' }])
      expect(await categories.list(other)).toEqual([{ key: 'orders' }])
    })

    test('are changed only if the expected revision is stored; of 20 writers with the same one, one succeeds', async () => {
      const { categories } = store()
      const tenant = freshTenant()
      const orders = { key: 'orders', name: 'Orders' }
      expect(await categories.put(tenant, orders, 'stale')).toBe(false)
      expect(await categories.remove(tenant, 'orders', 'stale')).toBe(false)
      expect(await categories.put(tenant, orders)).toBe(true)
      const versions = Array.from({ length: 20 }, (_, n) => ({ key: 'orders', name: `writer ${n}` }))
      const made = await Promise.all(
        versions.map((each) => categories.put(tenant, each, settingsRevision(orders))),
      )
      expect(made.filter(Boolean)).toHaveLength(1)
      const stored = versions[made.indexOf(true)] ?? orders
      expect(await categories.get(tenant, 'orders')).toEqual(stored)
      expect(await categories.remove(tenant, 'orders', settingsRevision(orders))).toBe(false)
      expect(await categories.remove(tenant, 'orders', settingsRevision(stored))).toBe(true)
      expect(await categories.get(tenant, 'orders')).toBeUndefined()
    })

    test('may be called like a property of objects', async () => {
      const { categories } = store()
      const tenant = freshTenant()
      for (const key of ['__proto__', 'constructor']) await categories.put(tenant, { key, name: key })
      expect(await categories.get(tenant, '__proto__')).toEqual({ key: '__proto__', name: '__proto__' })
      expect((await categories.list(tenant)).map(({ key }) => key)).toEqual(['__proto__', 'constructor'])
      expect(await categories.get(tenant, 'toString')).toBeUndefined()
    })
  })
}
