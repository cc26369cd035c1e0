import { describe, expect, test } from 'vitest'
import type { Store } from '../port.ts'
import { freshTenant, seeded } from './samples.ts'

export const typesContract = (store: () => Store): void => {
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
    test('versions are listed, with when and by whom, newest first', async () => {
      const { types } = store()
      const tenant = freshTenant()
      const before = Date.now()
      for (const name of ['a', 'b', 'c'])
        await types.put(tenant, { key: 't', name }, name === 'b' ? 'k1' : undefined)
      const all = await types.versions(tenant, 't', { limit: 10 })
      expect(all.map(({ version, publishedBy }) => [version, publishedBy])).toEqual([
        [3, undefined],
        [2, 'k1'],
        [1, undefined],
      ])
      for (const { publishedAt } of all) {
        expect(publishedAt).toBeGreaterThanOrEqual(before)
        expect(publishedAt).toBeLessThanOrEqual(Date.now())
      }
      const page = await types.versions(tenant, 't', { before: 3, limit: 1 })
      expect(page.map(({ version }) => version)).toEqual([2])
      expect(await types.versions(freshTenant(), 't', { limit: 10 })).toEqual([])
    })

    test('a conditional put needs the version in force; of several that expect the same one, one wins', async () => {
      const { types } = store()
      const tenant = freshTenant()
      await types.put(tenant, { key: 't', name: 'first' })
      expect(await types.putIf(tenant, { key: 't', name: 'x' }, { expected: 2 })).toBeUndefined()
      const names = ['a', 'b', 'c', 'd']
      const put = await Promise.all(
        names.map((name) => types.putIf(tenant, { key: 't', name }, { expected: 1 })),
      )
      expect(put.filter(Boolean)).toEqual([{ key: 't', name: expect.any(String), version: 2 }])
      expect(await types.get(tenant, 't')).toEqual(put.find(Boolean))
      expect(await types.versions(tenant, 't', { limit: 10 })).toHaveLength(2)
    })

    test('publishing, rolling back and deleting concurrently loses and doubles no version', async () => {
      const { types } = store()
      const tenant = freshTenant()
      const random = seeded(7)
      const published: number[] = []
      const writer = async (who: number) => {
        for (let round = 0; round < 5; round++) {
          if (random() < 0.2) await types.remove(tenant, 't', {})
          else if (random() < 0.3) {
            const old = await types.get(tenant, 't', 1)
            if (old) published.push((await types.put(tenant, { ...old, key: 't' })).version)
          } else published.push((await types.put(tenant, { key: 't', name: `${who}-${round}` })).version)
        }
      }
      await Promise.all([1, 2, 3, 4].map(writer))
      const all = await types.versions(tenant, 't', { limit: 100 })
      const [newest] = all
      // Without a gap, each once, the highest in force.
      expect(all.map(({ version }) => version)).toEqual(all.map((_, index) => all.length - index))
      expect((await types.get(tenant, 't'))?.version).toBe(newest?.deleted ? undefined : newest?.version)
      const kept = new Set(all.filter(({ deleted }) => !deleted).map(({ version }) => version))
      expect(new Set(published)).toEqual(kept)
    })

    test('a deleted type is unknown, but its versions can be read, and the next one continues them', async () => {
      const { types } = store()
      const tenant = freshTenant()
      await types.put(tenant, { key: 't', name: 'T' })
      await types.saveDraft(tenant, { key: 't', name: 'draft' })
      expect(await types.remove(tenant, 't', { expected: 2 })).toBe(false)
      expect(await types.remove(tenant, 't', { expected: 1, by: 'k1' })).toBe(true)
      expect(await types.remove(tenant, 't', {})).toBe(true)
      expect([await types.get(tenant, 't'), await types.get(tenant, 't', 2)]).toEqual([undefined, undefined])
      expect([await types.list(tenant), await types.draft(tenant, 't')]).toEqual([[], undefined])
      expect(await types.get(tenant, 't', 1)).toEqual({ key: 't', name: 'T', version: 1 })
      expect(await types.put(tenant, { key: 't', name: 'T' })).toMatchObject({ version: 3 })
      expect(await types.versions(tenant, 't', { limit: 10 })).toMatchObject([
        { version: 3 },
        { version: 2, deleted: true, publishedBy: 'k1' },
        { version: 1 },
      ])
      expect(await types.remove(tenant, 'unknown', {})).toBe(true)
      expect(await types.versions(tenant, 'unknown', { limit: 10 })).toEqual([])
    })

    test('a draft is replaced and discarded by its revision', async () => {
      const { types } = store()
      const tenant = freshTenant()
      expect(await types.draft(tenant, 't')).toBeUndefined()
      expect(await types.saveDraft(tenant, { key: 't', name: 'a' }, 'none')).toBeUndefined()
      const first = await types.saveDraft(tenant, { key: 't', name: 'a' })
      expect(await types.draft(tenant, 't')).toEqual({
        type: { key: 't', name: 'a' },
        revision: first?.revision,
      })
      expect(await types.get(tenant, 't')).toBeUndefined()
      const names = ['b', 'c', 'd']
      const saved = await Promise.all(
        names.map((name) => types.saveDraft(tenant, { key: 't', name }, first?.revision)),
      )
      expect(saved.filter(Boolean)).toHaveLength(1)
      const current = saved.find(Boolean)
      expect(await types.draft(tenant, 't')).toEqual(current)
      expect(await types.saveDraft(tenant, { key: 't', name: 'e' })).toMatchObject({ type: { name: 'e' } })
      expect(await types.discardDraft(tenant, 't', current?.revision ?? '')).toBe(false)
      const last = await types.draft(tenant, 't')
      expect(await types.discardDraft(tenant, 't', last?.revision ?? '')).toBe(true)
      expect(await types.draft(tenant, 't')).toBeUndefined()
    })
  })
}
