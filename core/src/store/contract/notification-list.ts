import { afterEach, describe, expect, test, vi } from 'vitest'
import { derivedUuid7 } from '../../notification/ids.ts'
import { comparePlaces as compareArrivals } from '../inbox/places.ts'
import type { Store } from '../port.ts'
import type { Arrival, InboxPlace } from '../ports/inbox.ts'
import type { NotificationQuery, NotificationRecord } from '../ports/notifications.ts'
import { comparePlaces } from '../rules/notification-order.ts'
import { DAY, freshOwner, freshTenant, HOUR, ids, sampleItem, sampleRecord, seeded } from './samples.ts'

/** Returns every page of a query. */
const listAll = async (store: Store, tenant: string, query: NotificationQuery) => {
  const found: string[] = []
  let before = query.before
  do {
    const page = await store.notifications.list(tenant, { ...query, ...(before ? { before } : {}) })
    expect(page.notifications.length).toBeLessThanOrEqual(query.limit)
    found.push(...page.notifications.map(({ id }) => id))
    before = page.next
  } while (before)
  return found
}

const inOrder = (records: readonly NotificationRecord[]) =>
  records
    .map(({ acceptedAt: at, id }) => ({ at, id }))
    .sort((one, other) => comparePlaces(other, one))
    .map(({ id }) => id)

/** Returns records with ids of every kind, in groups that share a millisecond, a bucket or an hour, over almost 90 days. */
const manyRecords = (tenant: string, count: number): NotificationRecord[] => {
  const random = seeded(7)
  const now = Date.now()
  const crowds = [0, 1, 900, 25_000, HOUR, 3 * HOUR, DAY, 40 * DAY, 88 * DAY]
  return Array.from({ length: count }, (_, index) => {
    const acceptedAt = now - crowds[index % crowds.length]! - Math.floor(random() ** 4 * 20_000)
    const kinds = [
      derivedUuid7(acceptedAt, `${index}`),
      derivedUuid7(acceptedAt - 5 * DAY, `${index}`),
      `order-${index}`,
      `ß-${index}`,
    ]
    return sampleRecord(tenant, kinds[Math.floor(random() * 4)]!, { acceptedAt })
  })
}

export const notificationListContract = (store: () => Store): void => {
  describe('the list of notifications', () => {
    afterEach(() => {
      vi.useRealTimers()
    })

    test.each([1, 7, 50, 500])(
      'is ordered newest first, in pages of %s without gaps or repetitions',
      async (limit) => {
        const { notifications } = store()
        const tenant = freshTenant()
        const records = manyRecords(tenant, limit === 1 ? 60 : 220)
        await notifications.put(records)
        await notifications.put([sampleRecord(freshTenant(), 'elsewhere')])
        expect(await listAll(store(), tenant, { limit })).toEqual(inOrder(records))
      },
    )

    test('starts and ends at the given places', async () => {
      const { notifications } = store()
      const tenant = freshTenant()
      const records = manyRecords(tenant, 90)
      await notifications.put(records)
      const times = records.map(({ acceptedAt }) => acceptedAt).sort((a, b) => a - b)
      const [from = 0, to = 0] = [times[20], times[70]]
      const wanted = records.filter(({ acceptedAt }) => acceptedAt >= from && acceptedAt < to)
      const query = { from, before: { at: to, id: '' } }
      for (const limit of [4, 200])
        expect(await listAll(store(), tenant, { ...query, limit })).toEqual(inOrder(wanted))
      expect(await notifications.list(freshTenant(), { limit: 5 })).toEqual({ notifications: [] })
    })

    test('shows the progress of each notification', async () => {
      const { notifications } = store()
      const tenant = freshTenant()
      const now = Date.now()
      const at = (age: number, more: Partial<NotificationRecord> = {}) =>
        sampleRecord(tenant, derivedUuid7(now - age, 'n'), { acceptedAt: now - age, ...more })
      const records = [at(1, { deliverAt: now + HOUR, direct: 0 }), at(2, { chains: 1 }), at(3), at(4)]
      const [waiting, wide, , cancelled] = records
      await notifications.put(records)
      await notifications.progress(tenant, wide?.id ?? '', { chain: 0, reached: 500, finished: false })
      await notifications.cancel(tenant, cancelled?.id ?? '', now)
      await notifications.cancel(tenant, derivedUuid7(now, 'without a record'), now)
      const { notifications: found } = await notifications.list(tenant, { limit: 10 })
      expect(found.map(({ state, recipients }) => [state, recipients])).toEqual([
        ['scheduled', 0],
        ['delivering', 501],
        ['delivered', 1],
        ['cancelled', 1],
      ])
      expect(found[0]).toEqual({ ...waiting, state: 'scheduled', recipients: 0 })
      expect(await notifications.find(tenant, [...ids(records), 'x', ids(records)[0]!])).toEqual(
        new Map(found.map((each) => [each.id, each])),
      )
    })

    test('contains each notification once, at its first acceptance, however often it is stored', async () => {
      const { notifications } = store()
      const tenant = freshTenant()
      const acceptedAt = Date.now() - HOUR
      for (const id of ['order-7', derivedUuid7(acceptedAt, tenant)]) {
        const record = sampleRecord(tenant, id, { acceptedAt })
        await notifications.put([{ ...record, acceptedAt: acceptedAt + 60_000 }])
        await notifications.put([record])
        await notifications.put([record, { ...record, acceptedAt: acceptedAt + 90_000 }])
      }
      const { notifications: found } = await notifications.list(tenant, { limit: 10 })
      expect(found.map((record) => record.acceptedAt)).toEqual([acceptedAt, acceptedAt])
    })

    test('contains, for a user, the notifications that name the user without an item', async () => {
      const { notifications } = store()
      const tenant = freshTenant()
      const now = Date.now()
      const absent = ['ada', 'bob']
      const records = Array.from({ length: 30 }, (_, index) => {
        const acceptedAt = now - index * 3 * DAY
        const id = index % 2 ? `order-${index}` : derivedUuid7(acceptedAt, `${index}`)
        return sampleRecord(tenant, id, { acceptedAt, ...(index % 3 ? { absent } : {}) })
      })
      await notifications.put(records)
      await notifications.put(records)
      const named = records.filter((record) => record.absent)
      for (const limit of [4, 100]) {
        expect(await listAll(store(), tenant, { absent: 'ada', limit })).toEqual(inOrder(named))
        expect(await listAll(store(), tenant, { absent: 'bob', from: now - 30 * DAY, limit })).toEqual(
          inOrder(named.filter(({ acceptedAt }) => acceptedAt >= now - 30 * DAY)),
        )
      }
      // A notification that is stored again with its recipients stays listed.
      const [first] = named
      await notifications.put([
        sampleRecord(tenant, first?.id ?? '', { ...first, absent: undefined, direct: 2 }),
      ])
      expect((await notifications.list(tenant, { absent: 'ada', limit: 1 })).notifications).toMatchObject([
        { id: first?.id, direct: 2 },
      ])
      expect(await notifications.list(tenant, { absent: 'eve', limit: 5 })).toEqual({ notifications: [] })
    })

    test("returns a user's arrivals newest first, in any state, without removed items", async () => {
      const { inbox } = store()
      const owner = freshOwner()
      const items = Array.from({ length: 60 }, (_, index) => sampleItem(owner, { age: (index % 50) * DAY }))
      await inbox.put(items)
      const at = new Date().toISOString()
      await inbox.change(owner, ids(items.slice(0, 9)), () => ({ archivedAt: at }))
      await inbox.change(owner, ids(items.slice(9, 12)), () => ({ snoozedUntil: '2100-01-01T00:00:00Z' }))
      await inbox.remove(owner, ids(items.slice(20, 25)))
      const kept = items.filter((_, index) => index < 20 || index >= 25)
      const all: Arrival[] = []
      for (let before: InboxPlace | undefined; ; ) {
        const page = await inbox.arrivals(owner, { limit: 8, ...(before ? { before } : {}) })
        all.push(...page.arrivals)
        if (!page.next) break
        before = page.next
      }
      expect(all).toEqual(all.toSorted((one, other) => compareArrivals(other, one)))
      expect(ids(all).sort()).toEqual(ids(kept).sort())
      const names = new Map(kept.map(({ id, content }) => [id, content.notification]))
      expect(all.map(({ notification }) => notification)).toEqual(all.map(({ id }) => names.get(id)))
    })
  })
}
