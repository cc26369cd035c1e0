import { describe, expect, test } from 'vitest'
import { SetupError, UnavailableError } from '../../errors.ts'
import { NAMESPACE } from '../../installation/namespace.ts'
import { createSeal } from '../../security/seal.ts'
import { freshOwner, ids, sampleItem } from './samples.ts'
import type { Open } from './store.ts'

export const schemaContract = (open: Open): void => {
  describe('schema', () => {
    test('is created once by four concurrent processes, and passes the check only if current', async () => {
      const stores = await Promise.all([1, 2, 3, 4].map(() => open('fresh')))
      try {
        await expect(stores[0]?.check()).rejects.toMatchObject({
          problem: { code: 'unavailable', detail: expect.stringContaining('carillon migrate') },
        })
        const applied = await Promise.all(stores.map((store) => store.migrate()))
        expect(applied.filter((steps) => steps > 0)).toHaveLength(1)
        await Promise.all(stores.map((store) => store.check()))
        expect(await stores[0]?.migrate()).toBe(0)
        const namespaces = await Promise.all(stores.map((store) => store.namespace()))
        expect(new Set(namespaces).size).toBe(1)
        expect(namespaces[0]).toMatch(NAMESPACE)
        await stores[1]?.migrate(namespaces[0])
        await expect(stores[1]?.migrate('another')).rejects.toThrow(/belongs to the installation/)
        const owner = freshOwner()
        const item = sampleItem(owner)
        await stores[1]?.inbox.put([item])
        expect(ids((await stores[2]?.inbox.get(owner, ids([item]))) ?? [])).toEqual(ids([item]))
      } finally {
        await Promise.all(stores.map((store) => store.close()))
      }
    }, 60_000)

    test('is rejected if its data was written with another secret', async () => {
      const attempt = async (name: 'check' | 'migrate') => {
        const other = await open('main', createSeal('x'.repeat(32)))
        try {
          await other[name]()
        } finally {
          await other.close()
        }
      }
      for (const name of ['check', 'migrate'] as const) {
        const error = await attempt(name).catch((error: unknown) => error)
        expect(error).toBeInstanceOf(SetupError)
        expect(String(error)).toMatch(/was written with another secret: set CARILLON_SECRET to the secret/)
      }
    }, 60_000)

    test('rejects as unavailable after the store is closed', async () => {
      const store = await open('main')
      await store.check()
      await store.close()
      const owner = freshOwner()
      for (const attempt of [
        store.check(),
        store.inbox.put([sampleItem(owner)]),
        store.inbox.counts(owner),
        store.users.walk(owner.tenant, { from: 0, to: 1 }, 1),
        store.notifications.cancel(owner.tenant, 'x', 0),
        store.devices.of(owner.tenant, ['ada']),
        store.expiringKeys.acquire(owner.tenant, [{ key: 'k', value: 'v', at: 0 }], 1_000),
        store.deliveries.sum(owner.tenant, { id: 'x', toAudience: true }),
      ])
        await expect(attempt).rejects.toThrow(UnavailableError)
    })
  })
}
