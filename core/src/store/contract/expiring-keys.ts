import { describe, expect, test, vi } from 'vitest'
import type { Store } from '../port.ts'
import { freshTenant, HOUR } from './samples.ts'

const AT = Date.UTC(2026, 0, 31, 23, 59)
/** Longer than the lifetime of a key with a TTL of one millisecond, in a store that counts in seconds. */
const PATIENCE = { timeout: 10_000, interval: 50 }

export const expiringKeysContract = (store: () => Store): void => {
  describe('expiring keys', () => {
    test('one of twenty callers wins, and the others get its value', async () => {
      const { expiringKeys } = store()
      const tenant = freshTenant()
      const callers = Array.from({ length: 20 }, (_, index) => `caller-${index}`)
      const answers = await Promise.all(
        callers.map((value) =>
          expiringKeys.acquire(
            tenant,
            [
              { key: 'shared', value, at: AT },
              { key: `of ${value}`, value, at: AT },
            ],
            HOUR,
          ),
        ),
      )
      const winners = callers.filter((_, index) => answers[index]?.[0] === undefined)
      expect(winners).toHaveLength(1)
      expect(new Set(answers.map(([shared]) => shared))).toEqual(new Set([undefined, winners[0]]))
      expect(answers.map(([, own]) => own)).toEqual(callers.map(() => undefined))
      expect(await expiringKeys.acquire(tenant, [{ key: 'shared', value: 'late', at: AT }], HOUR)).toEqual(
        winners,
      )
      expect(await expiringKeys.acquire(tenant, [], HOUR)).toEqual([])
    })

    test('many keys are acquired at once, with results in order', async () => {
      const { expiringKeys } = store()
      const tenant = freshTenant()
      const key = (index: number) => `key-${index} ${'ü'.repeat(200)}`
      const all = Array.from({ length: 200 }, (_, index) => ({ key: key(index), value: `${index}`, at: AT }))
      const odd = all.filter((_, index) => index % 2)
      await expiringKeys.acquire(tenant, odd, HOUR)
      expect(await expiringKeys.acquire(tenant, all, HOUR)).toEqual(
        all.map(({ value }, index) => (index % 2 ? value : undefined)),
      )
    })

    test('the first of several acquisitions of a key in one call wins', async () => {
      const { expiringKeys } = store()
      const tenant = freshTenant()
      const twice = ['first', 'second'].map((value) => ({ key: 'k', value, at: AT }))
      const other = { key: 'other', value: 'mine', at: AT }
      expect(await expiringKeys.acquire(tenant, [...twice, other], HOUR)).toEqual([
        undefined,
        'first',
        undefined,
      ])
      expect(await expiringKeys.acquire(tenant, [...twice, other], HOUR)).toEqual(['first', 'first', 'mine'])
    })

    test('each key has one winner, whose value all callers get, in any order of many keys', async () => {
      const { expiringKeys } = store()
      const tenant = freshTenant()
      const keys = Array.from({ length: 60 }, (_, index) => `key-${index}`)
      const times = [AT, AT + HOUR, AT + 48 * HOUR]
      const callers = Array.from({ length: 8 }, (_, caller) => `caller-${caller}`)
      const answers = await Promise.all(
        callers.map(async (value, caller) => {
          const turned = [...keys.slice(caller * 7), ...keys.slice(0, caller * 7)]
          const wanted = turned.map((key) => ({ key, value, at: times[keys.indexOf(key) % 3]! }))
          const held = await expiringKeys.acquire(tenant, wanted, HOUR)
          return new Map(turned.map((key, index) => [key, held[index]]))
        }),
      )
      for (const key of keys) {
        const winners = callers.filter((_, caller) => answers[caller]?.get(key) === undefined)
        expect(winners).toHaveLength(1)
        expect(new Set(answers.map((answer) => answer.get(key) ?? winners[0]))).toEqual(new Set(winners))
      }
    })

    test('put keys can be replaced, read and removed, separately per tenant', async () => {
      const { expiringKeys } = store()
      const tenant = freshTenant()
      const other = freshTenant()
      const a = { key: "a'\n:%", value: '{"x":1}' }
      await expiringKeys.put(tenant, [{ ...a, value: 'old' }], HOUR)
      await expiringKeys.put(tenant, [a, { key: 'b', value: '' }], HOUR)
      await expiringKeys.put(other, [{ ...a, value: 'elsewhere' }], HOUR)
      expect(await expiringKeys.get(tenant, [a.key, 'b', 'c', 'b'])).toEqual(
        new Map([
          [a.key, a.value],
          ['b', ''],
        ]),
      )
      await expiringKeys.remove(tenant, [a.key, 'c'])
      await expiringKeys.remove(tenant, [a.key])
      expect([...(await expiringKeys.get(tenant, [a.key, 'b'])).keys()]).toEqual(['b'])
      expect(await expiringKeys.get(other, [a.key])).toEqual(new Map([[a.key, 'elsewhere']]))
      expect(await expiringKeys.get(tenant, [])).toEqual(new Map())
    })

    test('the holders of acquired keys can be read', async () => {
      const { expiringKeys } = store()
      const tenant = freshTenant()
      await expiringKeys.acquire(tenant, [{ key: 'k', value: 'first', at: AT }], HOUR)
      await expiringKeys.acquire(tenant, [{ key: 'k', value: 'second', at: AT }], HOUR)
      await expiringKeys.put(tenant, [{ key: 'p', value: 'put' }], HOUR)
      const wanted = ['p', 'k', 'nobody'].map((key) => ({ key, at: AT }))
      expect(await expiringKeys.holders(tenant, wanted)).toEqual([undefined, 'first', undefined])
      expect(await expiringKeys.holders(freshTenant(), wanted.slice(1, 2))).toEqual([undefined])
      expect(await expiringKeys.holders(tenant, wanted.slice(2))).toEqual([undefined])
      expect(await expiringKeys.acquire(tenant, [{ key: 'k', value: 'third', at: AT }], HOUR)).toEqual([
        'first',
      ])
      expect(await expiringKeys.holders(tenant, [])).toEqual([])
    })

    test('put and acquired keys are separate', async () => {
      const { expiringKeys } = store()
      const tenant = freshTenant()
      await expiringKeys.put(tenant, [{ key: 'k', value: 'put' }], HOUR)
      expect(await expiringKeys.acquire(tenant, [{ key: 'k', value: 'taken', at: AT }], HOUR)).toEqual([
        undefined,
      ])
      expect(await expiringKeys.get(tenant, ['k'])).toEqual(new Map([['k', 'put']]))
      await expiringKeys.remove(tenant, ['k'])
      expect(await expiringKeys.acquire(tenant, [{ key: 'k', value: 'late', at: AT }], HOUR)).toEqual([
        'taken',
      ])
      expect(await expiringKeys.acquire(freshTenant(), [{ key: 'k', value: 'other', at: AT }], HOUR)).toEqual(
        [undefined],
      )
    })

    test('an expired key does not exist', async () => {
      const { expiringKeys } = store()
      const tenant = freshTenant()
      await expiringKeys.put(tenant, [{ key: 'short', value: '1' }], 1)
      await expiringKeys.put(tenant, [{ key: 'long', value: '1' }], HOUR)
      await expiringKeys.acquire(tenant, [{ key: 'long', value: '1', at: AT }], HOUR)
      await expiringKeys.acquire(tenant, [{ key: 'short', value: '1', at: AT }], 1)
      await vi.waitFor(async () => {
        expect([...(await expiringKeys.get(tenant, ['short', 'long'])).keys()]).toEqual(['long'])
      }, PATIENCE)
      await vi.waitFor(async () => {
        expect(await expiringKeys.acquire(tenant, [{ key: 'short', value: '2', at: AT }], HOUR)).toEqual([
          undefined,
        ])
      }, PATIENCE)
      expect(
        await expiringKeys.acquire(
          tenant,
          [
            { key: 'short', value: '3', at: AT },
            { key: 'long', value: '3', at: AT },
          ],
          HOUR,
        ),
      ).toEqual(['2', '1'])
    })
  })
}
