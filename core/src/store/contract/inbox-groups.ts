import type { InboxItem, StateChange } from '@carillon/schemas'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Store } from '../port.ts'
import type { Inbox, InboxQuery, NewItem, Owner } from '../ports/inbox.ts'
import { allPages } from './inbox.ts'
import { freshOwner, HOUR, ids, sampleItem } from './samples.ts'

const at = (ms: number): string => new Date(ms).toISOString()
const grouped = { status: 'active', limit: 20, grouped: true } as const
const POST = { group: { key: 'post-7' } }

/** Puts items one after the other, so that the last one is the newest. */
const putInOrder = async (inbox: Inbox, items: readonly NewItem[]): Promise<void> => {
  for (const [index, item] of items.entries()) {
    vi.setSystemTime(Date.now() + index)
    await inbox.put([item])
  }
}

/** Returns each item of a grouped list with its numbers. */
const summaries = async (inbox: Inbox, owner: Owner, query: Partial<InboxQuery> = {}) =>
  (await allPages(inbox, owner, { ...grouped, ...query })).map(({ id, group }: InboxItem) => [
    id,
    ...(group ? [group.count, group.unread] : []),
  ])

export const inboxGroupsContract = (store: () => Store): void => {
  describe('a grouped inbox', () => {
    afterEach(() => {
      vi.useRealTimers()
    })
    // Each test starts later, because places never go back by less than a minute.
    let hours = 5
    const begin = () => {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5 * HOUR * hours++ })
      return { inbox: store().inbox, owner: freshOwner() }
    }

    test('the newest item stands for the group, with its numbers and newest items', async () => {
      const { inbox, owner } = begin()
      const [a, b, c, d, alone] = [
        ...Array.from({ length: 4 }, (_, n) => sampleItem(owner, { ...POST, actor: { name: `user${n}` } })),
        sampleItem(owner),
      ] as [NewItem, NewItem, NewItem, NewItem, NewItem]
      await putInOrder(inbox, [a, b, alone, c, d])
      await inbox.change(owner, ids([b]), () => ({ readAt: at(1e12) }))
      const [first, second, ...others] = await allPages(inbox, owner, grouped)
      expect(others).toEqual([])
      expect(first).toMatchObject({ id: d.id, group: { key: 'post-7', count: 4, unread: 3 } })
      expect(first?.group?.newest).toMatchObject([
        { id: d.id, actor: { name: 'user3' }, readAt: null },
        { id: c.id, actor: { name: 'user2' } },
        { id: b.id, readAt: at(1e12) },
      ])
      expect(first?.group).not.toHaveProperty('more')
      expect(second).toMatchObject({ id: alone.id })
      expect(second).not.toHaveProperty('group')
      const flat = await allPages(inbox, owner, { status: 'active', limit: 2 })
      expect(ids(flat)).toEqual(ids([d, c, alone, b, a]))
      expect(flat[0]?.group).toEqual({ key: 'post-7' })
      expect((await inbox.counts(owner)).counts).toEqual({ unread: 4, unseen: 4 })
    })

    test('items of other contexts and types are other groups', async () => {
      const { inbox, owner } = begin()
      const items = [
        sampleItem(owner, POST),
        sampleItem(owner, { ...POST, context: 'acme' }),
        sampleItem(owner, { ...POST, type: 'like.added' }),
        sampleItem(owner, { ...POST, type: 'like.added', context: 'acme' }),
        sampleItem(owner, { ...POST, context: 'acme' }),
      ] as const
      await putInOrder(inbox, items)
      const [a, , c, d, e] = items
      expect(await summaries(inbox, owner)).toEqual([
        [e.id, 2, 2],
        [d.id, 1, 1],
        [c.id, 1, 1],
        [a.id, 1, 1],
      ])
      const members = (query: Partial<InboxQuery>) =>
        allPages(inbox, owner, { status: 'active', limit: 1, group: 'post-7', ...query }).then(ids)
      expect(await members({})).toEqual(ids(items.toReversed()))
      expect(await members({ type: 'like.added' })).toEqual(ids([d, c]))
      expect(await members({ type: 'comment.created', context: '' })).toEqual(ids([a]))
      expect(await members({ type: 'like.added', context: 'acme', contexts: [''] })).toEqual([])
      expect(await members({ group: '__proto__' })).toEqual([])
    })

    test('a snoozed, archived, deleted or expired item does not stand for its group', async () => {
      const { inbox, owner } = begin()
      const expiresAt = Date.now() + HOUR
      const items = Array.from({ length: 5 }, (_, n) =>
        sampleItem(owner, { ...POST, ...(n === 4 ? { expiresAt } : {}) }),
      )
      await putInOrder(inbox, items)
      const [a, b, c, d, e] = ids(items) as [string, string, string, string, string]
      expect(await summaries(inbox, owner)).toEqual([[e, 5, 5]])
      vi.setSystemTime(expiresAt)
      expect(await summaries(inbox, owner)).toEqual([[d, 4, 4]])
      await inbox.remove(owner, [d])
      expect(await summaries(inbox, owner)).toEqual([[c, 3, 3]])
      await inbox.change(owner, [c], () => ({ archivedAt: at(1e12) }))
      expect(await summaries(inbox, owner)).toEqual([[b, 2, 2]])
      const until = Date.now() + HOUR
      await inbox.change(owner, [b], () => ({ snoozedUntil: at(until) }))
      expect(await summaries(inbox, owner)).toEqual([[a, 1, 1]])
      expect(await summaries(inbox, owner, { status: 'snoozed' })).toEqual([[b, 1, 1]])
      expect(await summaries(inbox, owner, { status: 'archived' })).toEqual([[c, 1, 1]])
      vi.setSystemTime(until)
      expect(await summaries(inbox, owner)).toEqual([[b, 2, 2]])
      await inbox.change(owner, [a], () => ({ readAt: at(1e12) }))
      expect(await summaries(inbox, owner, { status: 'unread' })).toEqual([[b, 2, 1]])
      expect(await summaries(inbox, owner, { status: 'read' })).toEqual([[a, 2, 1]])
    })

    test('a redelivered item keeps its place in the group', async () => {
      const { inbox, owner } = begin()
      const items = [sampleItem(owner, POST), sampleItem(owner), sampleItem(owner, POST)] as const
      await putInOrder(inbox, items)
      vi.setSystemTime(Date.now() + HOUR)
      await inbox.put([items[0]])
      expect(await summaries(inbox, owner)).toEqual([[items[2].id, 2, 2], [items[1].id]])
    })

    test('all items of a group are read at once', async () => {
      const { inbox, owner } = begin()
      const items = Array.from({ length: 300 }, (_, n) =>
        sampleItem(owner, { group: { key: n % 3 ? 'a' : 'b' } }),
      )
      for (let from = 0; from < 300; from += 100) await inbox.put(items.slice(from, from + 100))
      vi.setSystemTime(Date.now() + 60_000)
      const filter = { group: 'a', type: 'comment.created', context: '' }
      await inbox.changeAll(owner, 'read', filter)
      expect(await inbox.counts(owner)).toMatchObject({ counts: { unread: 100 } })
      await inbox.changeAll(owner, 'archived', filter)
      expect(await summaries(inbox, owner)).toEqual([[expect.any(String), 100, 100]])
    })

    test.each([3, 150])('%i items of a group are archived at the given time', async (count) => {
      const { inbox, owner } = begin()
      const items = Array.from({ length: count }, () => sampleItem(owner, POST))
      await inbox.put(items)
      vi.setSystemTime(Date.now() + 60_000)
      const now = Date.now()
      vi.setSystemTime(now + 50)
      await inbox.changeAll(owner, 'archived', { group: 'post-7', at: now })
      const archived = await allPages(inbox, owner, { status: 'archived', limit: 100 })
      expect(archived).toHaveLength(count)
      expect(new Set(archived.map(({ archivedAt }) => archivedAt))).toEqual(new Set([at(now)]))
    })

    test('a group of 10,000 items is one item, and its items are listed from the group', async () => {
      const { inbox, owner } = begin()
      const early = [sampleItem(owner), sampleItem(owner, { group: { key: 'old' } })]
      await putInOrder(inbox, early)
      const many = Array.from({ length: 10_000 }, () => sampleItem(owner, POST))
      for (let from = 0; from < many.length; from += 500) await inbox.put(many.slice(from, from + 500))
      vi.setSystemTime(Date.now() + 60_000)
      const latest = sampleItem(owner, { group: { key: 'old' } })
      await inbox.put([latest])
      const all = await allPages(inbox, owner, grouped)
      expect(all.map(({ group }) => group?.key)).toEqual(['old', 'post-7', undefined])
      expect(all[1]?.group).toMatchObject({ count: 100, unread: 100, more: true })
      const old = { group: 'old', type: 'comment.created', context: '' }
      const { items, next } = await inbox.page(owner, { status: 'active', limit: 10, ...old })
      expect([ids(items), next]).toEqual([[latest.id, early[1]?.id], undefined])
      // Later pages have to pass 9,000 archived items to find the newest one that is left.
      const archived: StateChange = { archivedAt: at(1e12) }
      const shown = await allPages(inbox, owner, { status: 'active', limit: 100 })
      for (let from = 1; from < 9_001; from += 500)
        await inbox.change(owner, ids(shown.slice(from, from + 500)), () => archived)
      const left = await allPages(inbox, owner, { ...grouped, limit: 1 })
      expect(ids(left)).toEqual([latest.id, shown[9_001]?.id, early[0]?.id])
    }, 120_000)

    test('every group appears exactly once in a walk while items arrive', async () => {
      const { inbox, owner } = begin()
      const KEYS = Array.from({ length: 30 }, (_, n) => `k${n}`)
      const make = (n: number) => sampleItem(owner, { group: { key: KEYS[(n * 7) % KEYS.length]! } })
      await putInOrder(
        inbox,
        Array.from({ length: 120 }, (_, n) => make(n)),
      )
      let before: InboxQuery['before']
      const keys: (string | undefined)[] = []
      for (let n = 0; ; n++) {
        vi.setSystemTime(Date.now() + 10)
        const query = { ...grouped, limit: 4, ...(before ? { before } : {}) }
        const [{ items, next }] = await Promise.all([
          inbox.page(owner, query),
          n > 0 && inbox.put([make(n * 5)]),
        ])
        keys.push(...items.map(({ group }) => group?.key))
        if (!next) break
        before = next
      }
      expect(keys.toSorted()).toEqual(KEYS.toSorted())
    })
  })
}
