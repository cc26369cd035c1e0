import { isJsonObject } from '@carillon/schemas'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ProblemError } from '../errors.ts'
import { type Cell, cellsOf, documentOf, isWithin } from './document.ts'
import { changesOf } from './patch.ts'

const faultsOf = (patch: unknown) => {
  try {
    changesOf(patch)
  } catch (error) {
    if (error instanceof ProblemError) return error.problem.errors?.map(({ pointer }) => pointer)
    throw error
  }
  return undefined
}

/** RFC 7396, section 2, as its pseudocode has it. Objects that became empty are left out, as they hold no choice. */
const merged = (target: unknown, patch: unknown): unknown => {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const result: Record<string, unknown> = Object.assign(
    Object.create(null),
    isJsonObject(target) ? target : {},
  )
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else {
      result[key] = merged(Object.hasOwn(result, key) ? result[key] : {}, value)
      if (isJsonObject(result[key]) && Object.keys(result[key]).length === 0) delete result[key]
    }
  }
  return result
}

/** Makes changes as a store does. */
const applied = (cells: readonly Cell[], patch: unknown): Cell[] => {
  const kept = new Map(cells)
  for (const { path, value } of changesOf(patch)) {
    for (const at of [...kept.keys()]) if (value === null && isWithin(at, path)) kept.delete(at)
    if (value !== null) kept.set(path, value)
  }
  return [...kept]
}

const NAMES = ['orders', 'news', '__proto__', 'constructor', 'a.b']
const dictionary = (keys: readonly string[], value: fc.Arbitrary<unknown>) =>
  fc
    .uniqueArray(fc.tuple(fc.constantFrom(...keys), value), { selector: ([key]) => key, maxLength: 3 })
    .map((entries) => {
      const result = Object.create(null) as Record<string, unknown>
      for (const [key, each] of entries) result[key] = each
      return result
    })
const fields = (each: Record<string, fc.Arbitrary<unknown>>) => fc.record(each, { requiredKeys: [] })
const windows = fc.constantFrom([], [['22:00', '07:00']], [['00:00', '24:00']])
const choice = fc.constantFrom(true, false, 'daily', 'immediate')
const documentWith = (leaf: (value: fc.Arbitrary<unknown>) => fc.Arbitrary<unknown>) => {
  const scoped = leaf(dictionary(['email', 'sms', 'all'], leaf(choice)))
  return fc.record(
    {
      muted: leaf(fc.boolean()),
      channels: leaf(dictionary(['email', 'inbox'], leaf(choice))),
      categories: leaf(dictionary(NAMES, scoped)),
      types: leaf(dictionary(NAMES, scoped)),
      topics: leaf(dictionary([...NAMES, 'a/b~c', '~1'], leaf(fc.boolean()))),
      snoozedUntil: leaf(fc.constantFrom('2026-12-01T08:00:00Z', '2026-12-02T08:00:00+01:00')),
      digest: leaf(fields({ hour: leaf(fc.nat(23)), day: leaf(fc.constantFrom('mon', 'sun')) })),
      quietHours: leaf(
        fields({
          timezone: leaf(fc.constantFrom('Asia/Tokyo', 'Europe/Lisbon')),
          days: leaf(dictionary(['mon', 'tue', 'sat'], leaf(windows))),
        }),
      ),
    },
    { requiredKeys: [] },
  )
}

describe('a merge patch of preferences', () => {
  test('changes what RFC 7396 says it does', () => {
    const documents = documentWith((value) => value)
    const patches = documentWith((value) => fc.option(value, { nil: null, freq: 4 }))
    fc.assert(
      fc.property(documents, patches, (document, patch) => {
        const clean = merged({}, document)
        const after = documentOf(applied(cellsOf(clean as object), patch))
        expect(JSON.stringify(sorted(after))).toBe(JSON.stringify(sorted(merged(clean, patch))))
      }),
      { numRuns: 500 },
    )
  })

  test('changes one choice, removes many, or nothing', () => {
    expect(changesOf({ categories: { orders: { email: true } } })).toEqual([
      { path: '/categories/orders/email', value: true },
    ])
    expect(changesOf({ categories: { orders: null }, topics: { 'a/b': null } })).toEqual([
      { path: '/categories/orders', value: null },
      { path: '/topics/a~1b', value: null },
    ])
    expect(changesOf({ quietHours: { days: { sat: null, sun: [['00:00', '24:00']] } } })).toEqual([
      { path: '/quietHours/days/sat', value: null },
      { path: '/quietHours/days/sun', value: [['00:00', '24:00']] },
    ])
    expect(changesOf({ categories: { orders: {} } })).toEqual([])
    expect(changesOf({})).toEqual([])
  })

  test('names each fault', () => {
    expect(
      faultsOf({
        muted: 'yes',
        snoozedUntil: 'tomorrow',
        channels: { all: false, email: 'monthly' },
        categories: { 'no blanks': { email: true }, orders: { pigeon: true, email: 1 } },
        types: false,
        topics: { ' a': true, b: 'daily' },
      })?.sort(),
    ).toEqual(
      [
        '/muted',
        '/snoozedUntil',
        '/channels/all',
        '/channels/email',
        '/categories/no blanks',
        '/categories/orders/pigeon',
        '/categories/orders/email',
        '/types',
        '/topics/ a',
        '/topics/b',
      ].sort(),
    )
    expect(
      faultsOf({
        digest: { hour: 24, day: 'monday', minute: 5 },
        until: 1,
        quietHours: { timezone: 'Mars/Olympus', days: { sat: [['22:00', '22:00']], sunday: [], mon: {} } },
      })?.sort(),
    ).toEqual([
      '/digest/day',
      '/digest/hour',
      '/digest/minute',
      '/quietHours/days/mon',
      '/quietHours/days/sat/0',
      '/quietHours/days/sunday',
      '/quietHours/timezone',
      '/until',
    ])
    for (const patch of [null, [], 'muted', 7]) expect(faultsOf(patch)).toEqual([''])
    expect(faultsOf({ constructor: true, __proto__x: 1 })).toHaveLength(2)
  })
})

/** Sorts keys, without losing any. */
const sorted = (value: unknown): unknown => {
  if (!isJsonObject(value)) return value
  const result = Object.create(null) as Record<string, unknown>
  for (const [key, each] of Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    result[key] = sorted(each)
  return result
}
