import { describe, expect, test } from 'vitest'
import type { Store } from '../port.ts'
import { SHOWN_MAX, type ShownPush } from '../ports/shown-pushes.ts'
import { freshTenant } from './samples.ts'

export const shownPushesContract = (store: () => Store): void => {
  describe('shown pushes', () => {
    const push = (key: string, changes: Partial<ShownPush> = {}): ShownPush => ({
      ...{
        user: 'ada',
        device: 'phone',
        key,
        items: [`item-of-${key}`],
        account: 'fcm',
        sentAt: 1_700_000_000_000,
      },
      ...changes,
    })
    const of = async (tenant: string, ...users: string[]) =>
      (await store().shownPushes.of(tenant, users)) as Map<string, ShownPush[]>

    test('are returned by user, and the last write of a place wins', async () => {
      const { shownPushes } = store()
      const tenant = freshTenant()
      const all = [
        push('a'),
        push('a', { device: 'tablet', version: 1_700_000_000_001 }),
        push('b', { items: ['1', '2'] }),
      ]
      await shownPushes.put(tenant, all)
      await shownPushes.put(tenant, [push('a', { user: 'bob' })])
      const withdrawn = push('b', { items: ['1', '2'], withdrawnAt: 1_700_000_001_000 })
      await shownPushes.put(tenant, [withdrawn])
      const found = await of(tenant, 'ada', 'ada', 'bob', 'cleo')
      expect([...found.keys()].sort()).toEqual(['ada', 'bob'])
      expect(new Set(found.get('ada'))).toEqual(new Set([...all.slice(0, 2), withdrawn]))
      await shownPushes.put(tenant, [push('b')])
      expect(new Set((await of(tenant, 'ada')).get('ada'))).toEqual(new Set([...all.slice(0, 2), push('b')]))
      expect(await of(freshTenant(), 'ada')).toEqual(new Map())
      await shownPushes.put(tenant, [])
      expect(await of(tenant)).toEqual(new Map())
    })

    test('are removed one by one, and with their user', async () => {
      const { shownPushes, users } = store()
      const tenant = freshTenant()
      await shownPushes.put(tenant, [push('a'), push('b'), push('a', { user: 'bob' })])
      await shownPushes.remove(tenant, [push('a'), push('unknown')])
      expect(await of(tenant, 'ada')).toEqual(new Map([['ada', [push('b')]]]))
      await users.remove(tenant, 'ada')
      expect(await of(tenant, 'ada', 'bob')).toEqual(new Map([['bob', [push('a', { user: 'bob' })]]]))
    })

    test('are bounded for each user', async () => {
      const { shownPushes } = store()
      const tenant = freshTenant()
      await shownPushes.put(
        tenant,
        Array.from({ length: SHOWN_MAX + 20 }, (_, n) => push(`k${n}`)),
      )
      await shownPushes.put(tenant, [push('a', { user: 'bob' })])
      const found = await of(tenant, 'ada', 'bob')
      expect([found.get('ada')?.length, found.get('bob')?.length]).toEqual([SHOWN_MAX, 1])
    })
  })
}
