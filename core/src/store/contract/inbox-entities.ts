import type { InboxContent } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import type { Store } from '../port.ts'
import type { NewItem } from '../ports/inbox.ts'
import { DAY, freshOwner, freshTenant, ids, sampleItem } from './samples.ts'

const TYPE = 'upload.progress'
const ENTITY = 'upload-7'

/** The items of an entity: `evolve` of the inbox. */
export const inboxEntitiesContract = (store: () => Store): void => {
  describe('items of an entity', () => {
    const owner = freshOwner
    const about = (
      of: ReturnType<typeof owner>,
      title: string,
      { age = 0, ...more }: Partial<Omit<InboxContent, 'expiresAt'>> & { age?: number } = {},
    ): NewItem => sampleItem(of, { age, title, type: TYPE, entity: ENTITY, ...more })
    const active = async (of: ReturnType<typeof owner>, limit = 50) =>
      (await store().inbox.page(of, { status: 'active', limit })).items

    test('the first one is added; later ones replace its content and keep id, place, createdAt and state', async () => {
      const { inbox } = store()
      const ada = owner()
      const [first, second] = [about(ada, '10 %', { age: 5_000 }), about(ada, '50 %', { age: 3_000 })]
      const other = sampleItem(ada, { age: 4_000, title: 'between' })
      expect(await inbox.evolve([first])).toEqual([{ outcome: 'added' }])
      await inbox.put([other])
      await inbox.change(ada, [first.id], () => ({ readAt: '2026-01-31T09:00:00.000Z' }))
      const [before] = await inbox.get(ada, [first.id])
      const expected = {
        ...{ ...before, ...second.content, id: first.id },
        createdAt: before?.createdAt,
        updatedAt: second.content.createdAt,
      }
      expect(await inbox.evolve([second])).toEqual([{ outcome: 'replaced', item: expected }])
      expect(await inbox.get(ada, [first.id])).toEqual([expected])
      expect(ids(await active(ada))).toEqual([other.id, first.id])
    })

    test('a repetition has the same outcome, added or replaced', async () => {
      const { inbox } = store()
      const ada = owner()
      const [first, second] = [about(ada, '10 %', { age: 5_000 }), about(ada, '50 %')]
      for (const _ of [1, 2]) {
        expect(await inbox.evolve([first])).toEqual([{ outcome: 'added' }])
        expect((await inbox.evolve([second]))[0]).toMatchObject({
          outcome: 'replaced',
          item: { id: first.id },
        })
      }
      expect(await active(ada)).toMatchObject([{ id: first.id, title: '50 %' }])
    })

    test('an earlier version does not replace a later one', async () => {
      const { inbox } = store()
      const ada = owner()
      const [early, late] = [about(ada, '10 %', { age: 5_000 }), about(ada, '50 %')]
      const middle = about(ada, '30 %', { age: 2_000 })
      await inbox.evolve([late])
      expect(await inbox.evolve([early])).toEqual([{ outcome: 'superseded' }])
      expect(await active(ada)).toMatchObject([{ id: late.id, title: '50 %' }])
      const bob = { ...ada, user: 'bob' }
      await inbox.evolve([{ ...early, ...bob }])
      await inbox.evolve([{ ...late, ...bob }])
      expect(await inbox.evolve([{ ...middle, ...bob }])).toEqual([{ outcome: 'superseded' }])
      // A redelivery of the first version does not bring it back.
      await inbox.put([{ ...early, ...bob }])
      expect(await active(bob)).toMatchObject([{ id: early.id, title: '50 %' }])
    })

    test('the newest of the items that were stored one by one is replaced', async () => {
      const { inbox } = store()
      const ada = owner()
      const stored = [3, 2, 1].map((hours) => about(ada, `${hours} h`, { age: hours * 3_600_000 }))
      for (const item of stored) await inbox.put([item])
      expect((await inbox.evolve([about(ada, 'now')]))[0]).toMatchObject({ item: { id: stored[2]?.id } })
      expect((await active(ada)).map(({ title }) => title)).toEqual(['now', '2 h', '3 h'])
    })

    test('another user, context, type or entity is another item', async () => {
      const { inbox } = store()
      const ada = owner()
      const bob = { ...ada, user: 'bob' }
      const items = [
        about(ada, 'plain'),
        about(ada, 'context', { context: 'org-7' }),
        about(ada, 'type', { type: 'upload.done' }),
        about(ada, 'entity', { entity: 'upload-8' }),
        about(bob, 'plain'),
        about(owner('ada@example.org'), 'tenant'),
      ]
      expect(await inbox.evolve(items)).toEqual(items.map(() => ({ outcome: 'added' })))
      expect((await inbox.evolve([about(ada, 'again', { context: 'org-7' })]))[0]).toMatchObject({
        item: { id: items[1]?.id },
      })
      expect(await active(ada)).toHaveLength(4)
    })

    test('a new one is added if the last one was deleted or has expired', async () => {
      const { inbox } = store()
      const ada = owner()
      const first = about(ada, '10 %', { age: 5_000 })
      await inbox.evolve([first])
      await inbox.remove(ada, [first.id])
      const second = about(ada, '50 %', { age: 3_000 })
      expect(await inbox.evolve([second])).toEqual([{ outcome: 'added' }])
      await inbox.remove(ada, [second.id])
      const third = about(ada, '70 %', { age: 1_000 })
      expect(await inbox.evolve([third])).toEqual([{ outcome: 'added' }])
      expect(ids(await active(ada))).toEqual([third.id])
      // A redelivery does not restore what was deleted.
      await inbox.evolve([first, second])
      expect(ids(await active(ada))).toEqual([third.id])
    })

    test('an item expires with its newest version', async () => {
      const { inbox } = store()
      const ada = owner()
      const first = { ...about(ada, '10 %'), expiresAt: Date.now() + 1_500 }
      await inbox.evolve([first])
      await inbox.evolve([{ ...about(ada, '50 %', { age: -1 }), expiresAt: Date.now() + DAY }])
      await new Promise((resolve) => setTimeout(resolve, first.expiresAt - Date.now() + 1_000))
      expect(await active(ada)).toMatchObject([{ id: first.id, title: '50 %' }])
      await inbox.evolve([{ ...about(ada, '90 %', { age: -2 }), expiresAt: Date.now() + 1 }])
      await expect.poll(() => active(ada)).toEqual([])
    })

    test('of concurrent versions the newest stays, in one item, whoever adds it', async () => {
      const { inbox } = store()
      for (let round = 0; round < 20; round++) {
        const ada = owner()
        const versions = Array.from({ length: 6 }, (_, n) => about(ada, `${n}`, { age: 6_000 - n * 1_000 }))
        // In every second round they meet in the middle of each other's writes.
        const pause = (round % 2) * 2
        const results = await Promise.all(
          versions.map(async (version, n) => {
            await new Promise((resolve) => setTimeout(resolve, n * pause))
            return inbox.evolve([version])
          }),
        )
        const added = results.filter(([result]) => result?.outcome === 'added')
        expect(added).toHaveLength(1)
        const items = await active(ada)
        expect(items.map(({ title }) => title)).toEqual(['5'])
        expect((await inbox.counts(ada)).counts).toEqual({ unread: 1, unseen: 1 })
      }
    })

    test('new labels apply to lists and counts by category and tag, also after read-all and behind hints', async () => {
      const { inbox } = store()
      const ada = owner()
      const first = about(ada, '10 %', { age: 9_000, tags: ['old'], category: 'a' })
      await inbox.evolve([first])
      await inbox.put(Array.from({ length: 300 }, () => sampleItem(ada, { age: 8_000, tags: ['new'] })))
      // Marks and hints that cover the new labels.
      await inbox.changeAll(ada, 'read', { tag: 'new' })
      await inbox.counts(ada, { tag: 'new' })
      await inbox.page(ada, { status: 'unread', tag: 'new', limit: 10 })
      await inbox.evolve([about(ada, '50 %', { tags: ['new'], category: 'b' })])
      const unread = async (filter: { tag?: string; category?: string }) =>
        ids((await inbox.page(ada, { status: 'unread', ...filter, limit: 10 })).items)
      expect(await unread({ tag: 'new' })).toEqual([first.id])
      expect(await unread({ category: 'b' })).toEqual([first.id])
      expect(await unread({ tag: 'old' })).toEqual([])
      expect((await inbox.counts(ada, { tag: 'new' })).counts.unread).toBe(1)
    })

    test('contents are replaced by an operation: once, unless newer content was written', async () => {
      const { inbox } = store()
      const ada = owner()
      const [item, other] = [
        about(ada, 'first', { age: 5_000 }),
        sampleItem(ada, { age: 5_000, tags: ['x'] }),
      ]
      await inbox.put([item, other])
      const at = Date.now() - 1_000
      const ids = [item.id, other.id, '0198f3a0-5f5d-7b2a-9c4d-1e2f3a4b5c6d', 'no id']
      const change = (content: InboxContent) =>
        content.entity ? { ...content, title: `${content.title}!` } : undefined
      for (const _ of [1, 2]) {
        const items = await inbox.rewrite(ada, ids, change, at)
        expect(items).toMatchObject([
          {
            id: item.id,
            title: 'first!',
            createdAt: item.content.createdAt,
            updatedAt: new Date(at).toISOString(),
          },
        ])
      }
      expect(await inbox.rewrite(ada, [item.id], change, at - 1)).toEqual([])
      expect((await active(ada)).map(({ title }) => title).sort()).toEqual(
        ['first!', other.content.title].sort(),
      )
      await inbox.remove(ada, [item.id])
      expect(await inbox.rewrite(ada, ids, change, Date.now())).toEqual([])
    })

    test('items of a fan-out evolve one by one, and keep their recipients', async () => {
      const { inbox } = store()
      const tenant = freshTenant()
      const users = Array.from({ length: 40 }, (_, n) => ({ tenant, user: `user-${n}` }))
      const shared = (title: string, age: number) => {
        const { content } = about(users[0]!, title, { age, notification: title })
        return users.map((user) => ({
          ...sampleItem(user, { age, notification: title }),
          content,
          keepRecipient: true as const,
        }))
      }
      const first = shared('started', 5_000)
      await inbox.put(first)
      const results = await inbox.evolve(shared('finished', 0))
      expect(results.map((result) => result.outcome === 'replaced' && result.item.id)).toEqual(ids(first))
      for (const [index, user] of users.entries())
        expect(await active(user)).toMatchObject([{ id: first[index]?.id, title: 'finished' }])
      expect(await inbox.received(users[7]!, 'finished')).toBe(true)
      // They belong to the notification that they show.
      const named = first.map(({ user, id }) => ({ user, id }))
      await inbox.recalled(tenant, 'started')
      expect(await inbox.recall(tenant, 'started', named)).toEqual([])
      expect(await active(users[3]!)).toMatchObject([{ title: 'finished', notification: 'finished' }])
      const [found] = await inbox.ofEntity(users[3]!, { type: TYPE, entity: ENTITY })
      expect(found).toMatchObject({ id: named[3]?.id, notification: 'finished' })
      await inbox.recalled(tenant, 'finished')
      const repeated = await inbox.evolve(shared('finished', 0))
      expect(new Set(repeated.map(({ outcome }) => outcome))).toEqual(new Set(['recalled']))
      expect(await active(users[3]!)).toEqual([])
    })
  })
}
