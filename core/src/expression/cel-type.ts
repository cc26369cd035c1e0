import { isJsonObject } from '@carillon/schemas'

/** A JSON Schema, as far as types are read from it. */
export type DataSchema = Readonly<Record<string, unknown>>

/** A CEL type: its name, or the fields of a closed object. */
export type CelType = string | { [field: string]: CelType }

const SCALARS: Record<string, string> = {
  string: 'string',
  number: 'double',
  integer: 'double',
  boolean: 'bool',
}

/**
 * Returns the CEL type that a JSON Schema describes; `dyn` or `map` where it leaves the type open. Only an object that
 * allows no other properties is closed, so an expression is refused for a field only if no valid data can have it.
 */
export const celTypeOf = (schema: DataSchema): CelType => {
  const { type, properties, additionalProperties, items } = schema
  if (typeof type !== 'string') return 'dyn'
  if (type in SCALARS) return SCALARS[type] ?? 'dyn'
  if (type === 'array') {
    const inner = isJsonObject(items) ? celTypeOf(items) : 'dyn'
    return typeof inner === 'string' && inner !== 'dyn' ? `list<${inner}>` : 'list'
  }
  if (type !== 'object') return 'dyn'
  const isOpen = ['patternProperties', 'allOf', 'anyOf', 'oneOf', '$ref', 'if'].some((word) => word in schema)
  if (!isJsonObject(properties) || additionalProperties !== false || isOpen) return 'map'
  return Object.fromEntries(
    Object.entries(properties).map(([name, inner]) => [name, isJsonObject(inner) ? celTypeOf(inner) : 'dyn']),
  )
}
