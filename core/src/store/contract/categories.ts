import { describe, expect, test } from 'vitest'
import type { Store } from '../port.ts'
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
