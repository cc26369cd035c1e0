import { expect, it } from 'vitest'
import { typeOf } from './schema-type.ts'

it.each<[string, Record<string, unknown>, string]>([
  ['nothing', {}, 'unknown'],
  ['a plain type', { type: 'integer' }, 'number'],
  ['several types', { type: ['string', 'null'] }, 'string | null'],
  ['a constant', { const: 'a"b' }, '"a\\"b"'],
  ['an enum', { type: 'string', enum: ['a', 'b', 1] }, '"a" | "b" | 1'],
  ['a list', { type: 'array', items: { type: ['string', 'number'] } }, '(string | number)[]'],
  [
    'a tuple',
    { type: 'array', prefixItems: [{ type: 'string' }], items: { type: 'number' } },
    '[(string)?, ...number[]]',
  ],
  ['a closed tuple', { type: 'array', prefixItems: [{ type: 'string' }], items: false }, '[(string)?]'],
  ['a map', { type: 'object', additionalProperties: { type: 'number' } }, 'Record<string, number>'],
  ['an empty object', { type: 'object', additionalProperties: false }, 'Record<string, never>'],
  [
    'an object, by its properties alone',
    { properties: { a: { type: 'string' }, 'b-c': {} }, required: ['a', 'd'] },
    '{\n  a: string\n  "b-c"?: unknown\n  d: unknown\n}',
  ],
  [
    'an open object',
    { type: 'object', properties: { a: { const: 1 } }, additionalProperties: true },
    '{\n  a?: 1\n  [key: string]: unknown\n}',
  ],
  ['alternatives', { oneOf: [{ type: 'string' }, { type: 'number' }] }, 'string | number'],
  [
    'all of them',
    { allOf: [{ type: 'object', properties: { a: {} } }, { anyOf: [{ const: 1 }, { const: 2 }] }] },
    '{\n    a?: unknown\n  } & (1 | 2)',
  ],
  ['a reference', { $ref: '#/$defs/a~1b', $defs: { 'a/b': { type: 'string' } } }, 'string'],
  ['a reference to nothing', { $ref: '#/$defs/x' }, 'unknown'],
  ['a remote reference', { $ref: 'https://example.com/x' }, 'unknown'],
  ['a broken reference', { $ref: '#/%zz' }, 'unknown'],
  [
    'a schema that refers to itself',
    { $ref: '#/$defs/t', $defs: { t: { type: 'array', items: { $ref: '#/$defs/t' } } } },
    'unknown[]',
  ],
])('translates %s', (_, schema, type) => {
  expect(typeOf(schema)).toBe(type)
})

it('keeps descriptions as comments; a description cannot end its comment', () => {
  const properties = { a: { type: 'string', description: 'One */ export const evil = 1 /*\n two' } }
  expect(typeOf({ properties })).toBe('{\n  /** One *\\/ export const evil = 1 /* two */\n  a?: string\n}')
})

it('terminates for recursive schemas', () => {
  let schema: Record<string, unknown> = { type: 'string' }
  for (let level = 0; level < 5_000; level++) schema = { type: 'array', items: schema }
  expect(typeOf(schema)).toContain('unknown[]')
})
