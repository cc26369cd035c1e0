import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Store } from '../port.ts'
import type { Owner } from '../ports/inbox.ts'
import { SLOTS } from '../ports/walk.ts'
import { ERASURE_SETTLE_MS, isErased, isVoid } from '../rules/erasure.ts'
import { firstPage } from './inbox.ts'
import { DAY, freshOwner, freshTenant, HOUR, ids, sampleItem, sampleRecord } from './samples.ts'

export const erasureContract = (store: () => Store): void => {
  describe('erasure', () => {
    afterEach(() => {
      vi.useRealTimers()
    })

    test('is reported until the user is put again, and still voids earlier data', async () => {
      const { users } = store()
      const tenant = freshTenant()
      const erasureOf = async (user: string) => (await users.erased(tenant, [user])).get(user)
      await users.put(tenant, { id: 'ada', profile: { name: 'Ada' } })
      expect(await users.erased(tenant, ['ada', 'bob'])).toEqual(new Map())
      const before = Date.now()
      const erasedAt = await users.remove(tenant, 'ada')
      expect(erasedAt).toBeGreaterThanOrEqual(before)
      const erasure = await erasureOf('ada')
      expect(erasure).toEqual({ erasedAt })
      expect([isErased(erasure), isVoid(erasure, erasedAt + HOUR)]).toEqual([true, true])
      expect(await users.erased(freshTenant(), ['ada'])).toEqual(new Map())

      await users.merge(tenant, [{ id: 'ada', profile: { email: 'ada@example.org' } }])
      expect(await users.get(tenant, ['ada'])).toEqual([])
      expect(isErased(await erasureOf('ada'))).toBe(true)

      await users.put(tenant, { id: 'ada', profile: { name: 'Another Ada' } })
      const lifted = await erasureOf('ada')
      expect(lifted).toEqual({ erasedAt, liftedAt: expect.any(Number) })
      expect([isErased(lifted), isVoid(lifted, erasedAt), isVoid(lifted, erasedAt + 1)]).toEqual([
        false,
        true,
        false,
      ])
      const old = { id: 'ada', profile: { email: 'old@example.org' }, acceptedAt: erasedAt }
      await users.merge(tenant, [old])
      await users.merge(tenant, [{ id: 'ada', profile: { locale: 'pt' }, acceptedAt: erasedAt + 1 }])
      expect(await users.get(tenant, ['ada'])).toEqual([
        { id: 'ada', profile: { name: 'Another Ada', locale: 'pt' } },
      ])

      const again = await users.remove(tenant, 'ada')
      expect(again).toBeGreaterThan(lifted?.liftedAt ?? Number.POSITIVE_INFINITY)
      expect(isErased(await erasureOf('ada'))).toBe(true)
      expect(await users.get(tenant, ['ada'])).toEqual([])
    })

    test('an erasure of an unknown user is recorded', async () => {
      const { users } = store()
      const tenant = freshTenant()
      await users.remove(tenant, 'stranger')
      await users.merge(tenant, [{ id: 'stranger', profile: { name: 'X' } }])
      expect(await users.walk(tenant, { from: 0, to: SLOTS }, 10)).toEqual({ users: [] })
    })

    test('is found among many users in one query', async () => {
      const { users } = store()
      const tenant = freshTenant()
      const everyone = Array.from({ length: 600 }, (_, index) => `user-${index}@example.org`)
      const gone = everyone.filter((_, index) => index % 50 === 0)
      await Promise.all(gone.map((user) => users.remove(tenant, user)))
      expect(new Set((await users.erased(tenant, everyone)).keys())).toEqual(new Set(gone))
      await users.merge(
        tenant,
        everyone.map((id) => ({ id, profile: {} })),
      )
      const { users: known } = await users.walk(tenant, { from: 0, to: SLOTS }, 1_000)
      expect(known).toHaveLength(everyone.length - gone.length)
    })

    test("removes the user's lists", async () => {
      const { users, notifications } = store()
      const tenant = freshTenant()
      const old = Date.now() - 40 * DAY
      await notifications.put([
        sampleRecord(tenant, 'new', { absent: ['ada', 'bob'] }),
        sampleRecord(tenant, 'old', { absent: ['ada'], acceptedAt: old }),
      ])
      await users.remove(tenant, 'ada')
      expect(await notifications.list(tenant, { absent: 'ada', limit: 5 })).toEqual({ notifications: [] })
      expect((await notifications.list(tenant, { absent: 'bob', limit: 5 })).notifications).toHaveLength(1)
    })

    test('wins over attributes that are stored at the same time', async () => {
      const { users } = store()
      const tenant = freshTenant()
      await Promise.all(
        Array.from({ length: 40 }, async (_, index) => {
          const id = `user-${index}`
          const profile = { name: 'Ada', email: 'ada@example.org', attributes: { index } }
          await users.merge(tenant, [{ id, profile }])
          await Promise.all([
            ...Array.from({ length: 4 }, () => users.merge(tenant, [{ id, profile }])),
            users.remove(tenant, id),
            ...Array.from({ length: 4 }, () => users.merge(tenant, [{ id, profile }])),
          ])
        }),
      )
      expect(await users.walk(tenant, { from: 0, to: SLOTS }, 100)).toEqual({ users: [] })
    })

    test('wins over items that are stored at the same time, if the writer checks for it in time', async () => {
      const { users, inbox } = store()
      const owners: Owner[] = Array.from({ length: 40 }, (_, index) => ({
        ...freshOwner(),
        user: `user-${index}`,
      }))
      /** Stores items, as a dispatcher does. */
      const deliver = async (owner: Owner, age: number) => {
        const item = sampleItem(owner, { age })
        const begun = performance.now()
        const look = () => users.erased(owner.tenant, [owner.user])
        const [found] = await Promise.all([look(), inbox.put([item])])
        const late = performance.now() - begun >= ERASURE_SETTLE_MS / 2
        const erasure = (late ? await look() : found).get(owner.user)
        if (isVoid(erasure, Date.now() - age)) await inbox.remove(owner, ids([item]))
      }
      await Promise.all(
        owners.map(async (owner) => {
          await deliver(owner, HOUR)
          await Promise.all([
            deliver(owner, 5),
            users.remove(owner.tenant, owner.user),
            deliver(owner, 0),
            // A sender's id may be ahead of the clock.
            deliver(owner, -30_000),
            // At about the time of the removal.
            ...Array.from({ length: 12 }, async (_, index) => {
              await sleep(ERASURE_SETTLE_MS - 120 + 20 * index)
              await deliver(owner, 0)
            }),
          ])
        }),
      )
      const left = await Promise.all(
        owners.map((owner) => firstPage(inbox, owner, { status: 'active', limit: 10 })),
      )
      expect(left.flat()).toEqual([])
    })

    test('keeps items that are sent after the user was put again', async () => {
      const { users, inbox } = store()
      const owner = freshOwner()
      await users.remove(owner.tenant, owner.user)
      await users.put(owner.tenant, { id: owner.user, profile: {} })
      const item = sampleItem(owner, { age: -1 })
      await inbox.put([item])
      expect(ids(await firstPage(inbox, owner, { status: 'active', limit: 10 }))).toEqual(ids([item]))
    })
  })
}
