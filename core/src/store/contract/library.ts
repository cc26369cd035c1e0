import { describe, expect, test } from 'vitest'
import type { Store } from '../port.ts'
import type { LibraryChange } from '../ports/library.ts'
import { freshTenant, seeded } from './samples.ts'

const layout = (html: string, key = 'brand'): LibraryChange => ({ kind: 'layout', key, value: { html } })
const partial = (text: string, key = 'bye'): LibraryChange => ({ kind: 'partial', key, value: { text } })
const env = (value: Record<string, string>): LibraryChange => ({ kind: 'env', key: '', value })

export const libraryContract = (store: () => Store): void => {
  describe('library', () => {
    test('each change makes a revision, and every revision stays readable', async () => {
      const { library } = store()
      const tenant = freshTenant()
      expect([await library.newest(tenant), await library.at(tenant, 1)]).toEqual([0, undefined])
      expect(await library.at(tenant, 0)).toMatchObject({ revision: 0, env: {}, envVersion: 0, size: 0 })
      expect(await library.put(tenant, 0, layout('one'), 'k1')).toBe(1)
      expect(await library.put(tenant, 1, partial('bye'))).toBe(2)
      expect(await library.put(tenant, 2, env({ A: '1', constructor: 'x' }))).toBe(3)
      expect(await library.put(tenant, 3, layout('two'))).toBe(4)
      expect(await library.put(tenant, 4, { kind: 'layout', key: 'brand' })).toBe(5)
      const at = async (revision: number) => await library.at(tenant, revision)
      expect((await at(1))?.layouts).toEqual(new Map([['brand', { key: 'brand', version: 1, html: 'one' }]]))
      expect(await at(3)).toMatchObject({ revision: 3, env: { A: '1', constructor: 'x' }, envVersion: 3 })
      expect((await at(4))?.layouts.get('brand')).toEqual({ key: 'brand', version: 4, html: 'two' })
      expect((await at(4))?.partials.get('bye')).toEqual({ key: 'bye', version: 2, text: 'bye' })
      expect((await at(5))?.layouts.size).toBe(0)
      expect(await library.newest(tenant)).toBe(5)
      expect([await library.newest(freshTenant()), await library.at(freshTenant(), 1)]).toEqual([
        0,
        undefined,
      ])
    })

    test('a change without effect makes no revision, whatever the order of its properties', async () => {
      const { library } = store()
      const tenant = freshTenant()
      await library.put(tenant, 0, { kind: 'layout', key: 'a', value: { html: 'x', text: 'y' } })
      const same = { text: 'y', html: 'x', locale: undefined }
      expect(await library.put(tenant, 1, { kind: 'layout', key: 'a', value: same })).toBe(1)
      expect(await library.put(tenant, 1, { kind: 'layout', key: 'unknown' })).toBe(1)
      expect(await library.newest(tenant)).toBe(1)
    })

    test('the versions of a layout, partial or `env` are listed, newest first', async () => {
      const { library } = store()
      const tenant = freshTenant()
      const before = Date.now()
      const changes = [layout('1'), partial('1'), layout('2'), layout('x', 'other')]
      for (const [base, change] of changes.entries()) await library.put(tenant, base, change, `k${base}`)
      await library.put(tenant, 4, { kind: 'layout', key: 'brand' })
      const place = { kind: 'layout', key: 'brand' } as const
      const all = await library.versions(tenant, place, { limit: 10 })
      expect(all.map(({ version, publishedBy, deleted }) => [version, publishedBy, deleted])).toEqual([
        [5, undefined, true],
        [3, 'k2', undefined],
        [1, 'k0', undefined],
      ])
      for (const { publishedAt } of all) expect(publishedAt).toBeGreaterThanOrEqual(before)
      const page = await library.versions(tenant, place, { before: 5, limit: 1 })
      expect(page.map(({ version }) => version)).toEqual([3])
      expect(await library.versions(freshTenant(), place, { limit: 10 })).toEqual([])
    })

    test('each concurrent writer makes a revision, and no write is lost', async () => {
      const { library } = store()
      const tenant = freshTenant()
      const random = seeded(11)
      const written = new Map<string, string>()
      const write = async (change: LibraryChange): Promise<number> => {
        const base = await library.newest(tenant)
        return (await library.put(tenant, base, change)) ?? write(change)
      }
      const writer = async (who: number) => {
        for (let round = 0; round < 4; round++) {
          const html = `${who}-${round}-${random()}`
          const key = `by-${who}`
          const revision = await write(layout(html, key))
          written.set(key, html)
          const seen = (await library.at(tenant, revision))?.layouts.get(key)
          expect(seen).toEqual({ key, version: revision, html })
        }
      }
      await Promise.all([1, 2, 3, 4].map(writer))
      expect(await library.newest(tenant)).toBe(16)
      const last = await library.at(tenant, 16)
      expect(new Map([...(last?.layouts ?? [])].map(([key, { html }]) => [key, html]))).toEqual(
        new Map([...written].toSorted()),
      )
    })
  })
}
