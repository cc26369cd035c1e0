import { describe, expect, test } from 'vitest'
import type { Store } from '../port.ts'
import type { SlotRequest } from '../ports/throttles.ts'
import { freshTenant, HOUR } from './samples.ts'

export const throttlesContract = (store: () => Store): void => {
  describe('throttles', () => {
    const now = Date.now()
    const request = (taker: string, changes: Partial<SlotRequest> = {}): SlotRequest => ({
      ...{ user: 'ada', key: 'email', taker, limit: 2, until: now + HOUR, now },
      ...changes,
    })
    const takenBy = async (tenant: string, ...requests: SlotRequest[]) =>
      (await store().throttles.take(tenant, requests)).map(({ taken }) => taken)

    test('as many messages as the limit says get a slot, and each keeps it', async () => {
      const { throttles } = store()
      const tenant = freshTenant()
      expect(
        await throttles.take(tenant, [
          request('a', { until: now + HOUR }),
          request('b', { until: now + HOUR / 2 }),
          request('c'),
          request('a', { until: now + 5 * HOUR }),
        ]),
      ).toEqual([
        { taken: true, until: now + HOUR },
        { taken: true, until: now + HOUR / 2 },
        { taken: false, until: now + HOUR / 2 },
        { taken: true, until: now + HOUR },
      ])
      expect(await takenBy(tenant, request('b'), request('c'), request('c', { limit: 3 }))).toEqual([
        true,
        false,
        true,
      ])
      expect(await throttles.take(tenant, [])).toEqual([])
    })

    test('a slot is free from its time on, and no earlier', async () => {
      const tenant = freshTenant()
      expect(await takenBy(tenant, request('a', { limit: 1 }))).toEqual([true])
      expect(await takenBy(tenant, request('b', { limit: 1, now: now + HOUR - 1 }))).toEqual([false])
      const later = { limit: 1, now: now + HOUR, until: now + 2 * HOUR }
      expect(await takenBy(tenant, request('b', later), request('a', later))).toEqual([true, false])
    })

    test('a lowered limit tells when the first slot is free', async () => {
      const { throttles } = store()
      const tenant = freshTenant()
      await throttles.take(
        tenant,
        [3, 1, 2].map((hours) => request(`${hours}`, { limit: 3, until: now + hours * HOUR })),
      )
      expect(await throttles.take(tenant, [request('a', { limit: 2 })])).toEqual([
        { taken: false, until: now + 2 * HOUR },
      ])
    })

    test('a released slot is free', async () => {
      const { throttles } = store()
      const tenant = freshTenant()
      await throttles.take(tenant, [request('a'), request('b')])
      await throttles.release(tenant, [
        request('a'),
        request('a'),
        request('none'),
        request('a', { key: 'x' }),
      ])
      expect(await takenBy(tenant, request('c'), request('d'))).toEqual([true, false])
      await throttles.release(tenant, [request('b'), request('c')])
      expect(await takenBy(tenant, request('d'), request('e'), request('f'))).toEqual([true, true, false])
    })

    test('keys, users and tenants are counted apart', async () => {
      const tenant = freshTenant()
      const one = { limit: 1 }
      expect(
        await takenBy(
          tenant,
          request('a', one),
          request('b', { ...one, key: 'push' }),
          request('c', { ...one, user: 'bob' }),
          request('d', one),
        ),
      ).toEqual([true, true, true, false])
      expect(await takenBy(freshTenant(), request('d', one))).toEqual([true])
    })

    test('exactly as many as the limit says get a slot, however many ask at once', async () => {
      const tenant = freshTenant()
      const takers = Array.from({ length: 50 }, (_, index) => `t${index}`)
      const ask = () =>
        Promise.all(
          takers.map(async (taker) => (await takenBy(tenant, request(taker, { limit: 3 })))[0] && taker),
        )
      const taken = (await ask()).filter(Boolean)
      expect(taken).toHaveLength(3)
      expect((await ask()).filter(Boolean)).toEqual(taken)
    })

    test('a thousand slots fit, with results in order', async () => {
      const tenant = freshTenant()
      const requests = Array.from({ length: 1_010 }, (_, index) =>
        request(`${index}`.padStart(32, 'x'), { limit: 1_000 }),
      )
      expect(await takenBy(tenant, ...requests)).toEqual(requests.map((_, index) => index < 1_000))
    })

    test('erasing a user removes their slots', async () => {
      const { users } = store()
      const tenant = freshTenant()
      await takenBy(tenant, request('a', { limit: 1 }), request('a', { limit: 1, user: 'bob' }))
      await users.remove(tenant, 'ada')
      expect(
        await takenBy(tenant, request('b', { limit: 1 }), request('b', { limit: 1, user: 'bob' })),
      ).toEqual([true, false])
    })
  })
}
