import { Ajv, type ErrorObject } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
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
  code: { regExp: linearPattern },
  logger: false,
} as const

const validatorFor = (schema: Record<string, unknown>) => {
  const { $schema } = schema
  if ($schema === undefined || (typeof $schema === 'string' && DRAFT_2020.test($schema)))
    return new Ajv2020(OPTIONS)
  if (typeof $schema === 'string' && DRAFT_7.test($schema)) return new Ajv(OPTIONS)
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

/**
 * Prepares a JSON Schema of `data`: draft 2020-12, or draft-07 if it says so. `format` is checked, and `pattern` runs in
 * linear time. Throws `SchemaError`, with a pointer into the schema, if the schema is not valid, refers to another document
 * or to itself, or is too large.
 */
export const prepareDataSchema = (schema: Record<string, unknown>): DataSchema => {
  checkSchema(schema)
  const ajv = validatorFor(schema)
  // Both packages are CommonJS: the default export is the module.
  addFormats.default(ajv)
  if (!ajv.validateSchema(schema)) {
    const [error] = ajv.errors ?? []
    throw new SchemaError(error?.message ?? 'is not a JSON Schema', error?.instancePath ?? '')
  }
  const validate = compile(ajv, schema)
  return (data) => {
    if (validate(data)) return undefined
    const [error] = validate.errors ?? []
    return error ? faultOf(error) : { pointer: '', message: 'is not valid' }
  }
}

const compile = (ajv: Ajv, schema: Record<string, unknown>) => {
  try {
    return ajv.compile(schema)
  } catch (error) {
    if (error instanceof SchemaError) throw error
    throw new SchemaError(error instanceof Error ? error.message : 'is not a JSON Schema', '')
  }
}
