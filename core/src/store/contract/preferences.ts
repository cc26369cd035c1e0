import { describe, expect, test } from 'vitest'
import { cellsOf } from '../../preferences/document.ts'
import { GENERAL } from '../../preferences/documents.ts'
import type { Store } from '../port.ts'
import { CHANGES_KEPT, type ChoiceChange } from '../ports/preferences.ts'
import { preferencesRevision } from '../rules/revision.ts'
import { FOREIGN_IDS, freshTenant } from './samples.ts'

export const preferencesContract = (store: () => Store): void => {
  describe('preferences', () => {
    const byApp = (changes: readonly ChoiceChange[], by = 'ada') => ({ changes, via: 'app' as const, by })

    test('concurrent changes of different choices all take effect', async () => {
      const { preferences } = store()
      const tenant = freshTenant()
      const channels = ['email', 'sms', 'push', 'slack', 'teams']
      const made = await Promise.all(
        channels.map((channel) =>
          preferences.change(tenant, 'ada', byApp([{ path: `/categories/orders/${channel}`, value: false }])),
        ),
      )
      expect(made).toEqual(channels.map(() => 'made'))
      expect((await preferences.get(tenant, ['ada', 'bob'])).get('ada')?.get(GENERAL)).toEqual({
        categories: { orders: Object.fromEntries(channels.map((channel) => [channel, false])) },
      })
      expect((await preferences.get(tenant, ['bob'])).size).toBe(0)
      expect((await preferences.get(freshTenant(), ['ada'])).size).toBe(0)
    })

    test('null removes the choice and everything below it, and nothing beside it', async () => {
      const { preferences } = store()
      const tenant = freshTenant()
      const kept = {
        muted: true,
        categories: { orders0: { email: false }, orders: { sms: 'daily' } },
        topics: { 'a/b~c': false },
      }
      await preferences.change(
        tenant,
        'ada',
        byApp([
          { path: '/muted', value: true },
          { path: '/categories/orders/email', value: false },
          { path: '/categories/orders/push', value: true },
          { path: '/categories/orders0/email', value: false },
          { path: '/categories/orders-x/email', value: false },
          { path: '/topics/a~1b~0c', value: false },
        ]),
      )
      await preferences.change(
        tenant,
        'ada',
        byApp([
          { path: '/categories/orders', value: null },
          { path: '/categories/orders-x/email', value: null },
          { path: '/categories/news', value: null },
        ]),
      )
      await preferences.change(tenant, 'ada', byApp([{ path: '/categories/orders/sms', value: 'daily' }]))
      expect((await preferences.get(tenant, ['ada'])).get('ada')?.get(GENERAL)).toEqual(kept)
    })

    test('days of quiet hours, the digest time and a snooze change on their own, also at the same time', async () => {
      const { preferences } = store()
      const tenant = freshTenant()
      const change = (path: string, value: ChoiceChange['value'], context?: string) =>
        preferences.change(
          tenant,
          'ada',
          byApp([{ path, value, ...(context === undefined ? {} : { context }) }]),
        )
      await Promise.all([
        change('/snoozedUntil', '2026-12-01T08:00:00Z'),
        change('/digest/hour', 0),
        change('/digest/day', 'sun'),
        change('/quietHours/timezone', 'Asia/Tokyo'),
        change('/quietHours/days/mon', [['22:00', '07:00']]),
        change('/quietHours/days/sat', [['00:00', '24:00']]),
        change('/quietHours/days/sun', []),
        change('/quietHours/days/mon', [['01:00', '02:00']], 'org-7'),
      ])
      await change('/quietHours/days/sat', null)
      const found = (await preferences.get(tenant, ['ada'])).get('ada')
      expect(found?.get(GENERAL)).toEqual({
        snoozedUntil: '2026-12-01T08:00:00Z',
        digest: { hour: 0, day: 'sun' },
        quietHours: { timezone: 'Asia/Tokyo', days: { mon: [['22:00', '07:00']], sun: [] } },
      })
      expect(found?.get('org-7')).toEqual({ quietHours: { days: { mon: [['01:00', '02:00']] } } })
      const [last] = (await preferences.changes(tenant, 'ada', { limit: 1 })).changes
      expect(last).toMatchObject({ path: '/quietHours/days/sat', value: null })
      await change('/quietHours', null)
      expect((await preferences.get(tenant, ['ada'])).get('ada')?.get(GENERAL)).not.toHaveProperty(
        'quietHours',
      )
    })

    test('in a context are separate from general ones and from those in other contexts', async () => {
      const { preferences } = store()
      const tenant = freshTenant()
      const changes: ChoiceChange[] = [
        { path: '/channels/email', value: false },
        { path: '/channels/email', value: true, context: '__proto__' },
        { path: '/categories/news/email', value: false, context: '__proto__' },
        { path: '/categories/news/sms', value: 'daily', context: 'org-7' },
      ]
      await preferences.change(tenant, 'ada', byApp(changes))
      await preferences.change(
        tenant,
        'ada',
        byApp([{ path: '/categories/news', value: null, context: '__proto__' }]),
      )
      const found = await preferences.get(tenant, ['ada'])
      expect(
        Object.fromEntries([...(found.get('ada') ?? [])].map(([at, each]) => [`in ${at}`, each])),
      ).toEqual({
        'in ': { channels: { email: false } },
        'in __proto__': { channels: { email: true } },
        'in org-7': { categories: { news: { sms: 'daily' } } },
      })
      const record = await preferences.changes(tenant, 'ada', { limit: 9 })
      expect(record.changes.map(({ context, path }) => [context, path])).toEqual([
        ['__proto__', '/categories/news'],
        ['org-7', '/categories/news/sms'],
        ['__proto__', '/categories/news/email'],
        ['__proto__', '/channels/email'],
        [undefined, '/channels/email'],
      ])
    })

    const revisionIn = async (tenant: string, context = GENERAL) => {
      const documents = (await store().preferences.get(tenant, ['ada'])).get('ada')
      return preferencesRevision(cellsOf(documents?.get(context) ?? {}))
    }

    test.each([
      ['without choices', []],
      ['with choices', [{ path: '/categories/orders/email', value: false }]],
    ])('of 20 writers that expect the same document %s, one changes it', async (_, choices) => {
      const { preferences } = store()
      const tenant = freshTenant()
      if (choices.length > 0) await preferences.change(tenant, 'ada', byApp(choices))
      const expected = { revision: await revisionIn(tenant) }
      const writers = Array.from({ length: 20 }, (_, n) => `/topics/writer-${n}`)
      const outcomes = await Promise.all(
        writers.map((path) =>
          preferences.change(tenant, 'ada', { ...byApp([...choices, { path, value: false }]), expected }),
        ),
      )
      expect(outcomes.filter((each) => each === 'made')).toHaveLength(1)
      expect(outcomes.filter((each) => each === 'stale')).toHaveLength(19)
      const path = writers[outcomes.indexOf('made')] ?? ''
      const document = (await preferences.get(tenant, ['ada'])).get('ada')?.get(GENERAL)
      expect(cellsOf(document ?? {})).toEqual([
        ...choices.map((each) => [each.path, each.value]),
        [path, false],
      ])
      const { changes } = await preferences.changes(tenant, 'ada', { limit: 99 })
      expect(changes.filter((each) => each.path.startsWith('/topics')).map((each) => each.path)).toEqual([
        path,
      ])
    })

    test('are changed under a condition in each document on its own; what null removes is gone', async () => {
      const { preferences } = store()
      const tenant = freshTenant()
      const context = 'org-7'
      const choices = ['/categories/orders/email', '/categories/orders/sms', '/muted']
      const all = choices.map((path) => ({ path, value: true }))
      await preferences.change(tenant, 'ada', byApp([...all, ...all.map((each) => ({ ...each, context }))]))
      const expected = { context, revision: await revisionIn(tenant, context) }
      const removed = byApp([{ path: '/categories/orders', value: null, context }])
      expect(await preferences.change(tenant, 'ada', { ...removed, expected })).toBe('made')
      expect(await preferences.change(tenant, 'ada', { ...removed, expected })).toBe('stale')
      const found = (await preferences.get(tenant, ['ada'])).get('ada')
      expect(found?.get(context)).toEqual({ muted: true })
      expect(await revisionIn(tenant)).toBe(expected.revision)
      await preferences.change(tenant, 'ada', byApp([{ path: '/muted', value: null, context }]))
      const empty = { context, revision: await revisionIn(tenant, context) }
      const again = byApp([{ path: '/muted', value: false, context }])
      expect(await preferences.change(tenant, 'ada', { ...again, expected: empty })).toBe('made')
      expect([...((await preferences.get(tenant, ['ada', 'bob'])).get('ada') ?? [])]).toHaveLength(2)
    })

    test('of an erased user are not changed under a condition, until the user is put again', async () => {
      const { preferences, users } = store()
      const tenant = freshTenant()
      const off = byApp([{ path: '/channels/sms', value: false }])
      const expected = { revision: await revisionIn(tenant) }
      expect(await preferences.change(tenant, 'ada', { ...off, expected })).toBe('made')
      await users.remove(tenant, 'ada')
      expect(await preferences.change(tenant, 'ada', { ...off, expected })).toBe('erased')
      expect((await preferences.get(tenant, ['ada'])).size).toBe(0)
      await users.put(tenant, { id: 'ada', profile: {} })
      expect(await preferences.change(tenant, 'ada', { ...off, expected })).toBe('made')
      expect((await preferences.get(tenant, ['ada'])).get('ada')?.get(GENERAL)).toEqual({
        channels: { sms: false },
      })
    })

    test('of 500 users are read together, whatever their names and keys', async () => {
      const { preferences } = store()
      const tenant = freshTenant()
      const users = [...FOREIGN_IDS, ...Array.from({ length: 500 - FOREIGN_IDS.length }, (_, n) => `u${n}`)]
      const names = ['__proto__', 'constructor', 'toString']
      for (const user of FOREIGN_IDS)
        await preferences.change(
          tenant,
          user,
          byApp(names.map((name) => ({ path: `/categories/${name}/email`, value: false }))),
        )
      const found = await preferences.get(tenant, users)
      expect([...found.keys()].sort()).toEqual([...FOREIGN_IDS].sort())
      for (const documents of found.values())
        expect(Object.keys(documents.get(GENERAL)?.categories ?? {}).sort()).toEqual([...names].sort())
    })

    test('changes are on record, newest first, page by page', async () => {
      const { preferences } = store()
      const tenant = freshTenant()
      await preferences.change(
        tenant,
        'ada',
        byApp([
          { path: '/channels/sms', value: false },
          { path: '/topics/a', value: false },
        ]),
      )
      await preferences.change(tenant, 'ada', {
        changes: [{ path: '/categories/news', value: null }],
        via: 'api',
        by: 'key1',
      })
      const first = await preferences.changes(tenant, 'ada', { limit: 2 })
      expect(first.changes).toEqual([
        { at: expect.any(String), via: 'api', by: 'key1', path: '/categories/news', value: null },
        { at: expect.any(String), via: 'app', by: 'ada', path: '/topics/a', value: false },
      ])
      expect(Math.abs(Date.parse(first.changes[0]?.at ?? '') - Date.now())).toBeLessThan(60_000)
      const second = await preferences.changes(tenant, 'ada', { limit: 2, before: first.next ?? 0 })
      expect(second.changes.map(({ path }) => path)).toEqual(['/channels/sms'])
      expect(second.next).toBeUndefined()
      expect((await preferences.changes(tenant, 'bob', { limit: 2 })).changes).toEqual([])
    })

    test('the record is bounded', async () => {
      const { preferences } = store()
      const tenant = freshTenant()
      for (let batch = 0; batch < 13; batch++)
        await preferences.change(
          tenant,
          'ada',
          byApp(Array.from({ length: 100 }, (_, n) => ({ path: '/topics/a', value: (batch + n) % 2 === 0 }))),
        )
      const { changes } = await preferences.changes(tenant, 'ada', { limit: 2 * CHANGES_KEPT })
      expect(changes).toHaveLength(CHANGES_KEPT)
      expect((await preferences.get(tenant, ['ada'])).get('ada')?.get(GENERAL)).toEqual({
        topics: { a: false },
      })
    }, 30_000)

    test('of an erased user are gone, and stay so until the user is put again', async () => {
      const { preferences, users } = store()
      const tenant = freshTenant()
      const off = byApp([{ path: '/channels/sms', value: false }])
      await preferences.change(tenant, 'ada', off)
      await preferences.change(tenant, 'bob', off)
      const before = Date.now()
      await users.remove(tenant, 'ada')
      expect(await preferences.change(tenant, 'ada', off)).toBe('erased')
      expect([...(await preferences.get(tenant, ['ada', 'bob'])).keys()]).toEqual(['bob'])
      expect((await preferences.changes(tenant, 'ada', { limit: 9 })).changes).toEqual([])
      await users.put(tenant, { id: 'ada', profile: {} })
      expect(await preferences.change(tenant, 'ada', { ...off, since: before })).toBe('erased')
      expect(await preferences.change(tenant, 'ada', off)).toBe('made')
      expect((await preferences.get(tenant, ['ada'])).get('ada')?.get(GENERAL)).toEqual({
        channels: { sms: false },
      })
    })
  })
}
