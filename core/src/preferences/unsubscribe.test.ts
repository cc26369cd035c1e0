import type { Preferences } from '@carillon/schemas'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { preferenceOf } from '../routing/preference.ts'
import type { ChoiceChange } from '../store/ports/preferences.ts'
import { type Cell, cellsOf, documentOf, isWithin } from './document.ts'
import type { Documents } from './documents.ts'
import { unsubscribing } from './unsubscribe.ts'

/** The categories of types. A type with several had each of them in some version; `open` leaves the category to notifications. */
const CATEGORIES: Record<string, readonly (string | undefined)[]> = {
  'news.weekly': ['news'],
  'news.daily': ['news'],
  'order.shipped': ['orders'],
  moved: ['orders', 'news'],
  open: [undefined],
}
const TYPES = Object.keys(CATEGORIES)
const NAMES = ['news', 'orders', '__proto__']
const CONTEXTS = ['', 'a', 'b']
const isPartOf = (type: string, category: string) =>
  CATEGORIES[type]?.some((each) => each === undefined || each === category) ?? false

const applied = (documents: Documents, changes: readonly ChoiceChange[]): Documents => {
  const all = new Map(documents)
  for (const { path, value, context = '' } of changes) {
    const kept = new Map<string, Cell[1]>(cellsOf(all.get(context) ?? {}))
    for (const at of [...kept.keys()]) if (value === null && isWithin(at, path)) kept.delete(at)
    if (value !== null) kept.set(path, value)
    all.set(context, documentOf(kept))
  }
  return all
}

const choice = fc.constantFrom(true, false, 'immediate', 'hourly', 'daily', 'weekly')
const scoped = fc.record({ email: choice, sms: choice, all: choice }, { requiredKeys: [] })
const record = (keys: string[]) => fc.dictionary(fc.constantFrom(...keys), scoped)
const document = fc.record(
  {
    channels: fc.record({ email: choice, sms: choice }, { requiredKeys: [] }),
    categories: record(NAMES),
    types: record(TYPES),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Preferences>
const documents = fc
  .tuple(document, document, document)
  .map((each): Documents => new Map(each.map((some, index) => [CONTEXTS[index] ?? '', some])))
const defaults = fc.record({ context: document, tenant: document })
const link = fc.record({
  channel: fc.constant('email' as const),
  categories: fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 3 }),
  types: fc.uniqueArray(fc.constantFrom(...TYPES), { maxLength: 2 }),
  context: fc.constantFrom(undefined, 'a', 'new'),
})

/** Every combination of type, category and context that a message can have. */
const MESSAGES = TYPES.flatMap((type) =>
  NAMES.filter((category) => isPartOf(type, category)).flatMap((category) =>
    ['', 'a', 'b', 'new', 'other'].map((context) => ({ type, category, context })),
  ),
)

describe('after a one-click unsubscribe', () => {
  const reaches = (
    { type, category, context }: (typeof MESSAGES)[number],
    own: Documents,
    others: { context: Preferences; tenant: Preferences },
    channel: 'email' | 'sms',
  ) =>
    preferenceOf({ type, category, addressed: [{ by: 'user' }] }, channel, {
      user: own.get(''),
      userContext: context === '' ? undefined : own.get(context),
      ...others,
    }).outcome === 'pass'

  test('nothing of its categories and types is sent on that channel in any context, whatever was chosen before', () => {
    fc.assert(
      fc.property(documents, defaults, link, (own, others, unsubscribed) => {
        const after = applied(own, unsubscribing(unsubscribed, own, isPartOf))
        for (const message of MESSAGES)
          if (unsubscribed.types.includes(message.type) || unsubscribed.categories.includes(message.category))
            expect(reaches(message, after, others, 'email')).toBe(false)
        expect(unsubscribing(unsubscribed, after, isPartOf)).toEqual([])
      }),
      { numRuns: 2_000 },
    )
  })

  test('nothing is switched on, and other channels do not change', () => {
    fc.assert(
      fc.property(documents, defaults, link, (own, others, unsubscribed) => {
        const changes = unsubscribing(unsubscribed, own, isPartOf)
        const after = applied(own, changes)
        for (const { path, value } of changes)
          expect([path.endsWith('/email'), value || false]).toEqual([true, false])
        for (const message of MESSAGES) {
          expect(reaches(message, after, others, 'sms')).toBe(reaches(message, own, others, 'sms'))
          const isNamed = unsubscribed.types.includes(message.type)
          if (isNamed || unsubscribed.categories.some((each) => isPartOf(message.type, each))) continue
          expect(reaches(message, after, others, 'email')).toBe(reaches(message, own, others, 'email'))
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test('writes `false` in general and in the context of the message, and keeps other choices', () => {
    const own = new Map<string, Preferences>([
      ['', { types: { 'order.shipped': { email: true }, 'news.daily': { email: true, sms: true } } }],
      ['b', { categories: { news: { email: 'daily', all: false } }, types: { 'news.daily': { all: true } } }],
    ])
    const made = unsubscribing(
      { channel: 'email', categories: ['news'], types: [], context: 'a' },
      own,
      isPartOf,
    )
    const news = '/categories/news/email'
    expect(made).toEqual([
      { path: news, value: false },
      { path: news, value: false, context: 'a' },
      { path: news, value: null, context: 'b' },
      { path: '/types/news.daily/email', value: false },
    ])
  })
})
