import { describe, expect, test } from 'vitest'
import type { Store } from '../port.ts'
import type { VariantMark } from '../ports/variant-figures.ts'
import { freshTenant } from './samples.ts'

const mark = (user: string, more: Partial<VariantMark> = {}): VariantMark => ({
  ...{ type: 'order.shipped', variant: 'a', figure: 'sent', notification: 'n1', user },
  ...more,
})
const users = (count: number) => Array.from({ length: count }, (_, index) => `user-${index}`)

export const variantFiguresContract = (store: () => Store): void => {
  describe('figures of variants', () => {
    test('count each person once for each notification', async () => {
      const { variantFigures } = store()
      const tenant = freshTenant()
      await variantFigures.mark(tenant, [])
      for (let times = 0; times < 2; times++)
        await variantFigures.mark(tenant, [
          ...users(5).map((user) => mark(user)),
          ...users(3).map((user) => mark(user, { notification: 'n2' })),
          ...users(2).map((user) => mark(user, { figure: 'read' })),
          ...users(4).map((user) => mark(user, { variant: 'b' })),
        ])
      await variantFigures.mark(tenant, [mark('ada', { type: 'order.paid', figure: 'clicked' })])
      const none = { sent: 0, delivered: 0, read: 0, clicked: 0 }
      expect(await variantFigures.of(tenant, 'order.shipped', ['b', 'a', 'c'])).toEqual([
        { ...none, sent: 4 },
        { ...none, sent: 8, read: 2 },
        none,
      ])
      expect(await variantFigures.of(freshTenant(), 'order.shipped', ['a'])).toEqual([none])
    })

    test('are the same whatever the order and the number of writers', async () => {
      const { variantFigures } = store()
      const [one, other] = [freshTenant(), freshTenant()]
      const all = users(1_500).map((user) => mark(user))
      await variantFigures.mark(one, all)
      await Promise.all(
        [all.slice(900).reverse(), all.slice(0, 1_000), all.slice(400, 1_100)].map((some) =>
          variantFigures.mark(other, some),
        ),
      )
      const [[first], [second]] = await Promise.all([
        variantFigures.of(one, 'order.shipped', ['a']),
        variantFigures.of(other, 'order.shipped', ['a']),
      ])
      expect(second).toEqual(first)
      expect(Math.abs((first?.sent ?? 0) - 1_500)).toBeLessThan(100)
    })
  })
}
