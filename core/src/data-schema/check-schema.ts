import { isJsonObject } from '@carillon/schemas'
import { escapeKey } from '../json/pointer.ts'
import { linearPattern } from './linear-pattern.ts'
import { SchemaError } from './schema-error.ts'

/**
 * The most subschemas, counting those behind a `$ref` each time it is used. It bounds the time of a validation, and of
 * compiling the schema, which blocks the process: 500 take 0.1 to 0.6 s. With 2,000, the compiled function overflowed the
 * stack.
 */
const SUBSCHEMAS_MAX = 500
/** The deepest nesting. */
const DEPTH_MAX = 64
/** `uniqueItems` compares every pair of entries, so it needs a `maxItems` up to this. */
const UNIQUE_ITEMS_MAX = 1_000

const ONE = [
  'not',
  'if',
  'then',
  'else',
  'items',
  'additionalItems',
  'additionalProperties',
  'contains',
  'propertyNames',
  'unevaluatedItems',
  'unevaluatedProperties',
]
const LIST = ['allOf', 'anyOf', 'oneOf', 'prefixItems', 'items']
const MAP = ['properties', 'patternProperties', 'dependentSchemas', 'dependencies']
/** Dynamic references cannot be checked here. `$async` is an Ajv keyword; its promise would pass as valid. */
const UNSUPPORTED = ['$dynamicRef', '$recursiveRef', '$async']

type Schema = Record<string, unknown>

/** Decodes a key of a JSON Pointer in a URI fragment; undefined if its percent-encoding is invalid. */
const unescaped = (key: string): string | undefined => {
  try {
    return decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    return undefined
  }
}

/** The subschemas of a schema, with their pointers; those of `$defs` only count where they are used. */
function* subschemas(schema: Schema, pointer: string): Generator<[Schema, string]> {
  for (const word of ONE) {
    const value = schema[word]
    if (isJsonObject(value)) yield [value, `${pointer}/${word}`]
  }
  for (const word of LIST) {
    const value = schema[word]
    if (!Array.isArray(value)) continue
    for (const [index, each] of value.entries())
      if (isJsonObject(each)) yield [each, `${pointer}/${word}/${index}`]
  }
  for (const word of MAP) {
    const value = schema[word]
    if (!isJsonObject(value)) continue
    for (const [key, each] of Object.entries(value))
      if (isJsonObject(each)) yield [each, `${pointer}/${word}/${escapeKey(key)}`]
  }
}

/** Returns the schema that a reference names, and its pointer. Throws `SchemaError` if there is none. */
export const referenced = (root: Schema, ref: unknown, pointer: string): [Schema, string] => {
  if (typeof ref !== 'string' || !/^#(\/|$)/.test(ref))
    throw new SchemaError('must be a JSON Pointer into the same schema, such as #/$defs/address', pointer)
  let here: unknown = root
  for (const key of ref.split('/').slice(1)) {
    const name = unescaped(key)
    here =
      name !== undefined && typeof here === 'object' && here !== null && Object.hasOwn(here, name)
        ? (here as Schema)[name]
        : undefined
  }
  if (!isJsonObject(here)) throw new SchemaError(`there is no schema at ${ref}`, pointer)
  return [here, ref.slice(1)]
}

const checkPattern = (pattern: unknown, pointer: string) => {
  if (typeof pattern !== 'string') return
  try {
    linearPattern(pattern)
  } catch (error) {
    throw new SchemaError(`is not supported: ${error instanceof Error ? error.message : error}`, pointer)
  }
}

const checkWords = (schema: Schema, pointer: string) => {
  for (const word of UNSUPPORTED)
    if (word in schema) throw new SchemaError('is not supported', `${pointer}/${word}`)
  if (schema.$id !== undefined || schema.$anchor !== undefined)
    throw new SchemaError('is not supported', `${pointer}/${schema.$id === undefined ? '$anchor' : '$id'}`)
  checkPattern(schema.pattern, `${pointer}/pattern`)
  if (isJsonObject(schema.patternProperties))
    for (const pattern of Object.keys(schema.patternProperties))
      checkPattern(pattern, `${pointer}/patternProperties/${escapeKey(pattern)}`)
  const { uniqueItems, maxItems } = schema
  if (uniqueItems === true && !(typeof maxItems === 'number' && maxItems <= UNIQUE_ITEMS_MAX))
    throw new SchemaError(`needs a maxItems of at most ${UNIQUE_ITEMS_MAX}`, `${pointer}/uniqueItems`)
}

/**
 * Checks that validating with a schema takes a bounded time, and reads nothing else. Throws `SchemaError` for a reference
 * to another document or in a circle, a pattern that RE2 does not support, and a schema with more than SUBSCHEMAS_MAX
 * subschemas.
 */
export const checkSchema = (root: Schema): void => {
  const sizes = new Map<Schema, number>()
  const open = new Set<Schema>()
  const sizeOf = (schema: Schema, pointer: string, depth: number): number => {
    const known = sizes.get(schema)
    if (known !== undefined) return known
    if (depth > DEPTH_MAX) throw new SchemaError(`must not be nested deeper than ${DEPTH_MAX}`, pointer)
    open.add(schema)
    checkWords(schema, pointer)
    let size = 1
    const add = (inner: Schema, at: string) => {
      size += sizeOf(inner, at, depth + 1)
      if (size > SUBSCHEMAS_MAX) throw new SchemaError(`must have at most ${SUBSCHEMAS_MAX} subschemas`, '')
    }
    for (const [inner, at] of subschemas(schema, pointer)) add(inner, at)
    if (schema.$ref !== undefined) {
      const [target, at] = referenced(root, schema.$ref, `${pointer}/$ref`)
      if (open.has(target)) throw new SchemaError('must not refer to itself', `${pointer}/$ref`)
      add(target, at)
    }
    open.delete(schema)
    sizes.set(schema, size)
    return size
  }
  sizeOf(root, '', 0)
  for (const word of ['$defs', 'definitions']) {
    const named = root[word]
    if (!isJsonObject(named)) continue
    for (const [key, each] of Object.entries(named))
      if (isJsonObject(each)) sizeOf(each, `/${word}/${escapeKey(key)}`, 0)
  }
}
