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
  return { notification, items }
}

const titles = async ({ inbox }: Store, items: readonly NewItem[]): Promise<(string | undefined)[]> =>
  Promise.all(
    items.map(async ({ tenant, user, id }) => {
      const [item] = await inbox.get({ tenant, user }, [id])
      return item?.title
    }),
  )

/** The contract of recalling a notification, which affects all of its recipients. */
export const recipientsContract = (store: () => Store): void => {
  describe('a recipient of a notification', () => {
    const recallAll = async (tenant: string, notification: string): Promise<void> => {
      const { inbox } = store()
      await inbox.recalled(tenant, notification)
      for (let after: string | undefined, more = true; more; more = after !== undefined) {
        const { named, next } = await inbox.recipients(tenant, notification, after)
        await inbox.recall(tenant, notification, named)
        after = next
      }
    }

    test('is found by user id, even after the item was deleted', async () => {
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

    test('who is named in the record loses the item when it is recalled', async () => {
      const { inbox } = store()
      const tenant = freshTenant()
      const items = ['ada', 'bob', 'cyd'].map((user) =>
        sampleItem({ tenant, user }, { notification: 'named', title: 'first', age: 60_000 }),
      )
      const [, bob, cyd] = items as [NewItem, NewItem, NewItem]
      await inbox.put(items)
      await inbox.remove(bob, [bob.id])
      await inbox.change(cyd, [cyd.id], () => ({ archivedAt: new Date().toISOString() }))
      const named: NamedItem[] = items.map(({ user, id }) => ({ user, id }))
      expect(await inbox.recall(tenant, 'named', named)).toHaveLength(2)
      expect(await inbox.recall(tenant, 'named', named)).toEqual([])
      await inbox.put(items)
      expect(await titles(store(), items)).toEqual([undefined, undefined, undefined])
    })

    test('loses the item when it is recalled, even after leaving the topic', async () => {
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

    test('loses the item even if it is stored during the recall or later', async () => {
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
