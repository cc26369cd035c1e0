import type { Counts, InboxItem } from '@carillon/schemas'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { CLOCK_TOLERANCE_MS } from '../inbox/rows.ts'
import type { Store } from '../port.ts'
import type { Inbox, NewItem, Owner } from '../ports/inbox.ts'
import { allPages } from './inbox.ts'
import { freshOwner, HOUR, ids, sampleItem } from './samples.ts'

const at = (ms = Date.now()): string => new Date(ms).toISOString()

const unread = async (inbox: Inbox, owner: Owner): Promise<string[]> =>
  ids(await allPages(inbox, owner, { status: 'unread', limit: 50 }))

/** Expects counts and list to agree. */
const consistent = async (inbox: Inbox, owner: Owner): Promise<{ counts: Counts; unread: string[] }> => {
  const { counts } = await inbox.counts(owner)
  const list = await unread(inbox, owner)
  if (!counts.more) expect(counts.unread).toBe(list.length)
  return { counts, unread: list }
}

const readAll = (inbox: Inbox, owner: Owner) => inbox.changeAll(owner, 'read', {})
const read = () => ({ readAt: at(), seenAt: at() })
const fill = async (inbox: Inbox, owner: Owner, count: number): Promise<NewItem[]> => {
  const items = Array.from({ length: count }, () => sampleItem(owner))
  for (let from = 0; from < count; from += 100) await inbox.put(items.slice(from, from + 100))
  return items
}

/** Moves the clock ahead by `ms`, so that readers treat earlier items as settled. */
const later = (ms: number): void => {
  vi.restoreAllMocks()
  const now = Date.now
  vi.spyOn(Date, 'now').mockImplementation(() => now() + ms)
}

/** More unread items than `changeAll` changes one by one. */
const MANY = 260

export const inboxRacesContract = (store: () => Store): void => {
  describe('an inbox with concurrent writes', () => {
    afterEach(() => {
      vi.useRealTimers()
      vi.restoreAllMocks()
    })

    test.each([0, MANY])(
      'read-all during a fan-out marks all items stored before it, and none stored after it (%i before)',
      async (before) => {
        const { inbox } = store()
        const owner = freshOwner()
        const earlier = await fill(inbox, owner, before)
        later(60_000)
        /** Items stored when read-all was called, and items put after it had resolved. */
        const stored: string[] = ids(earlier)
        const after: string[] = []
        let called = false
        let answered = false
        const fanOut = async () => {
          for (let n = 0; n < 40; n++) {
            const late = answered
            const items = [sampleItem(owner, { age: n % 3 === 0 ? HOUR : 0 }), sampleItem(owner)]
            await inbox.put(items)
            if (!called) stored.push(...ids(items))
            if (late) after.push(...ids(items))
          }
        }
        const mark = async () => {
          while (stored.length < before + 24) await new Promise((resolve) => setImmediate(resolve))
          called = true
          await readAll(inbox, owner)
          answered = true
        }
        await Promise.all([fanOut(), fanOut(), mark()])
        await fanOut()
        const left = new Set((await consistent(inbox, owner)).unread)
        expect(stored.filter((id) => left.has(id))).toEqual([])
        expect(after.filter((id) => !left.has(id))).toEqual([])
      },
    )

    test('items stored, marked as unread or woken right after read-all are unread', async () => {
      const { inbox } = store()
      const owner = freshOwner()
      const items = await fill(inbox, owner, MANY)
      const [first, second] = items as [NewItem, NewItem]
      later(60_000)
      const until = Date.now() + HOUR
      await inbox.change(owner, [first.id], () => ({ snoozedUntil: at(until) }))
      await readAll(inbox, owner)
      const late = sampleItem(owner, { age: HOUR })
      await inbox.put([late])
      await inbox.change(owner, [second.id], () => ({ readAt: null }))
      expect(new Set((await consistent(inbox, owner)).unread)).toEqual(new Set([late.id, second.id]))
      await inbox.put(items.slice(0, 20))
      expect((await consistent(inbox, owner)).counts).toEqual({ unread: 2, unseen: 1 })
      vi.useFakeTimers({ toFake: ['Date'], now: until })
      expect(new Set((await consistent(inbox, owner)).unread)).toEqual(
        new Set([late.id, second.id, first.id]),
      )
      vi.setSystemTime(until + 60_000)
      await readAll(inbox, owner)
      expect((await consistent(inbox, owner)).unread).toEqual([])
    })

    test('read-all of a label marks only its items while others arrive', async () => {
      const { inbox } = store()
      const owner = freshOwner()
      const label = (n: number) => ({
        category: n % 2 ? 'social' : 'work',
        tags: n % 3 ? [] : ['red'],
        context: n % 5 ? 'a' : 'b',
      })
      const make = (from: number, count: number) =>
        Array.from({ length: count }, (_, n) => sampleItem(owner, label(from + n)))
      const before = make(0, 600)
      for (let from = 0; from < 600; from += 100) await inbox.put(before.slice(from, from + 100))
      later(60_000)
      const filter = { category: 'social', tag: 'red', context: 'a' }
      const matches = ({ content }: NewItem) =>
        content.category === 'social' && content.tags?.includes('red') && content.context === 'a'
      const meanwhile = make(1_000, 100)
      await Promise.all([inbox.changeAll(owner, 'read', filter), inbox.put(meanwhile)])
      const after = make(2_000, 30)
      await inbox.put(after)
      const left = new Set(await unread(inbox, owner))
      expect(before.filter((item) => left.has(item.id) === matches(item))).toEqual([])
      expect(
        [...meanwhile.filter((item) => !matches(item)), ...after].filter(({ id }) => !left.has(id)),
      ).toEqual([])
    })

    test('two tabs race to read and unread, and to read and snooze', async () => {
      const { inbox } = store()
      const owner = freshOwner()
      await fill(inbox, owner, MANY)
      later(60_000)
      await readAll(inbox, owner)
      const { items } = await inbox.page(owner, { status: 'active', limit: 20 })
      await Promise.all(
        items.flatMap(({ id }, n) => [
          inbox.change(owner, [id], () => ({ readAt: null })),
          inbox.change(owner, [id], () => read()),
          ...(n % 2 ? [inbox.change(owner, [id], () => ({ snoozedUntil: at(Date.now() + HOUR) }))] : []),
        ]),
      )
      const { unread: list } = await consistent(inbox, owner)
      const found = await inbox.get(owner, ids(items))
      const asleep = (item: InboxItem) => item.snoozedUntil !== null
      expect(
        new Set(found.filter((item) => item.readAt === null && !asleep(item)).map(({ id }) => id)),
      ).toEqual(new Set(list))
      expect(found.filter(asleep)).toHaveLength(10)
      // Both changes take effect in the end.
      await inbox.change(owner, ids(items), () => ({ readAt: null, snoozedUntil: null }))
      expect(new Set((await consistent(inbox, owner)).unread)).toEqual(new Set(ids(items)))
    })

    test('items marked as unread during concurrent lists and counts are listed afterwards', async () => {
      const { inbox } = store()
      const owner = freshOwner()
      const items = await fill(inbox, owner, 700)
      later(60_000)
      await readAll(inbox, owner)
      const back = items.filter((_, n) => n % 23 === 0).map(({ id }) => id)
      let busy = true
      const reader = async () => {
        while (busy) {
          // An embedded store responds without leaving the event loop.
          await new Promise(setImmediate)
          await inbox.counts(owner)
          await inbox.page(owner, { status: 'unread', limit: 10 })
          await inbox.page(owner, { status: 'active', limit: 10 })
        }
      }
      const writer = async () => {
        for (const id of back) {
          await inbox.change(owner, [id], () => ({ readAt: null }))
          expect((await inbox.counts(owner)).counts.unread).toBeGreaterThan(0)
        }
        busy = false
      }
      await Promise.all([reader(), reader(), writer()])
      expect(new Set((await consistent(inbox, owner)).unread)).toEqual(new Set(back))
      expect((await inbox.counts(owner)).counts.unread).toBe(back.length)
    })

    test('a redelivery changes neither state nor place', async () => {
      const { inbox } = store()
      const owner = freshOwner()
      const items = await fill(inbox, owner, MANY)
      const [removed, unreadOne, archived] = items as [NewItem, NewItem, NewItem]
      const order = ids(await allPages(inbox, owner, { status: 'active', limit: 40 }))
      const keptLonger = items.map((item) => ({ ...item, expiresAt: item.expiresAt + HOUR }))
      // Also within the same second, because Cassandra rounds expiries to seconds.
      await inbox.put(keptLonger.toReversed())
      expect(ids(await allPages(inbox, owner, { status: 'active', limit: 40 }))).toEqual(order)
      later(60_000)
      await inbox.remove(owner, [removed.id])
      await readAll(inbox, owner)
      await inbox.change(owner, [unreadOne.id], () => ({ readAt: null }))
      await inbox.change(owner, [archived.id], () => ({ archivedAt: at() }))
      later(120_000)
      for (const part of [items, items.slice(0, 50), keptLonger, items.toReversed()]) await inbox.put(part)
      const { counts, unread: list } = await consistent(inbox, owner)
      expect({ counts, list }).toEqual({ counts: { unread: 1, unseen: 0 }, list: [unreadOne.id] })
      expect(ids(await allPages(inbox, owner, { status: 'active', limit: 40 }))).toEqual(
        order.filter((id) => id !== removed.id && id !== archived.id),
      )
    })

    test('a first write that takes effect last appears in every list', async () => {
      const { inbox } = store()
      const owner = freshOwner()
      const items = await fill(inbox, owner, MANY)
      await inbox.change(owner, ids(items), () => read())
      later(60_000)
      // From now on, readers skip older items.
      expect((await inbox.counts(owner)).counts).toEqual({ unread: 0, unseen: 0 })
      const item = sampleItem(owner)
      await inbox.put([item])
      // A write that had timed out reaches the other replicas.
      later(30_000)
      await inbox.put([item])
      later(61_000)
      for (let round = 0; round < 3; round++) {
        expect((await consistent(inbox, owner)).unread).toEqual([item.id])
        const { items: unseen } = await inbox.page(owner, { status: 'unseen', limit: 5 })
        expect(ids(unseen)).toEqual([item.id])
      }
      expect(ids(await allPages(inbox, owner, { status: 'active', limit: 50 }))).toContain(item.id)
    })

    test('a clock offset within the tolerance changes no result', async () => {
      const { inbox } = store()
      const owner = freshOwner()
      await fill(inbox, owner, MANY)
      const now = Date.now() + 60_000
      vi.useFakeTimers({ toFake: ['Date'], now })
      await readAll(inbox, owner)
      const skew = CLOCK_TOLERANCE_MS - 1_000
      const late: string[] = []
      for (const ms of [-skew, 0, skew, -skew]) {
        vi.setSystemTime(now + ms)
        const item = sampleItem(owner)
        await inbox.put([item])
        late.push(item.id)
        vi.setSystemTime(now)
        expect(new Set((await consistent(inbox, owner)).unread)).toEqual(new Set(late))
      }
      // A change by a process whose clock is behind wins over a mark by one whose clock is ahead.
      vi.setSystemTime(now + 2 * skew)
      await readAll(inbox, owner)
      vi.setSystemTime(now + skew)
      await inbox.change(owner, [late[0]!], () => ({ readAt: null }))
      expect((await consistent(inbox, owner)).unread).toEqual([late[0]])
    })
  })
}
