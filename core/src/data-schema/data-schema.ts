import { Ajv, type ErrorObject } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { LRUCache } from 'lru-cache'
import { escapeKey } from '../json/pointer.ts'
import { checkSchema } from './check-schema.ts'
import { linearPattern } from './linear-pattern.ts'
import { SchemaError } from './schema-error.ts'

/** Why data does not fit its schema. `pointer` is a JSON Pointer (RFC 6901) into the data. */
type DataFault = { pointer: string; message: string }

/** Returns the first fault of some data; undefined if the data fits. */
export type DataSchema = (data: unknown) => DataFault | undefined

const DRAFT_7 = /^https?:\/\/json-schema\.org\/draft-07\/schema#?$/
const DRAFT_2020 = /^https:\/\/json-schema\.org\/draft\/2020-12\/schema#?$/

const OPTIONS = {
  strict: true,
  strictTypes: false,
  strictTuples: false,
  strictRequired: false,
  // `constructor` is a key of no data, unless the data has it.
  ownProperties: true,
  // Ajv's optimizer takes quadratic time, and V8 optimizes what is used often.
  code: { regExp: linearPattern, optimize: false },
  logger: false,
} as const

/** A version of JSON Schema. Both packages are CommonJS: the default export of `ajv-formats` is the module. */
const draftOf = (Validator: typeof Ajv | typeof Ajv2020) => {
  const create = (options: object) => addFormats.default(new Validator({ ...OPTIONS, ...options }))
  let meta: Ajv | undefined
  return {
    /** Returns the first error of a schema. Compiling the meta-schema takes 15 times as long as compiling a small schema. */
    errorOf: (schema: Record<string, unknown>): ErrorObject | undefined => {
      meta ??= create({})
      return meta.validateSchema(schema) ? undefined : (meta.errors?.[0] ?? undefined)
    },
    // A validator keeps what it has compiled, so each schema has its own.
    compile: (schema: Record<string, unknown>) =>
      create({ meta: false, validateSchema: false }).compile(schema),
  }
}

const draft2020 = draftOf(Ajv2020)
const draft7 = draftOf(Ajv)

const draftFor = ({ $schema }: Record<string, unknown>) => {
  if ($schema === undefined || (typeof $schema === 'string' && DRAFT_2020.test($schema))) return draft2020
  if (typeof $schema === 'string' && DRAFT_7.test($schema)) return draft7
  throw new SchemaError('must be draft 2020-12 or draft-07', '/$schema')
}

const faultOf = ({ instancePath, keyword, params, message = 'is not valid' }: ErrorObject): DataFault => {
  if (keyword === 'required')
    return { pointer: `${instancePath}/${escapeKey(String(params.missingProperty))}`, message: 'is required' }
  if (keyword === 'additionalProperties' || keyword === 'unevaluatedProperties') {
    const key = String(params.additionalProperty ?? params.unevaluatedProperty)
    return { pointer: `${instancePath}/${escapeKey(key)}`, message: 'is not a property of the schema' }
  }
  if (keyword === 'enum')
    return { pointer: instancePath, message: `must be one of ${JSON.stringify(params.allowedValues)}` }
  return { pointer: instancePath, message }
}

/** A schema is checked when its type is written, and used when a notification of the type comes. Types share schemas, too. */
const KEPT_MAX = 200
/** Characters of JSON. */
const SIZE_MAX = 2_000_000
const kept = new LRUCache<string, DataSchema>({
  ...{ max: KEPT_MAX, maxSize: SIZE_MAX },
  sizeCalculation: (_, text) => text.length,
})

/**
 * Prepares a JSON Schema of `data`: draft 2020-12, or draft-07 if it says so. `format` is checked, and `pattern` runs in
 * linear time. Throws `SchemaError`, with a pointer into the schema, if the schema is not valid, refers to another document
 * or to itself, or is too large.
 */
export const prepareDataSchema = (schema: Record<string, unknown>): DataSchema => {
  checkSchema(schema)
  const text = JSON.stringify(schema)
  const known = kept.get(text)
  if (known) return known
  const prepared = prepare(schema)
  kept.set(text, prepared)
  return prepared
}

const prepare = (schema: Record<string, unknown>): DataSchema => {
  const draft = draftFor(schema)
  const error = draft.errorOf(schema)
  if (error) throw new SchemaError(error.message ?? 'is not a JSON Schema', error.instancePath)
  const validate = compile(draft, schema)
  return (data) => {
    if (validate(data)) return undefined
    const [error] = validate.errors ?? []
    return error ? faultOf(error) : { pointer: '', message: 'is not valid' }
  }
}

const compile = (draft: ReturnType<typeof draftOf>, schema: Record<string, unknown>) => {
  try {
    return draft.compile(schema)
  } catch (error) {
    if (error instanceof SchemaError) throw error
    throw new SchemaError(error instanceof Error ? error.message : 'is not a JSON Schema', '')
  }
}
