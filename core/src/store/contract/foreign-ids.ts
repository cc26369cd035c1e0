import { describe, expect, test } from 'vitest'
import type { Store } from '../port.ts'
import { SLOTS } from '../ports/walk.ts'
import { firstPage } from './inbox.ts'
import { FOREIGN_IDS, freshTenant, HOUR, sampleItem, sampleRecord } from './samples.ts'

/** Every table compares ids of other systems byte by byte. */
export const foreignIdsContract = (store: () => Store): void => {
  describe('ids of other systems', () => {
    const whole = { from: 0, to: SLOTS }

    test('identify users, topics and inboxes', async () => {
      const { users, topics, inbox } = store()
      const tenant = freshTenant()
      await users.merge(
        tenant,
        FOREIGN_IDS.map((id) => ({ id, profile: { name: id, email: 'ada@example.org' } })),
      )
      const found = await users.get(tenant, FOREIGN_IDS)
      expect(new Map(found.map(({ id, profile }) => [id, profile.name]))).toEqual(
        new Map(FOREIGN_IDS.map((id) => [id, id])),
      )
      for (const id of FOREIGN_IDS) {
        await topics.add(tenant, id, [id, 'another'])
        await inbox.put([sampleItem({ tenant, user: id }, { title: id })])
      }
      const walked: string[] = []
      let after: { slot: number; user: string } | undefined
      do {
        const page = await users.walk(tenant, { ...whole, ...(after ? { after } : {}) }, 3)
        walked.push(...page.users)
        after = page.next
      } while (after)
      expect(walked.sort()).toEqual([...FOREIGN_IDS].sort())
      for (const id of FOREIGN_IDS) {
        expect((await topics.walk(tenant, id, whole, 10)).users.sort()).toEqual([id, 'another'].sort())
        const page = await firstPage(inbox, { tenant, user: id }, { status: 'active', limit: 10 })
        expect(page.map(({ title }) => title)).toEqual([id])
      }
      const [first] = FOREIGN_IDS
      await users.remove(tenant, String(first))
      expect(await users.get(tenant, [String(first)])).toEqual([])
      expect(await users.get(tenant, FOREIGN_IDS)).toHaveLength(FOREIGN_IDS.length - 1)
    })

    test('identify notifications and their deliveries', async () => {
      const { notifications, deliveries } = store()
      const tenant = freshTenant()
      const now = Date.now()
      const claimed = await notifications.claim(
        tenant,
        FOREIGN_IDS.map((id, index) => ({ id, at: now + index, fingerprint: id, until: now + HOUR })),
      )
      expect(claimed).toEqual(FOREIGN_IDS.map((id, index) => ({ at: now + index, fingerprint: id })))
      await notifications.put(FOREIGN_IDS.map((id) => sampleRecord(tenant, id, { users: [id] })))
      for (const id of FOREIGN_IDS) {
        expect(await notifications.get(tenant, id)).toMatchObject({ id, users: [id] })
        await deliveries.record(
          tenant,
          FOREIGN_IDS.map((user) => ({
            notification: id,
            user,
            step: 0,
            channel: 'email' as const,
            device: '',
            toAudience: false,
            state: 'sent' as const,
            at: Date.now(),
          })),
        )
      }
      const id = 'gid://shop/Customer/7'
      const listed: string[] = []
      let after: string | undefined
      do {
        const page = await deliveries.list(
          tenant,
          { id, toAudience: false },
          { limit: 4, ...(after === undefined ? {} : { after }) },
        )
        listed.push(...page.deliveries.map(({ user }) => user))
        after = page.next
      } while (after !== undefined)
      expect(listed.sort()).toEqual([...FOREIGN_IDS].sort())
    })

    test('identify the owners of devices', async () => {
      const { devices } = store()
      const tenant = freshTenant()
      for (const user of FOREIGN_IDS)
        await devices.put(tenant, user, {
          id: 'hook',
          device: { kind: 'webhook', url: 'https://hooks.example/' },
          createdAt: 1e12,
        })
      expect([...(await devices.of(tenant, FOREIGN_IDS)).keys()].sort()).toEqual([...FOREIGN_IDS].sort())
    })
  })
}
