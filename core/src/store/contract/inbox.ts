import { hasLabels, type InboxItem, type ItemFilter, type StateChange } from '@carillon/schemas'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Store } from '../port.ts'
import type { Inbox, InboxPlace, InboxQuery, Owner } from '../ports/inbox.ts'
import { DAY, freshOwner, freshTenant, HOUR, ids, newestFirst, sampleItem } from './samples.ts'

const at = (ms: number): string => new Date(ms).toISOString()

/** Lists every item of a status, page by page. A page may be short. */
export const allPages = async (
  inbox: Inbox,
  owner: Owner,
  query: Omit<InboxQuery, 'before'>,
): Promise<InboxItem[]> => {
  const found: InboxItem[] = []
  for (let before: InboxPlace | undefined; ; ) {
    const { items, next } = await inbox.page(owner, { ...query, ...(before ? { before } : {}) })
    found.push(...items)
    if (!next) return found
    before = next
  }
}

/** Returns the items of the first page. */
export const firstPage = async (inbox: Inbox, owner: Owner, query: InboxQuery): Promise<InboxItem[]> =>
  (await inbox.page(owner, query)).items

/** Applies a change to items, whatever their state. */
const setState = (inbox: Inbox, owner: Owner, ids: readonly string[], state: StateChange) =>
  inbox.change(owner, ids, () => state)

const active = { status: 'active', limit: 50 } as const

export const inboxContract = (store: () => Store): void => {
  describe('inbox', () => {
    afterEach(() => {
      vi.useRealTimers()
    })

    test('returns an item as it was put, without state', async () => {
      const { inbox } = store()
      const owner = freshOwner()
      const item = sampleItem(owner, {
        category: 'social',
        tags: ['a', "b'c"],
        actor: { name: 'Ada' },
        actions: [{ name: 'ok', label: 'OK' }],
        data: { nested: { deep: [1, null, 'x'] } },
      })
      await inbox.put([item])
      const state = {
        arrivedAt: expect.any(String),
        receivedAt: null,
        seenAt: null,
        readAt: null,
        archivedAt: null,
        snoozedUntil: null,
        acted: {},
      }
      expect(await firstPage(inbox, owner, active)).toEqual([{ id: item.id, ...item.content, ...state }])
      expect(await inbox.get(owner, ids([item]))).toEqual([{ id: item.id, ...item.content, ...state }])
      expect((await inbox.counts(owner)).counts).toEqual({ unread: 1, unseen: 1 })
    })

    test('a repeated put changes nothing, whatever the state of the item', async () => {
      const { inbox } = store()
      const owner = freshOwner()
      const items = [0, 1, 2, 3].map((minutes) => sampleItem(owner, { age: minutes * 60_000 }))
      const [untouched, read, archived, removed] = newestFirst(items) as [string, string, string, string]
      await inbox.put(items)
      await inbox.put(items)
      await setState(inbox, owner, [read], { readAt: at(1e12), seenAt: at(1e12), acted: { ok: at(1e12) } })
      await setState(inbox, owner, [archived], { archivedAt: at(2e12) })
      await inbox.remove(owner, [removed])
      const before = await inbox.get(owner, ids(items))
      await inbox.put(items)
      await Promise.all(items.map((item) => inbox.put([item])))
      expect(new Set(await inbox.get(owner, ids(items)))).toEqual(new Set(before))
      expect(ids(await firstPage(inbox, owner, active))).toEqual([untouched, read])
      expect(ids(await firstPage(inbox, owner, { ...active, status: 'archived' }))).toEqual([archived])
      expect(ids(await inbox.get(owner, [removed]))).toEqual([])
      expect((await inbox.counts(owner)).counts).toEqual({ unread: 1, unseen: 1 })
    })

    test('an item with an id a minute ahead can be read and removed', async () => {
      const { inbox } = store()
      const owner = freshOwner()
      const item = sampleItem(owner, { age: -60_000 })
      await inbox.put([item])
      expect(ids(await firstPage(inbox, owner, active))).toEqual(ids([item]))
      await setState(inbox, owner, ids([item]), { readAt: at(1e12) })
      await setState(inbox, owner, ids([item]), { readAt: null })
      expect((await inbox.counts(owner)).counts).toEqual({ unread: 1, unseen: 1 })
      await inbox.remove(owner, ids([item]))
      await inbox.put([item])
      expect(await firstPage(inbox, owner, active)).toEqual([])
    })

    test('lists are ordered by arrival, newest first, whatever the time in the ids', async () => {
      const { inbox } = store()
      const owner = freshOwner()
      const start = Date.now()
      const items = Array.from({ length: 40 }, (_, index) =>
        sampleItem(owner, { age: (index % 7) * 12 * DAY }),
      )
      vi.useFakeTimers({ toFake: ['Date'], now: start })
      for (const [index, item] of items.entries()) {
        vi.setSystemTime(start + index * 1_000)
        await inbox.put([item])
      }
      const expected = ids(items).reverse()
      expect(ids(await firstPage(inbox, owner, active))).toEqual(expected)
      expect(ids(await allPages(inbox, owner, { status: 'active', limit: 7 }))).toEqual(expected)
    })

    test('pages span months without gaps or repetitions', async () => {
      const { inbox } = store()
      const owner = freshOwner()
      const start = Date.now()
      const items = Array.from({ length: 120 }, (_, index) => sampleItem(owner, { age: (index % 85) * DAY }))
      vi.useFakeTimers({ toFake: ['Date'], now: start })
      for (const month of [0, 1, 2, 3]) {
        vi.setSystemTime(start + month * 20 * DAY)
        const some = items.slice(month * 30, month * 30 + 30)
        await inbox.put(some.map((item) => ({ ...item, expiresAt: start + 90 * DAY })))
      }
      const all = ids(await firstPage(inbox, owner, { status: 'active', limit: 120 }))
      expect([...all].sort()).toEqual(ids(items).sort())
      expect(all.slice(0, 30).sort()).toEqual(ids(items.slice(90)).sort())
      expect(ids(await allPages(inbox, owner, { status: 'active', limit: 7 }))).toEqual(all)
    })

    test('an item that was accepted before the retention is listed where it arrived', async () => {
      const { inbox } = store()
      const owner = freshOwner()
      const items = [sampleItem(owner), sampleItem(owner, { age: 200 * DAY })] as const
      for (const item of items) await inbox.put([item])
      expect(new Set(ids(await firstPage(inbox, owner, active)))).toEqual(new Set(ids(items)))
      expect((await inbox.counts(owner)).counts).toEqual({ unread: 2, unseen: 2 })
    })

    test('items of the same millisecond keep their order', async () => {
      const { inbox } = store()
      const owner = freshOwner()
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
      const items = Array.from({ length: 40 }, () => sampleItem(owner))
      await inbox.put(items)
      expect(ids(await allPages(inbox, owner, { status: 'active', limit: 3 }))).toEqual(newestFirst(items))
    })

    test('category, tag and context filter a page', async () => {
      const { inbox } = store()
      const owner = freshOwner()
      const items = Array.from({ length: 60 }, (_, index) =>
        sampleItem(owner, {
          age: index * DAY,
          ...(index % 2 ? { category: 'social' } : {}),
          ...(index % 3 ? { tags: ['red', `n${index}`] } : {}),
          ...(index % 5 ? {} : { context: 'acme' }),
        }),
      )
      await inbox.put(items)
      const order = ids(await firstPage(inbox, owner, { status: 'active', limit: 60 }))
      const expected = (filter: ItemFilter) => {
        const matching = new Set(ids(items.filter(({ content }) => hasLabels(content, filter))))
        return order.filter((id) => matching.has(id))
      }
      for (const filter of [
        { category: 'social' },
        { tag: 'red' },
        { category: 'social', tag: 'red' },
        { category: 'social', tag: 'n7' },
        { category: 'none' },
        { context: 'acme' },
        { context: '', tag: 'red' },
      ])
        expect(ids(await allPages(inbox, owner, { status: 'unread', ...filter, limit: 4 }))).toEqual(
          expected(filter),
        )
    })

    test('a snoozed item is not counted until it wakes', async () => {
      const { inbox } = store()
      const owner = freshOwner()
      const item = sampleItem(owner)
      await inbox.put([item])
      await setState(inbox, owner, ids([item]), { snoozedUntil: at(Date.now() + HOUR) })
      expect(await firstPage(inbox, owner, active)).toEqual([])
      expect((await inbox.counts(owner)).counts).toEqual({ unread: 0, unseen: 0 })
      expect(ids(await firstPage(inbox, owner, { ...active, status: 'snoozed' }))).toEqual(ids([item]))
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + HOUR })
      expect(ids(await firstPage(inbox, owner, active))).toEqual(ids([item]))
      expect(await firstPage(inbox, owner, { ...active, status: 'snoozed' })).toEqual([])
      expect((await inbox.counts(owner)).counts).toEqual({ unread: 1, unseen: 1 })
    })

    test('an item disappears when it expires, even if it is put again', async () => {
      const { inbox } = store()
      const owner = freshOwner()
      const brief = sampleItem(owner, { expiresAt: Date.now() + HOUR })
      const lasting = sampleItem(owner)
      const late = sampleItem(owner, { age: DAY, expiresAt: Date.now() - 1 })
      await inbox.put([brief, lasting, late])
      await setState(inbox, owner, ids([brief]), { seenAt: at(1e12) })
      expect(new Set(ids(await firstPage(inbox, owner, active)))).toEqual(new Set(ids([brief, lasting])))
      vi.useFakeTimers({ toFake: ['Date'], now: brief.expiresAt })
      await inbox.put([brief])
      expect(ids(await firstPage(inbox, owner, active))).toEqual(ids([lasting]))
      expect(ids(await inbox.get(owner, ids([brief, lasting, late])))).toEqual(ids([lasting]))
      expect((await inbox.counts(owner)).counts).toEqual({ unread: 1, unseen: 1 })
    })

    test('state cells are independent; null clears a cell; the last write to a cell wins', async () => {
      const { inbox } = store()
      const owner = freshOwner()
      const item = sampleItem(owner)
      await inbox.put([item])
      const change = (state: StateChange) => setState(inbox, owner, ids([item]), state)
      await Promise.all([
        change({ receivedAt: at(1e12) }),
        change({ seenAt: '2026-01-31T10:00:00+02:00' }),
        change({ acted: { accept: at(1e12) } }),
        change({ acted: { ['__proto__']: at(2e12) } }),
      ])
      for (const readAt of [at(3e12), null, at(4e12), null, at(1e12)]) await change({ readAt })
      const [stored] = await inbox.get(owner, ids([item]))
      expect(stored).toMatchObject({
        receivedAt: at(1e12),
        seenAt: '2026-01-31T08:00:00.000Z',
        readAt: at(1e12),
        archivedAt: null,
      })
      expect(Object.entries(stored?.acted ?? {}).sort()).toEqual([
        ['__proto__', at(2e12)],
        ['accept', at(1e12)],
      ])
      expect(stored).not.toHaveProperty('clickedAt')
      await change({ clickedAt: at(5e12) })
      await change({})
      await change({ receivedAt: null })
      expect(await inbox.get(owner, ids([item]))).toMatchObject([
        { receivedAt: null, readAt: at(1e12), clickedAt: at(5e12) },
      ])
    })

    test('items of other users cannot be read or changed', async () => {
      const { inbox } = store()
      const ada = freshOwner('ada')
      const item = sampleItem(ada)
      await inbox.put([item])
      for (const other of [
        { ...ada, user: 'bob' },
        { ...ada, tenant: freshTenant() },
      ]) {
        expect(await inbox.get(other, [...ids([item]), 'no-uuid', crypto.randomUUID()])).toEqual([])
        await setState(inbox, other, ids([item]), { readAt: at(1e12) })
        await inbox.remove(other, ids([item]))
        expect(await firstPage(inbox, other, active)).toEqual([])
        expect((await inbox.counts(other)).counts).toEqual({ unread: 0, unseen: 0 })
      }
      expect((await inbox.counts(ada)).counts).toEqual({ unread: 1, unseen: 1 })
      expect(await inbox.get(ada, ids([item]))).toMatchObject([{ readAt: null }])
    })

    test.each([[['__proto__']], [['', 'constructor']]])(
      'counts of the contexts %j are exact behind thousands of items of another one',
      async (contexts) => {
        const { inbox } = store()
        const owner = freshOwner()
        const mine = contexts.map((context) => sampleItem(owner, context === '' ? {} : { context }))
        await inbox.put(mine)
        const others = Array.from({ length: 2_600 }, () => sampleItem(owner, { context: 'other' }))
        for (let from = 0; from < others.length; from += 200) await inbox.put(others.slice(from, from + 200))
        // Hints are about items that were stored some time ago.
        vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 })
        const query = { status: 'active', limit: 5, contexts } as const
        const first = await inbox.pageWithCounts(owner, query)
        expect(first).toMatchObject({ items: [], complete: false, counts: { more: true } })
        const counts = { unread: mine.length, unseen: mine.length }
        expect(await inbox.counts(owner, { contexts })).toEqual({ counts, complete: true })
        const second = await inbox.pageWithCounts(owner, query)
        expect(second).toMatchObject({ counts, complete: true })
        expect(ids(second.items).toSorted()).toEqual(ids(mine).toSorted())
        await setState(inbox, owner, ids(mine), { seenAt: at(1e12), readAt: at(1e12) })
        expect((await inbox.counts(owner, { contexts })).counts).toEqual({ unread: 0, unseen: 0 })
        await setState(inbox, owner, ids(mine.slice(0, 1)), { readAt: null })
        expect((await inbox.counts(owner, { contexts })).counts).toEqual({ unread: 1, unseen: 0 })
        expect((await inbox.counts(owner)).counts).toMatchObject({ unread: 100, more: true })
      },
    )

    test('a thousand items of one user are counted, changed and removed at once', async () => {
      const { inbox } = store()
      const owner = freshOwner()
      const items = Array.from({ length: 1_000 }, (_, index) => sampleItem(owner, { age: index * HOUR }))
      await inbox.put(items)
      expect((await inbox.counts(owner)).counts).toEqual({ unread: 100, unseen: 100, more: true })
      await setState(inbox, owner, ids(items.slice(0, 600)), { seenAt: at(1e12), readAt: at(1e12) })
      await inbox.remove(owner, ids(items.slice(500, 920)))
      expect((await inbox.counts(owner)).counts).toEqual({ unread: 80, unseen: 80 })
      expect(await inbox.get(owner, ids(items))).toHaveLength(580)
    })
  })
}
