import type { z } from 'zod'
import { NAMES } from './names.ts'

export type Any = z.core.$ZodType
type Def = z.core.$ZodTypes['_zod']['def']

export const defOf = (schema: Any): Def => (schema as z.core.$ZodTypes)._zod.def

/** Returns the members of a discriminated union that match the value's discriminator; all members if none does. */
const membersFor = (def: z.core.$ZodDiscriminatedUnionDef, value: unknown): readonly Any[] => {
  const given = memberAt(value, def.discriminator)
  const fitting = def.options.filter((option) => {
    const member = defOf(option)
    if (member.type !== 'object') return false
    return member.shape[def.discriminator]?._zod.values?.has(given as z.core.util.Primitive)
  })
  return fitting.length > 0 ? fitting : def.options
}

/** Returns an own member of an object or list; undefined for anything else. */
export const memberAt = (value: unknown, key: PropertyKey): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<PropertyKey, unknown>)[key]
    : undefined

/** Returns the alternatives of a schema for a value: the schema, or the members of a union. Unwraps optional and other wrappers. */
export const alternatives = (schema: Any, value: unknown): Any[] => {
  if (NAMES.has(schema)) return [schema]
  const def = defOf(schema)
  switch (def.type) {
    case 'union': {
      const options =
        'discriminator' in def ? membersFor(def as z.core.$ZodDiscriminatedUnionDef, value) : def.options
      return options.flatMap((option) => alternatives(option, value))
    }
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
      return alternatives(def.innerType, value)
    case 'pipe':
      return alternatives(def.in, value)
    default:
      return [schema]
  }
}

/** Returns the schemas of a key of an object, list or record. */
const inside = (schema: Any, key: PropertyKey): Any[] => {
  const def = defOf(schema)
  if (def.type === 'array') return typeof key === 'number' ? [def.element] : []
  if (def.type === 'record') return [def.valueType]
  if (def.type !== 'object' || !Object.hasOwn(def.shape, key)) return []
  return [def.shape[key as string] as Any]
}

/**
 * Returns the schemas that apply at a path: one, several for a union, none for an unknown key. The value selects the member
 * of a discriminated union.
 */
export const alternativesAt = (schema: Any, value: unknown, path: readonly PropertyKey[]): Any[] => {
  let found = alternatives(schema, value)
  let here = value
  for (const key of path) {
    here = memberAt(here, key)
    found = [
      ...new Set(found.flatMap((each) => inside(each, key)).flatMap((each) => alternatives(each, here))),
    ]
  }
  return found
}

/** Returns the keys of the object schemas among some alternatives. */
export const keysOf = (schemas: readonly Any[]): string[] => [
  ...new Set(
    schemas.flatMap((schema) => {
      const def = defOf(schema)
      return def.type === 'object' ? Object.keys(def.shape) : []
    }),
  ),
]
