import fc from 'fast-check'
import { z } from 'zod'
import { hostileText } from './values.ts'

/** The subset of JSON Schema that zod generates. */
type Schema = {
  type?: string
  const?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  $ref?: string
  $defs?: Record<string, Schema>
  properties?: Record<string, Schema>
  required?: string[]
  propertyNames?: Schema
  additionalProperties?: Schema | boolean
  items?: Schema | false
  prefixItems?: Schema[]
  minItems?: number
  maxItems?: number
  pattern?: string
  format?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
}

const FORMATS: Record<string, fc.Arbitrary<string>> = {
  email: fc.constantFrom('ada@example.com', 'grace.hopper+x@mail.example'),
  uri: fc.constantFrom('https://hooks.example.com/a', 'https://example.com/?a=b#c'),
  uuid: fc.constantFrom('019a0000-0000-7000-8000-000000000001', '019b0000-0000-7000-8000-00000000000a'),
  'date-time': fc.constantFrom(
    '2026-01-31T09:00:00Z',
    '2026-01-31T09:00:00+01:00',
    '1999-12-31T23:59:59.999Z',
  ),
}

const links = fc.constantFrom('https://example.com/a?b=c#d', '/posts/7', '/ünï ö', 'mailto:ada@example.com')
const later = fc.constantFrom('2020-01-31T09:00:00Z', new Date(Date.now() + 86_400_000).toISOString())

/** Texts for rules that JSON Schema cannot express. */
const BY_NAME: Record<string, fc.Arbitrary<string> | undefined> = {
  url: fc.constantFrom('https://example.com/hook', '/posts/7'),
  image: links,
  avatar: links,
  endpoint: fc.constant('https://fcm.googleapis.com/fcm/send/x'),
  p256dh: fc.constant(`B${'A'.repeat(86)}`),
  auth: fc.constant('A'.repeat(22)),
  timezone: fc.constantFrom('Europe/Lisbon', 'UTC'),
  locale: fc.constantFrom('pt-BR', 'de'),
  deliverAt: later,
  local: fc.constant('2026-12-01T09:00'),
  offset: fc.constant('-PT30M'),
  expiresAt: later,
  snoozedUntil: later,
}

/** fast-check generates strings for simple expressions only. */
const matching = (pattern: string): fc.Arbitrary<string> => {
  try {
    return fc.stringMatching(new RegExp(pattern), { maxLength: 200 })
  } catch {
    return fc.constantFrom('ada', '+351912345678', 'a.b', '/posts/7', 'https://example.com/')
  }
}

const text = ({ format, pattern, minLength = 0, maxLength = 60 }: Schema): fc.Arbitrary<string> => {
  const known = format === undefined ? undefined : FORMATS[format]
  if (known) return known
  if (pattern !== undefined) return matching(pattern)
  const limit = Math.min(maxLength, minLength + 60)
  return fc.oneof(
    fc.string({ minLength, maxLength: limit }),
    hostileText.map((hostile) => hostile.slice(0, maxLength).padEnd(minLength, 'x')),
  )
}

const number = ({ type, minimum, exclusiveMinimum, maximum }: Schema): fc.Arbitrary<number> => {
  const min = Math.max(minimum ?? exclusiveMinimum ?? -1_000, -1_000_000)
  const max = Math.min(maximum ?? 1_000_000, 1_000_000)
  return type === 'integer' ? fc.integer({ min: Math.ceil(min), max }) : fc.double({ min, max, noNaN: true })
}

const object = (schema: Schema, read: (schema: Schema) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => {
  const { properties = {}, required = [], additionalProperties, propertyNames } = schema
  const known = fc.record(
    Object.fromEntries(
      Object.entries(properties).map(([key, each]) => [
        key,
        each.type === 'string' && BY_NAME[key] ? BY_NAME[key] : read(each),
      ]),
    ),
    { requiredKeys: required.filter((key) => key in properties), noNullPrototype: true },
  )
  if (typeof additionalProperties !== 'object') return known
  const names = propertyNames ? read(propertyNames).map(String) : fc.string({ maxLength: 10 })
  return fc
    .tuple(known, fc.dictionary(names, read(additionalProperties), { maxKeys: 3, noNullPrototype: true }))
    .map(([fixed, more]) => ({ ...more, ...fixed }))
}

/** Values that match a JSON Schema, except for rules that it cannot express. */
const valuesOf = (root: Schema): fc.Arbitrary<unknown> => {
  const read = (schema: Schema, depth: number): fc.Arbitrary<unknown> => {
    const inner = (each: Schema) => read(each, depth + 1)
    if (schema.$ref !== undefined) {
      const found = schema.$ref === '#' ? root : root.$defs?.[schema.$ref.replace('#/$defs/', '')]
      return found && depth < 4 ? inner(found) : fc.constant('leaf')
    }
    const choices = schema.anyOf ?? schema.oneOf
    if (choices) return fc.oneof(...choices.map(inner))
    if (schema.allOf) return fc.tuple(...schema.allOf.map(inner)).map((parts) => Object.assign({}, ...parts))
    if (schema.enum) return fc.constantFrom(...schema.enum)
    if ('const' in schema) return fc.constant(schema.const)
    switch (schema.type) {
      case 'string':
        return text(schema)
      case 'number':
      case 'integer':
        return number(schema)
      case 'boolean':
        return fc.boolean()
      case 'null':
        return fc.constant(null)
      case 'array':
        if (schema.prefixItems) return fc.tuple(...schema.prefixItems.map(inner))
        return fc.array(inner(schema.items || {}), {
          minLength: schema.minItems ?? 0,
          maxLength: Math.min(schema.maxItems ?? 4, (schema.minItems ?? 0) + 3),
        })
      case 'object':
        return object(schema, inner)
      default:
        return fc.jsonValue({ maxDepth: 1 })
    }
  }
  return read(root, 0)
}

/** Values that a zod schema accepts as input, except for rules that JSON Schema cannot express. */
export const validValues = (schema: z.ZodType): fc.Arbitrary<unknown> =>
  valuesOf(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema)
