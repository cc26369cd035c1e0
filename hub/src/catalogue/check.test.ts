import { expect, test } from 'vitest'
import { z } from 'zod'
import { createCatalogueCheck, type Kinds } from './check.ts'
import { kindOf } from './kind.ts'

const input = z.record(z.string(), z.unknown())

/** Checks sets of partials and types against stored ones. `checked` has the keys of the types that were checked. */
const checking = (stored: { partials: Record<string, object>; types: Record<string, object> }) => {
  const checked: string[] = []
  const listed = (all: Record<string, object>) => async () =>
    Object.entries(all).map(([key, value]) => ({ key, ...value }))
  const kinds = {
    partials: kindOf({ key: z.string(), input, list: listed(stored.partials) }),
    types: kindOf({
      ...{ key: z.string(), input, list: listed(stored.types), refersTo: ['partials'] },
      faults: async (_, key) => {
        checked.push(key)
        return []
      },
      warnings: async (_, key) => [[{ code: 'seen', pointer: '', message: key }]],
    }),
  } as unknown as Kinds
  const check = createCatalogueCheck(kinds)
  return { checked, check: (set: object) => check('acme', set as never) }
}

const stored = { partials: { bye: { text: 'Bye' } }, types: { a: { name: 'A' }, b: { name: 'B' } } }

test('types that are stored already are not checked again; their warnings remain', async () => {
  const { check, checked } = checking(stored)
  const { warnings } = await check({ types: { a: { name: 'A' }, b: { name: 'new' }, c: { name: 'C' } } })
  expect(checked).toEqual(['b', 'c'])
  expect(warnings.map(({ pointer }) => pointer)).toEqual(['/types/a', '/types/b', '/types/c'])
})

test('types that are stored already are checked again if what they refer to changes', async () => {
  for (const [partials, expected] of [
    [{ bye: { text: 'Bye' } }, []],
    [{ bye: { text: 'See you' } }, ['a', 'b']],
    [{}, ['a', 'b']],
  ] as const) {
    const { check, checked } = checking(stored)
    await check({ partials, types: stored.types })
    expect(checked).toEqual(expected)
  }
})
