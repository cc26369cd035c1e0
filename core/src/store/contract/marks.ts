import { describe, expect, test, vi } from 'vitest'
import type { Store } from '../port.ts'
import { freshTenant, HOUR } from './samples.ts'

const AT = Date.UTC(2026, 0, 31, 23, 59)
/** Longer than any mark of a millisecond lives, in a store that counts in seconds. */
const PATIENCE = { timeout: 10_000, interval: 50 }

export const marksContract = (store: () => Store): void => {
  describe('marks', () => {
    test('of twenty takers one wins; the others see its value', async () => {
      const { marks } = store()
      const tenant = freshTenant()
      const takers = Array.from({ length: 20 }, (_, index) => `taker-${index}`)
      const answers = await Promise.all(
        takers.map((value) =>
          marks.take(
            tenant,
            [
              { key: 'shared', value, at: AT },
              { key: `of ${value}`, value, at: AT },
            ],
            HOUR,
          ),
        ),
      )
      const winners = takers.filter((_, index) => answers[index]?.[0] === undefined)
      expect(winners).toHaveLength(1)
      expect(new Set(answers.map(([shared]) => shared))).toEqual(new Set([undefined, winners[0]]))
      expect(answers.map(([, own]) => own)).toEqual(takers.map(() => undefined))
      expect(await marks.take(tenant, [{ key: 'shared', value: 'late', at: AT }], HOUR)).toEqual(winners)
      expect(await marks.take(tenant, [], HOUR)).toEqual([])
    })

    test('many are taken at once, and answered in order', async () => {
      const { marks } = store()
      const tenant = freshTenant()
      const key = (index: number) => `key-${index} ${'ü'.repeat(200)}`
      const all = Array.from({ length: 200 }, (_, index) => ({ key: key(index), value: `${index}`, at: AT }))
      const odd = all.filter((_, index) => index % 2)
      await marks.take(tenant, odd, HOUR)
      expect(await marks.take(tenant, all, HOUR)).toEqual(
        all.map(({ value }, index) => (index % 2 ? value : undefined)),
      )
    })

    test('of several in one call that want one key, the first wins', async () => {
      const { marks } = store()
      const tenant = freshTenant()
      const twice = ['first', 'second'].map((value) => ({ key: 'k', value, at: AT }))
      const other = { key: 'other', value: 'mine', at: AT }
      expect(await marks.take(tenant, [...twice, other], HOUR)).toEqual([undefined, 'first', undefined])
      expect(await marks.take(tenant, [...twice, other], HOUR)).toEqual(['first', 'first', 'mine'])
    })

    test('of many takers of many keys in any order, each key has one winner whose value all see', async () => {
      const { marks } = store()
      const tenant = freshTenant()
      const keys = Array.from({ length: 60 }, (_, index) => `key-${index}`)
      const times = [AT, AT + HOUR, AT + 48 * HOUR]
      const takers = Array.from({ length: 8 }, (_, taker) => `taker-${taker}`)
      const answers = await Promise.all(
        takers.map(async (value, taker) => {
          const turned = [...keys.slice(taker * 7), ...keys.slice(0, taker * 7)]
          const wanted = turned.map((key) => ({ key, value, at: times[keys.indexOf(key) % 3]! }))
          const held = await marks.take(tenant, wanted, HOUR)
          return new Map(turned.map((key, index) => [key, held[index]]))
        }),
      )
      for (const key of keys) {
        const winners = takers.filter((_, taker) => answers[taker]?.get(key) === undefined)
        expect(winners).toHaveLength(1)
        expect(new Set(answers.map((answer) => answer.get(key) ?? winners[0]))).toEqual(new Set(winners))
      }
    })

    test('what is put is replaced, got and removed, within its tenant', async () => {
      const { marks } = store()
      const tenant = freshTenant()
      const other = freshTenant()
      const a = { key: "a'\n:%", value: '{"x":1}' }
      await marks.put(tenant, [{ ...a, value: 'old' }], HOUR)
      await marks.put(tenant, [a, { key: 'b', value: '' }], HOUR)
      await marks.put(other, [{ ...a, value: 'elsewhere' }], HOUR)
      expect(await marks.get(tenant, [a.key, 'b', 'c', 'b'])).toEqual(
        new Map([
          [a.key, a.value],
          ['b', ''],
        ]),
      )
      await marks.remove(tenant, [a.key, 'c'])
      await marks.remove(tenant, [a.key])
      expect([...(await marks.get(tenant, [a.key, 'b'])).keys()]).toEqual(['b'])
      expect(await marks.get(other, [a.key])).toEqual(new Map([[a.key, 'elsewhere']]))
      expect(await marks.get(tenant, [])).toEqual(new Map())
    })

    test('what is put and what is taken lie apart', async () => {
      const { marks } = store()
      const tenant = freshTenant()
      await marks.put(tenant, [{ key: 'k', value: 'put' }], HOUR)
      expect(await marks.take(tenant, [{ key: 'k', value: 'taken', at: AT }], HOUR)).toEqual([undefined])
      expect(await marks.get(tenant, ['k'])).toEqual(new Map([['k', 'put']]))
      await marks.remove(tenant, ['k'])
      expect(await marks.take(tenant, [{ key: 'k', value: 'late', at: AT }], HOUR)).toEqual(['taken'])
      expect(await marks.take(freshTenant(), [{ key: 'k', value: 'other', at: AT }], HOUR)).toEqual([
        undefined,
      ])
    })

    test('an expired mark is as if it had never been', async () => {
      const { marks } = store()
      const tenant = freshTenant()
      await marks.put(tenant, [{ key: 'short', value: '1' }], 1)
      await marks.put(tenant, [{ key: 'long', value: '1' }], HOUR)
      await marks.take(tenant, [{ key: 'long', value: '1', at: AT }], HOUR)
      await marks.take(tenant, [{ key: 'short', value: '1', at: AT }], 1)
      await vi.waitFor(async () => {
        expect([...(await marks.get(tenant, ['short', 'long'])).keys()]).toEqual(['long'])
      }, PATIENCE)
      await vi.waitFor(async () => {
        expect(await marks.take(tenant, [{ key: 'short', value: '2', at: AT }], HOUR)).toEqual([undefined])
      }, PATIENCE)
      expect(
        await marks.take(
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
