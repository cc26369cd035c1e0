import { describe, expect, test } from 'vitest'
import type { Store } from '../port.ts'
import type { KeyedNotification } from '../ports/cancel-keys.ts'
import { FOREIGN_IDS, freshTenant } from './samples.ts'

const MANY = 1_000
const idsOf = (places: readonly { notification: string }[]) => places.map(({ notification }) => notification)

export const cancelKeysContract = (store: () => Store): void => {
  describe('cancel keys', () => {
    const keyed = (notification: string, at: number, key = 'order-7'): KeyedNotification => ({
      ...{ key, notification, at },
      dueAt: at,
    })

    test('a key ends what was accepted up to its time, listed or reported, and nothing later', async () => {
      const { cancelKeys } = store()
      const tenant = freshTenant()
      const now = Date.now()
      const before = [keyed('b', now - 5), keyed('a', now - 5), keyed('c', now)]
      expect(await cancelKeys.enter(tenant, [...before, keyed('later', now + 1)])).toEqual([
        ...[false, false, false],
        false,
      ])
      const { found, more } = await cancelKeys.cancel(tenant, 'order-7', now, MANY)
      expect([idsOf(found), more]).toEqual([['a', 'b', 'c'], false])
      expect(found[2]).toEqual({ notification: 'c', at: now })
      const unread = [keyed('unread', now - 9), keyed('at once', now), keyed('next', now + 1)]
      expect(await cancelKeys.enter(tenant, unread)).toEqual([true, true, false])
      expect(await cancelKeys.enter(tenant, [])).toEqual([])
      expect(await cancelKeys.cancelledUntil(tenant, 'order-7')).toBe(now)
      await cancelKeys.enter(tenant, [keyed('other', now, 'order-8')])
      for (const key of ['order-8', 'order-9'])
        expect(await cancelKeys.cancelledUntil(tenant, key)).toBeUndefined()
    })

    test('keys are separate, byte by byte and per tenant', async () => {
      const { cancelKeys } = store()
      const [tenant, other] = [freshTenant(), freshTenant()]
      const now = Date.now()
      const keys = [...FOREIGN_IDS, 'Order', 'order', '{"a":1}']
      await cancelKeys.enter(
        tenant,
        keys.map((key) => keyed(`of ${key}`, now, key)),
      )
      for (const key of keys) {
        expect((await cancelKeys.cancel(other, key, now, MANY)).found).toEqual([])
        expect(idsOf((await cancelKeys.cancel(tenant, key, now, MANY)).found)).toEqual([`of ${key}`])
      }
      expect(await cancelKeys.cancel(tenant, 'unheard of', now, MANY)).toEqual({ found: [], more: false })
      expect(await cancelKeys.enter(freshTenant(), [keyed('n', now)])).toEqual([false])
    })

    test('an earlier time changes nothing, and a later one covers more', async () => {
      const { cancelKeys } = store()
      const tenant = freshTenant()
      const now = Date.now()
      const reported = async () =>
        cancelKeys.enter(
          tenant,
          [now - 5, now, now + 5].map((at) => keyed(`n${at}`, at)),
        )
      await cancelKeys.cancel(tenant, 'order-7', now, MANY)
      await cancelKeys.cancel(tenant, 'order-7', now - 5, MANY)
      expect(await reported()).toEqual([true, true, false])
      await cancelKeys.cancel(tenant, 'order-7', now + 5, MANY)
      expect(await reported()).toEqual([true, true, true])
    })

    test('a long list continues after what was passed', async () => {
      const { cancelKeys } = store()
      const tenant = freshTenant()
      const now = Date.now()
      const all = Array.from({ length: 25 }, (_, index) =>
        keyed(`n${String(index).padStart(2, '0')}`, now - 10 + Math.floor(index / 10)),
      )
      await cancelKeys.enter(tenant, all)
      const lengths: number[] = []
      const seen: string[] = []
      for (let more = true; more; ) {
        const page = await cancelKeys.cancel(tenant, 'order-7', now, 10)
        lengths.push(page.found.length)
        seen.push(...idsOf(page.found))
        more = page.more
        await cancelKeys.pass(tenant, 'order-7', page.found.at(-1)!)
      }
      expect([lengths, seen]).toEqual([[10, 10, 5], idsOf(all)])
      await cancelKeys.pass(tenant, 'order-7', { notification: 'n03', at: now - 10 })
      expect(await cancelKeys.cancel(tenant, 'order-7', now, 10)).toEqual({ found: [], more: false })
      await cancelKeys.enter(tenant, [keyed('next', now + 1)])
      expect(idsOf((await cancelKeys.cancel(tenant, 'order-7', now + 1, 10)).found)).toEqual(['next'])
    })

    test('of twenty that are entered while the key is cancelled, all earlier ones end and no later one', async () => {
      const { cancelKeys } = store()
      for (let round = 0; round < 10; round++) {
        const tenant = freshTenant()
        const time = Date.now()
        const all = Array.from({ length: 20 }, (_, index) =>
          keyed(`n${index}`, time + (index < 10 ? -index : index)),
        )
        const cancelling = async () => {
          await Promise.all(Array.from({ length: round }, () => cancelKeys.enter(tenant, [])))
          return cancelKeys.cancel(tenant, 'order-7', time, MANY)
        }
        const [{ found }, ...reported] = await Promise.all([
          cancelling(),
          ...all.map((each) => cancelKeys.enter(tenant, [each])),
        ])
        const ended = all.filter(
          ({ notification }, index) => reported[index]?.[0] || idsOf(found).includes(notification),
        )
        expect(idsOf(ended)).toEqual(
          all.filter(({ at }) => at <= time).map(({ notification }) => notification),
        )
      }
    })
  })
}
