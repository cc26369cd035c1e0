import type { Preferences } from '@carillon/schemas'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { preferenceOf } from '../routing/preference.ts'
import type { ChoiceChange } from '../store/ports/preferences.ts'
import { type Cell, cellsOf, documentOf, isWithin } from './document.ts'
import { unsubscribing } from './unsubscribe.ts'

const CATEGORIES: Record<string, string | undefined> = {
  'news.weekly': 'news',
  'news.daily': 'news',
  'order.shipped': 'orders',
  open: undefined,
}
const categoryOf = (type: string) => CATEGORIES[type]

const applied = (document: Preferences, changes: readonly ChoiceChange[]): Preferences => {
  const kept = new Map<string, Cell[1]>(cellsOf(document))
  for (const { path, value } of changes) {
    for (const at of [...kept.keys()]) if (value === null && isWithin(at, path)) kept.delete(at)
    if (value !== null) kept.set(path, value)
  }
  return documentOf(kept)
}

const choice = fc.constantFrom(true, false, 'immediate', 'hourly', 'daily', 'weekly')
const scoped = fc.record({ email: choice, sms: choice, all: choice }, { requiredKeys: [] })
const record = (keys: string[]) =>
  fc.record(Object.fromEntries(keys.map((key) => [key, scoped])), { requiredKeys: [] })
const documents = fc.record(
  {
    channels: fc.record({ email: choice, sms: choice }, { requiredKeys: [] }),
    categories: record(['news', 'orders']),
    types: record(Object.keys(CATEGORIES)),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Preferences>
const layers = fc.record({ user: documents, tenant: documents })
const types = fc.constantFrom(...Object.keys(CATEGORIES))

describe('after a one-click unsubscribe', () => {
  const reaches = (
    type: string,
    category: string | undefined,
    all: { user: Preferences; tenant: Preferences },
    channel: 'email' | 'sms',
  ) => preferenceOf({ type, category, addressed: [{ by: 'user' }] }, channel, all).outcome === 'pass'

  test('nothing of the category leaves on that channel, whatever stood before', () => {
    fc.assert(
      fc.property(layers, types, ({ user, tenant }, type) => {
        const category = categoryOf(type) ?? 'news'
        const after = applied(user, unsubscribing({ channel: 'email', type, category }, user, categoryOf))
        for (const each of Object.keys(CATEGORIES))
          if ((categoryOf(each) ?? category) === category)
            expect(reaches(each, category, { user: after, tenant }, 'email')).toBe(false)
        expect(unsubscribing({ channel: 'email', type, category }, after, categoryOf)).toEqual([])
      }),
      { numRuns: 1_000 },
    )
  })

  test('nothing of the type leaves on that channel, and all else is as it was', () => {
    fc.assert(
      fc.property(layers, types, ({ user, tenant }, type) => {
        const after = applied(user, unsubscribing({ channel: 'email', type }, user, categoryOf))
        expect(reaches(type, categoryOf(type), { user: after, tenant }, 'email')).toBe(false)
        for (const each of Object.keys(CATEGORIES)) {
          const before = { user, tenant }
          const now = { user: after, tenant }
          expect(reaches(each, categoryOf(each), now, 'sms')).toBe(
            reaches(each, categoryOf(each), before, 'sms'),
          )
          if (each === type) continue
          expect(reaches(each, categoryOf(each), now, 'email')).toBe(
            reaches(each, categoryOf(each), before, 'email'),
          )
        }
        expect(unsubscribing({ channel: 'email', type }, after, categoryOf)).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  test('other categories stay as they were', () => {
    const user: Preferences = { types: { 'order.shipped': { email: true }, 'news.daily': { email: true } } }
    const changes = unsubscribing(
      { channel: 'email', type: 'news.weekly', category: 'news' },
      user,
      categoryOf,
    )
    expect(changes).toEqual([
      { path: '/categories/news/email', value: false },
      { path: '/types/news.daily/email', value: null },
    ])
  })
})
