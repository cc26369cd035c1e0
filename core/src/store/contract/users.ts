import { describe, expect, test } from 'vitest'
import type { Store } from '../port.ts'
import { SLOTS } from '../ports/walk.ts'
import { DAY, freshTenant, ids, sampleItem } from './samples.ts'
import { people, walkAll } from './walk.ts'

export const usersContract = (store: () => Store): void => {
  describe('users', () => {
    test('merge keeps absent attributes, put replaces all', async () => {
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

    test('reported attributes are separate from the profile, can be patched, and are erased with the user', async () => {
      const { users } = store()
      const tenant = freshTenant()
      const known = async () => users.get(tenant, ['ada'])
      const profile = { name: 'Ada', locale: 'de' }
      expect(await users.report(tenant, 'ada', { locale: 'pt', timezone: 'Asia/Tokyo' })).toBe(true)
      expect(await known()).toEqual([
        { id: 'ada', profile: {}, reported: { locale: 'pt', timezone: 'Asia/Tokyo' } },
      ])
      await users.put(tenant, { id: 'ada', profile })
      await users.merge(tenant, [{ id: 'ada', profile: { email: 'ada@example.org' } }])
      await users.report(tenant, 'ada', { locale: null })
      await users.report(tenant, 'ada', {})
      const merged = { ...profile, email: 'ada@example.org' }
      expect(await known()).toEqual([{ id: 'ada', profile: merged, reported: { timezone: 'Asia/Tokyo' } }])
      await users.report(tenant, 'ada', { timezone: null })
      expect(await known()).toEqual([{ id: 'ada', profile: merged }])
      await users.report(tenant, 'ada', { timezone: 'UTC' })
      const before = Date.now()
      await users.remove(tenant, 'ada')
      expect(await users.report(tenant, 'ada', { locale: 'pt' })).toBe(false)
      expect(await known()).toEqual([])
      await users.put(tenant, { id: 'ada', profile: {} })
      expect(await users.report(tenant, 'ada', { locale: 'pt' }, before)).toBe(false)
      expect(await known()).toEqual([{ id: 'ada', profile: {} }])
      expect(await users.report(tenant, 'ada', { locale: 'pt' })).toBe(true)
      expect(await known()).toEqual([{ id: 'ada', profile: {}, reported: { locale: 'pt' } }])
    })

    test('a walk in stretches returns each of 5,000 users once', async () => {
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

    test('a page of a walk never exceeds its limit and contains the next place', async () => {
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
      expect((await users.walk(tenant, { from: 0, to: SLOTS }, 30)).next).toBeUndefined()
      expect(new Set([...first.users, ...rest.users])).toEqual(new Set(people(30)))
    })

    test('removing a user removes the inbox, and a new user with that id starts empty', async () => {
      const { users, inbox } = store()
      const owner = { tenant: freshTenant(), user: 'ada' }
      const neighbour = { ...owner, user: 'bob' }
      const items = [-30_000, 0, 20 * DAY, 80 * DAY].map((age) => sampleItem(owner, { age }))
      const kept = sampleItem(neighbour)
      await users.merge(owner.tenant, [{ id: 'ada', profile: { name: 'Ada' } }])
      await inbox.put([...items, kept])
      await inbox.change(owner, ids(items), () => ({ seenAt: new Date().toISOString() }))
      await users.remove(owner.tenant, 'ada')
      await inbox.put(items)
      expect(await users.get(owner.tenant, ['ada'])).toEqual([])
      expect(await users.walk(owner.tenant, { from: 0, to: SLOTS }, 10)).toEqual({ users: [] })
      expect(await inbox.page(owner, { status: 'active', limit: 10 })).toEqual({ items: [] })
      expect((await inbox.counts(owner)).counts).toEqual({ unread: 0, unseen: 0 })
      expect((await inbox.counts(neighbour)).counts).toEqual({ unread: 1, unseen: 1 })
      const later = sampleItem(owner, { age: -1 })
      await users.put(owner.tenant, { id: 'ada', profile: {} })
      await inbox.put([later])
      expect(await inbox.get(owner, ids([later]))).toMatchObject([{ id: later.id, seenAt: null }])
      expect(await users.get(owner.tenant, ['ada'])).toEqual([{ id: 'ada', profile: {} }])
    })
  })
}
