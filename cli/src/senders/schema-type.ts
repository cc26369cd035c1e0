import { pathOf } from '@carillon/core/json/pointer'
import { isJsonObject } from '@carillon/schemas'

type JsonSchema = Record<string, unknown>

/** Deeper values are `unknown`, and so are schemas that refer to themselves. */
const DEPTH_MAX = 16

const PLAIN: Record<string, string> = {
  string: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  null: 'null',
}

/** Returns the description of a schema as a comment. The text cannot end the comment. */
export const asComment = (schema: unknown, indent = ''): string => {
  const text = isJsonObject(schema) ? schema.description : undefined
  return typeof text === 'string' && text !== ''
    ? `${indent}/** ${text.replaceAll(/\s+/g, ' ').replaceAll('*/', '*\\/')} */\n`
    : ''
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/

const nameOf = (key: string) => (IDENTIFIER.test(key) ? key : JSON.stringify(key))

/** Returns the union of types. */
const union = (types: readonly string[]): string => {
  const distinct = [...new Set(types)]
  if (distinct.includes('unknown') || distinct.length === 0) return 'unknown'
  return distinct.join(' | ')
}

const inParentheses = (type: string) => (/^[\w.$"]+$|^\{[^|&]*\}$/.test(type) ? type : `(${type})`)

const intersection = (types: readonly string[]): string => {
  const known = [...new Set(types)].filter((type) => type !== 'unknown')
  if (known.length === 0) return 'unknown'
  return known.length === 1 ? (known[0] as string) : known.map(inParentheses).join(' & ')
}

const isOfObjects = ({ type, properties, required, additionalProperties }: JsonSchema) =>
  type === 'object' || [properties, required, additionalProperties].some((word) => word !== undefined)

type Place = {
  depth?: number
  /** The references that led here. */
  via?: readonly string[]
  /** Returns the name of a type that stands for a reference. */
  name?: ((reference: string) => string | undefined) | undefined
}

/**
 * Returns the TypeScript type of the values of a JSON Schema, whose references point into `root`. It covers objects, lists,
 * unions and constants. The hub checks what TypeScript cannot express, such as lengths and patterns. Unsupported schemas are
 * `unknown`. An object has further keys only if `additionalProperties` allows them, because most others are misspelt.
 */
export const typeOf = (
  root: JsonSchema,
  schema: unknown = root,
  { depth = 0, via = [], name }: Place = {},
): string => {
  const inner = (each: unknown) => typeOf(root, each, { depth: depth + 1, via, name })
  const referred = (reference: string) => {
    const known = name?.(reference)
    if (known !== undefined) return known
    if (via.includes(reference)) return 'unknown'
    return typeOf(root, target(root, reference), { depth: depth + 1, via: [...via, reference], name })
  }
  const indent = '  '.repeat(depth + 1)

  const member = (key: string, each: unknown, required: boolean) =>
    `${asComment(each, indent)}${indent}${nameOf(key)}${required ? '' : '?'}: ${inner(each)}\n`

  const objectType = ({ properties, required, additionalProperties }: JsonSchema): string => {
    const known = isJsonObject(properties) ? properties : {}
    const needed = new Set(Array.isArray(required) ? (required as string[]) : [])
    const extra = [...needed].filter((key) => !Object.hasOwn(known, key))
    const members = [
      ...Object.entries(known).map(([key, each]) => member(key, each, needed.has(key))),
      ...extra.map((key) => member(key, true, true)),
    ]
    if (members.length === 0)
      return isJsonObject(additionalProperties)
        ? `Record<string, ${inner(additionalProperties)}>`
        : `Record<string, ${additionalProperties === false ? 'never' : 'unknown'}>`
    // An index signature has to fit every member, whatever its type.
    const open =
      additionalProperties === true || isJsonObject(additionalProperties)
        ? `${indent}[key: string]: unknown\n`
        : ''
    return `{\n${members.join('')}${open}${'  '.repeat(depth)}}`
  }

  const listType = ({ items, prefixItems }: JsonSchema): string => {
    if (Array.isArray(prefixItems)) {
      const rest = items === false ? '' : `, ...${inParentheses(inner(items ?? true))}[]`
      return `[${prefixItems.map((each) => `(${inner(each)})?`).join(', ')}${rest}]`
    }
    return `${inParentheses(inner(items ?? true))}[]`
  }

  const ofKind = (kind: unknown, own: JsonSchema): string => {
    if (kind === 'object') return objectType(own)
    if (kind === 'array') return listType(own)
    return PLAIN[String(kind)] ?? 'unknown'
  }

  const ownType = (own: JsonSchema): string => {
    if ('const' in own) return JSON.stringify(own.const)
    if (Array.isArray(own.enum)) return union(own.enum.map((value) => JSON.stringify(value)))
    if (Array.isArray(own.type)) return union(own.type.map((kind) => ofKind(kind, own)))
    if (own.type !== undefined) return ofKind(own.type, own)
    return isOfObjects(own) ? objectType(own) : 'unknown'
  }

  if (schema === false) return 'never'
  if (!isJsonObject(schema) || depth > DEPTH_MAX) return 'unknown'
  const alternatives = [schema.anyOf, schema.oneOf].filter(Array.isArray)
  const all = Array.isArray(schema.allOf) ? schema.allOf : []
  return intersection([
    ...(typeof schema.$ref === 'string' ? [referred(schema.$ref)] : []),
    ownType(schema),
    ...alternatives.map((list) => union(list.map(inner))),
    ...all.map(inner),
  ])
}

/** Resolves a reference within the schema. Returns undefined for any other reference. */
const target = (root: JsonSchema, reference: string): unknown => {
  if (!reference.startsWith('#')) return undefined
  try {
    return pathOf(decodeURIComponent(reference.slice(1))).reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, key)
          ? (value as JsonSchema)[key]
          : undefined,
      root,
    )
  } catch {
    return undefined
  }
}
