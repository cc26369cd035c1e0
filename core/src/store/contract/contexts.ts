import type { ContextSettings } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import type { Store } from '../port.ts'
import { FOREIGN_IDS, freshTenant } from './samples.ts'

const acme: ContextSettings = {
  name: 'Acme',
  colors: { primary: '#1f4fd8' },
  senders: { email: { from: { email: 'hello@acme.example' } } },
  attributes: { plan: 'pro', list: [1] },
  defaults: { categories: { news: { email: false } } },
}

export const contextsContract = (store: () => Store): void => {
  describe('contexts', () => {
    test('are stored, replaced as a whole and deleted, separately for each tenant', async () => {
      const { contexts } = store()
      const [tenant, other] = [freshTenant(), freshTenant()]
      const first = await contexts.put(tenant, 'org-7', acme)
      const second = await contexts.put(tenant, 'org-7', { name: 'New' })
      expect([first?.settings, second?.settings]).toEqual([acme, { name: 'New' }])
      expect(second?.revision).not.toBe(first?.revision)
      expect(await contexts.get(tenant, ['org-7', 'org-8'])).toEqual(new Map([['org-7', second]]))
      expect(await contexts.get(other, ['org-7'])).toEqual(new Map())
      expect(await contexts.remove(tenant, 'org-7')).toBe(true)
      expect(await contexts.remove(tenant, 'org-7')).toBe(true)
      expect((await contexts.get(tenant, ['org-7'])).size).toBe(0)
      expect(await contexts.put(tenant, 'org-7', acme)).toEqual(first)
    })

    test('are changed only if the expected revision is stored', async () => {
      const { contexts } = store()
      const tenant = freshTenant()
      expect(await contexts.put(tenant, 'org-7', acme, 'stale')).toBeUndefined()
      expect(await contexts.remove(tenant, 'org-7', 'stale')).toBe(false)
      const first = await contexts.put(tenant, 'org-7', acme)
      const writers = Array.from({ length: 20 }, (_, n) =>
        contexts.put(tenant, 'org-7', { name: `writer ${n}` }, first?.revision),
      )
      const made = (await Promise.all(writers)).filter((each) => each !== undefined)
      expect(made).toHaveLength(1)
      expect(await contexts.remove(tenant, 'org-7', first?.revision)).toBe(false)
      expect((await contexts.get(tenant, ['org-7'])).get('org-7')).toEqual(made[0])
      expect(await contexts.remove(tenant, 'org-7', made[0]?.revision)).toBe(true)
      expect((await contexts.get(tenant, ['org-7'])).size).toBe(0)
    })

    test('are listed page by page, each once, whatever their keys', async () => {
      const { contexts } = store()
      const tenant = freshTenant()
      const keys = [
        ...new Set([...FOREIGN_IDS, 'constructor', ...Array.from({ length: 20 }, (_, n) => `c${n}`)]),
      ]
      for (const key of keys) await contexts.put(tenant, key, { attributes: { key } })
      const met: string[] = []
      let after: string | undefined
      do {
        const page = await contexts.list(tenant, { limit: 7, ...(after === undefined ? {} : { after }) })
        expect(page.contexts.length).toBeLessThanOrEqual(7)
        for (const { key, settings } of page.contexts) {
          expect(settings).toEqual({ attributes: { key } })
          met.push(key)
        }
        after = page.next
      } while (after !== undefined)
      expect(met.sort()).toEqual([...keys].sort())
      const found = await contexts.get(tenant, keys)
      expect([...found.keys()].sort()).toEqual([...keys].sort())
      expect(await contexts.list(freshTenant(), { limit: 7 })).toEqual({ contexts: [] })
    })
  })
}
