import { describe, expect, test } from 'vitest'
import type { Store } from '../port.ts'
import { SLOTS } from '../ports/walk.ts'
import { freshTenant } from './samples.ts'
import { people, walkAll } from './walk.ts'

export const topicsContract = (store: () => Store): void => {
  describe('topics', () => {
    test('a walk returns each member once; repeated adding and removing changes nothing', async () => {
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

    test('a page that holds exactly the last members is the last one', async () => {
      const { topics } = store()
      const tenant = freshTenant()
      await topics.add(tenant, 'news', people(20))
      const whole = { from: 0, to: SLOTS }
      expect((await topics.walk(tenant, 'news', whole, 20)).next).toBeUndefined()
      const { users, next } = await topics.walk(tenant, 'news', whole, 19)
      expect([users.length, next?.user]).toEqual([19, users.at(-1)])
      expect((await topics.walk(tenant, 'news', { ...whole, after: next! }, 1)).users).toHaveLength(1)
    })

    test("removing a user ends only that user's memberships", async () => {
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
