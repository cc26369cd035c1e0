import { describe, expect, test } from 'vitest'
import { itemId } from '../../notification/ids.ts'
import type { Store } from '../port.ts'
import type { NamedItem, NewItem } from '../ports/inbox.ts'
import { DAY, freshTenant, sampleItem } from './samples.ts'

const MEMBERS = 620
const PAGE = 500

/** Stores a notification for an audience, as a dispatcher does: the items of a chunk share one content. */
const broadcast = (tenant: string, members = MEMBERS) => {
  const acceptedAt = Date.now() - 60_000
  const notification = `broadcast-${acceptedAt}`
  const content = {
    ...{ notification, type: 'release', priority: 'normal' as const, title: 'first', category: 'news' },
    createdAt: new Date(acceptedAt).toISOString(),
  }
  const items = Array.from({ length: members }, (_, index): NewItem => {
    const user = `user-${index}`
    const id = itemId(tenant, notification, user, acceptedAt)
    return { tenant, user, id, content, expiresAt: Date.now() + 30 * DAY, keepRecipient: true }
  })
  return { notification, content, items, acceptedAt }
}

const titles = async ({ inbox }: Store, items: readonly NewItem[]): Promise<(string | undefined)[]> =>
  Promise.all(
    items.map(async ({ tenant, user, id }) => {
      const [item] = await inbox.get({ tenant, user }, [id])
      return item?.title
    }),
  )

const now = () => new Date().toISOString()

/** The contract of replacing and recalling a notification, which affects all of its recipients. */
export const recipientsContract = (store: () => Store): void => {
  describe('every recipient of a notification', () => {
    const recallAll = async (tenant: string, notification: string): Promise<void> => {
      const { inbox } = store()
      await inbox.recalled(tenant, notification)
      for (let after: string | undefined, more = true; more; more = after !== undefined) {
        const { named, next } = await inbox.recipients(tenant, notification, after)
        await inbox.recall(tenant, notification, named)
        after = next
      }
    }

    test('gets its new content, while place and state of the item stay', async () => {
      const { inbox } = store()
      const tenant = freshTenant()
      const { notification, content, items, acceptedAt } = broadcast(tenant)
      for (let from = 0; from < items.length; from += PAGE) await inbox.put(items.slice(from, from + PAGE))
      const [read, removed, untouched] = items as [NewItem, NewItem, NewItem]
      const last = items.at(-1)!
      await inbox.change(read, [read.id], () => ({ readAt: now(), seenAt: now() }))
      await inbox.remove(removed, [removed.id])
      const sample = [read, removed, untouched, last]
      const before = await inbox.page(read, { status: 'read', limit: 5 })

      const second = { ...content, title: 'second' }
      await inbox.replace(tenant, notification, second, acceptedAt + 20_000, [])
      expect(await titles(store(), sample)).toEqual(['second', undefined, 'second', 'second'])
      const after = await inbox.page(read, { status: 'read', limit: 5 })
      expect(after.items).toEqual(before.items.map((item) => ({ ...item, title: 'second' })))

      // Late writes have no effect: a redelivery, and a replacement that was accepted earlier.
      await inbox.put(items.slice(0, PAGE))
      await inbox.replace(tenant, notification, { ...content, title: 'older' }, acceptedAt + 10_000, [])
      expect(await titles(store(), sample)).toEqual(['second', undefined, 'second', 'second'])
    })

    test('is known by name, also after the item is gone', async () => {
      const { inbox } = store()
      const tenant = freshTenant()
      const { notification, items } = broadcast(tenant)
      for (let from = 0; from < items.length; from += PAGE) await inbox.put(items.slice(from, from + PAGE))
      await inbox.remove(items[3]!, [items[3]!.id])
      const received = (user: string) => inbox.received({ tenant, user }, notification)
      for (const user of ['user-0', 'user-3', `user-${MEMBERS - 1}`]) expect(await received(user)).toBe(true)
      expect(await received('eve')).toBe(false)
      expect(await inbox.received({ tenant, user: 'user-0' }, 'another')).toBe(false)
    })

    test('gets its new content even if the item is stored after the replacement', async () => {
      const { inbox } = store()
      const tenant = freshTenant()
      const { notification, content, items, acceptedAt } = broadcast(tenant, 40)
      await inbox.put(items.slice(0, 20))
      await inbox.replace(tenant, notification, { ...content, title: 'second' }, acceptedAt + 1, [])
      await inbox.put(items.slice(20))
      expect(new Set(await titles(store(), items))).toEqual(new Set(['second']))
    })

    test('gets its new content if the recipients are few and named', async () => {
      const { inbox } = store()
      const tenant = freshTenant()
      const items = ['ada', 'bob', 'cyd'].map((user) =>
        sampleItem({ tenant, user }, { notification: 'named', title: 'first', age: 60_000 }),
      )
      const [ada, bob, cyd] = items as [NewItem, NewItem, NewItem]
      await inbox.put(items)
      await inbox.remove(bob, [bob.id])
      await inbox.change(cyd, [cyd.id], () => ({ archivedAt: now() }))
      const named: NamedItem[] = items.map(({ user, id }) => ({ user, id }))
      const content = { ...ada.content, title: 'second' }
      const acceptedAt = Date.parse(ada.content.createdAt)
      await inbox.replace(tenant, 'named', content, acceptedAt + 20_000, named)
      await inbox.put(items)
      await inbox.replace(tenant, 'named', { ...content, title: 'older' }, acceptedAt + 10_000, named)
      expect(await titles(store(), items)).toEqual(['second', undefined, 'second'])
      const { items: archived } = await inbox.page(cyd, { status: 'archived', limit: 5 })
      expect(archived).toMatchObject([{ id: cyd.id, title: 'second' }])

      expect(await inbox.recall(tenant, 'named', named)).toHaveLength(2)
      expect(await inbox.recall(tenant, 'named', named)).toEqual([])
      await inbox.put(items)
      expect(await titles(store(), items)).toEqual([undefined, undefined, undefined])
    })

    test('loses it when it is recalled, even after leaving the topic', async () => {
      const { inbox, topics } = store()
      const tenant = freshTenant()
      const { notification, items } = broadcast(tenant)
      const other = sampleItem({ tenant, user: 'user-0' })
      await inbox.put([other])
      await topics.add(tenant, 'releases', ['user-0', 'user-1'])
      for (let from = 0; from < items.length; from += PAGE) await inbox.put(items.slice(from, from + PAGE))
      await topics.remove(tenant, 'releases', ['user-1'])

      await recallAll(tenant, notification)
      expect((await titles(store(), items)).filter((title) => title !== undefined)).toEqual([])
      expect((await inbox.counts(items[0]!)).counts).toEqual({ unread: 1, unseen: 1 })
      expect((await inbox.counts(items.at(-1)!)).counts).toEqual({ unread: 0, unseen: 0 })
      expect(await inbox.put(items.slice(0, PAGE))).toHaveLength(PAGE)
      expect((await inbox.page(other, { status: 'active', limit: 5 })).items).toMatchObject([
        { id: other.id },
      ])
    })

    test('loses it even if it is stored during the recall or later', async () => {
      const { inbox } = store()
      const tenant = freshTenant()
      const { notification, items } = broadcast(tenant, 120)
      const pages = Array.from({ length: 6 }, (_, index) => items.slice(index * 20, index * 20 + 20))
      await inbox.put(pages[0]!)
      const work = pages.map((page, index) =>
        index === 2 ? recallAll(tenant, notification) : inbox.put(page),
      )
      await Promise.all(work)
      await inbox.put(pages[2]!)
      expect((await titles(store(), items)).filter((title) => title !== undefined)).toEqual([])
      for (const { tenant, user } of items.slice(15, 60))
        expect((await inbox.counts({ tenant, user })).counts).toEqual({ unread: 0, unseen: 0 })
    })
  })
}
