import { describe, expect, test } from 'vitest'
import { prepareDataSchema } from './data-schema.ts'
import { SchemaError } from './schema-error.ts'

const fault = (schema: Record<string, unknown>, data: unknown) => prepareDataSchema(schema)(data)

const order = {
  type: 'object',
  required: ['number'],
  additionalProperties: false,
  properties: {
    number: { type: 'string', pattern: '^A-\\d+$' },
    at: { type: 'string', format: 'date-time' },
    items: { type: 'array', items: { $ref: '#/$defs/item' } },
  },
  $defs: { item: { type: 'object', required: ['price'], properties: { price: { type: 'number' } } } },
}

describe('data', () => {
  test('that fits has no fault', () => {
    expect(fault(order, { number: 'A-7', at: '2026-01-31T09:00:00Z', items: [{ price: 1 }] })).toBeUndefined()
  })

  test.each([
    [{}, '/number', 'is required'],
    [{ number: 7 }, '/number', 'must be string'],
    [{ number: 'B-7' }, '/number', 'must match pattern "^A-\\d+$"'],
    [{ number: 'A-7', at: 'noon' }, '/at', 'must match format "date-time"'],
    [{ number: 'A-7', items: [{}] }, '/items/0/price', 'is required'],
    [{ number: 'A-7', 'a/b~c': 1 }, '/a~1b~0c', 'is not a property of the schema'],
  ])('%j has a fault at its pointer', (data, pointer, message) => {
    expect(fault(order, data)).toEqual({ pointer, message })
  })

  test.each(['constructor', 'toString', '__proto__'])('has the property %s only if it is its own', (name) => {
    const schema = { type: 'object', required: [name] }
    expect(fault(schema, {})).toEqual({ pointer: `/${name}`, message: 'is required' })
    expect(fault(schema, JSON.parse(`{"${name}":1}`))).toBeUndefined()
  })

  test('a schema that says draft-07 is read as such', () => {
    const tuple = { items: [{ type: 'string' }, { type: 'number' }] }
    const $schema = 'http://json-schema.org/draft-07/schema#'
    expect(fault({ $schema, ...tuple }, ['a', 'b'])?.pointer).toBe('/1')
    expect(() => prepareDataSchema(tuple)).toThrow(SchemaError)
  })
})

const refusal = (schema: Record<string, unknown>) => {
  try {
    prepareDataSchema(schema)
  } catch (error) {
    if (error instanceof SchemaError) return `${error.pointer}: ${error.message}`
    throw error
  }
  return undefined
}

const doubling = Object.fromEntries(
  Array.from({ length: 30 }, (_, index) => [
    `d${index}`,
    index === 29 ? {} : { allOf: [{ $ref: `#/$defs/d${index + 1}` }, { $ref: `#/$defs/d${index + 1}` }] },
  ]),
)

describe('a schema is refused, with its pointer,', () => {
  test.each<[string, Record<string, unknown>, string]>([
    [
      'with a remote reference',
      { $ref: 'https://example.com/s' },
      '/$ref: must be a JSON Pointer into the same schema',
    ],
    ['with a dangling reference', { $ref: '#/$defs/x' }, '/$ref: there is no schema at #/$defs/x'],
    ['with a reference that is encoded wrongly', { $ref: '#/%zz' }, '/$ref: there is no schema at #/%zz'],
    ['that is asynchronous', { $async: true, type: 'object' }, '/$async: is not supported'],
    [
      'that refers to itself',
      { properties: { child: { $ref: '#' } } },
      '/properties/child/$ref: must not refer to itself',
    ],
    ['that refers to itself at once', { $ref: '#' }, '/$ref: must not refer to itself'],
    [
      'whose references double thirty times',
      { $ref: '#/$defs/d0', $defs: doubling },
      'must have at most 500 subschemas',
    ],
    [
      'with 10,000 properties',
      { properties: Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`p${i}`, {}])) },
      'must have at most 500 subschemas',
    ],
    [
      'with a backreference',
      { properties: { a: { pattern: '(a)\\1' } } },
      '/properties/a/pattern: is not supported',
    ],
    ['with an unknown type', { properties: { a: { type: 'text' } } }, '/properties/a/type: '],
    ['with an unknown word', { properties: { a: { patern: 'x' } } }, 'unknown keyword: "patern"'],
    ['with an unknown format', { format: 'colour' }, 'unknown format "colour"'],
    ['with unbounded unique items', { uniqueItems: true }, '/uniqueItems: needs a maxItems of at most 1000'],
    [
      'of another draft',
      { $schema: 'http://json-schema.org/draft-04/schema#' },
      '/$schema: must be draft 2020-12 or draft-07',
    ],
  ])('%s', (_, schema, message) => expect(refusal(schema)).toContain(message))
})

test('equal schemas are compiled once', () => {
  const schema = () => ({ type: 'object', properties: { once: { type: 'string' } } })
  expect(prepareDataSchema(schema())).toBe(prepareDataSchema(schema()))
})

test('a schema as large as may be is usable', () => {
  const properties = Object.fromEntries(
    Array.from({ length: 499 }, (_, i) => [`p${i}`, { type: 'string', format: 'date' }]),
  )
  expect(prepareDataSchema({ type: 'object', properties })({ p498: 'x' })?.pointer).toBe('/p498')
})

test('a hostile pattern takes linear time', () => {
  const validate = prepareDataSchema({ type: 'string', pattern: '^(a+)+$' })
  // JavaScript's own engine would not come to an end.
  expect(validate(`${'a'.repeat(20_000)}!`)).toBeDefined()
})
