import { describe, expect, test } from 'vitest'
import type { Store } from '../port.ts'
import { type Place, SLOTS, type Stretch, type UserPage } from '../ports/walk.ts'
import { DAY, freshTenant, ids, sampleItem } from './samples.ts'

/** Everyone in eight stretches, as eight lanes would walk them. */
const walkAll = async (walk: (stretch: Stretch) => Promise<UserPage>): Promise<string[]> => {
  const lane = async (from: number, to: number) => {
    const users: string[] = []
    let after: Place | undefined
    do {
      const page = await walk({ from, to, ...(after ? { after } : {}) })
      users.push(...page.users)
      after = page.next
    } while (after)
    return users
  }
  const lanes = Array.from({ length: 8 }, (_, index) => lane((index * SLOTS) / 8, ((index + 1) * SLOTS) / 8))
  return (await Promise.all(lanes)).flat()
}

const people = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `user-${index}@example.org`)

export const peopleContract = (store: () => Store): void => {
  describe('users', () => {
    test('merging keeps what is not given, putting replaces', async () => {
      const { users } = store()
      const tenant = freshTenant()
      const merge = (profile: object) => users.merge(tenant, [{ id: 'ada', profile }])
      await merge({})
      expect(await users.get(tenant, ['ada', 'bob'])).toEqual([{ id: 'ada', profile: {} }])
      await merge({ name: "Ada 'A' Lovelace", attributes: { plan: 'free', team: { id: 7 } } })
      await Promise.all([
        merge({ email: 'ada@example.org', phone: '+4915112345678' }),
        merge({ locale: 'pt-BR' }),
        merge({ timezone: 'Europe/Lisbon' }),
        merge({ attributes: { plan: 'pro' } }),
        merge({ name: undefined }),
      ])
      expect(await users.get(tenant, ['ada'])).toEqual([
        {
          id: 'ada',
          profile: {
            name: "Ada 'A' Lovelace",
            email: 'ada@example.org',
            phone: '+4915112345678',
            locale: 'pt-BR',
            timezone: 'Europe/Lisbon',
            attributes: { plan: 'pro', team: { id: 7 } },
          },
        },
      ])
      await users.put(tenant, { id: 'ada', profile: { name: 'Ada' } })
      expect(await users.get(tenant, ['ada'])).toEqual([{ id: 'ada', profile: { name: 'Ada' } }])
      await users.put(tenant, { id: 'ada', profile: {} })
      expect(await users.get(tenant, ['ada'])).toEqual([{ id: 'ada', profile: {} }])
    })

    test('a walk in stretches meets each of 5,000 users once', async () => {
      const { users } = store()
      const tenant = freshTenant()
      const everyone = people(5_000)
      await users.merge(
        tenant,
        everyone.map((id) => ({ id, profile: {} })),
      )
      const met = await walkAll((stretch) => users.walk(tenant, stretch, 97))
      expect(met).toHaveLength(everyone.length)
      expect(new Set(met)).toEqual(new Set(everyone))
      expect(await users.walk(freshTenant(), { from: 0, to: SLOTS }, 500)).toEqual({ users: [] })
    })

    test('a page of a walk never exceeds its limit and names where to go on', async () => {
      const { users } = store()
      const tenant = freshTenant()
      await users.merge(
        tenant,
        people(30).map((id) => ({ id, profile: {} })),
      )
      const first = await users.walk(tenant, { from: 0, to: SLOTS }, 12)
      expect(first.users).toHaveLength(12)
      expect(first.next?.user).toBe(first.users.at(-1))
      const rest = await users.walk(
        tenant,
        { from: 0, to: SLOTS, ...(first.next ? { after: first.next } : {}) },
        500,
      )
      expect(rest.next).toBeUndefined()
      expect(new Set([...first.users, ...rest.users])).toEqual(new Set(people(30)))
    })

    test('removing a user takes the inbox along, and a new user of that name starts afresh', async () => {
      const { users, inbox } = store()
      const owner = { tenant: freshTenant(), user: 'ada' }
      const neighbour = { ...owner, user: 'bob' }
      const items = [-30_000, 0, 20 * DAY, 80 * DAY].map((age) => sampleItem(owner, { age }))
      const kept = sampleItem(neighbour)
      await users.merge(owner.tenant, [{ id: 'ada', profile: { name: 'Ada' } }])
      await inbox.put([...items, kept])
      await inbox.change(owner, ids(items), { seenAt: new Date().toISOString() })
      await users.remove(owner.tenant, 'ada')
      await inbox.put(items)
      expect(await users.get(owner.tenant, ['ada'])).toEqual([])
      expect(await users.walk(owner.tenant, { from: 0, to: SLOTS }, 10)).toEqual({ users: [] })
      expect(await inbox.page(owner, { status: 'active', limit: 10 })).toEqual([])
      expect(await inbox.counts(owner)).toEqual({ unread: 0, unseen: 0 })
      expect(await inbox.counts(neighbour)).toEqual({ unread: 1, unseen: 1 })
      const later = sampleItem(owner, { age: -1 })
      await users.put(owner.tenant, { id: 'ada', profile: {} })
      await inbox.put([later])
      expect(await inbox.get(owner, ids([later]))).toMatchObject([{ id: later.content.id, seenAt: null }])
      expect(await users.get(owner.tenant, ['ada'])).toEqual([{ id: 'ada', profile: {} }])
    })
  })

  describe('topics', () => {
    test('a walk meets each member once; adding and removing again changes nothing', async () => {
      const { topics } = store()
      const tenant = freshTenant()
      const members = people(700)
      const walk = (topic: string) => walkAll((stretch) => topics.walk(tenant, topic, stretch, 50))
      await topics.add(tenant, 'news', members)
      await topics.add(tenant, 'news', members.slice(0, 100))
      await topics.add(tenant, 'other', ['solo'])
      const met = await walk('news')
      expect(met).toHaveLength(700)
      expect(new Set(met)).toEqual(new Set(members))
      await topics.remove(tenant, 'news', members.slice(0, 650))
      await topics.remove(tenant, 'news', [...members.slice(0, 650), 'stranger'])
      expect(new Set(await walk('news'))).toEqual(new Set(members.slice(650)))
      expect(await walk('other')).toEqual(['solo'])
      expect(await walk('none')).toEqual([])
      expect(await topics.walk(freshTenant(), 'news', { from: 0, to: SLOTS }, 10)).toEqual({ users: [] })
      await topics.add(tenant, 'news', [])
    })

    test('removing a user ends their memberships, and nobody else’s', async () => {
      const { topics, users } = store()
      const tenant = freshTenant()
      const other = freshTenant()
      for (const topic of ['news', 'sport']) await topics.add(tenant, topic, ['ada', 'bob'])
      await topics.add(other, 'news', ['ada'])
      await users.remove(tenant, 'ada')
      const members = (of: string, topic: string) => walkAll((stretch) => topics.walk(of, topic, stretch, 50))
      expect([await members(tenant, 'news'), await members(tenant, 'sport')]).toEqual([['bob'], ['bob']])
      expect(await members(other, 'news')).toEqual(['ada'])
    })
  })
}
