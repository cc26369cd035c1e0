import type { z } from 'zod'
import { NAMES } from './names.ts'

export type Any = z.core.$ZodType
type Def = z.core.$ZodTypes['_zod']['def']

export const defOf = (schema: Any): Def => (schema as z.core.$ZodTypes)._zod.def

/** The members of a discriminated union that a value's discriminator names; all of them if it names none. */
const membersFor = (def: z.core.$ZodDiscriminatedUnionDef, value: unknown): readonly Any[] => {
  const given = memberAt(value, def.discriminator)
  const fitting = def.options.filter((option) => {
    const member = defOf(option)
    if (member.type !== 'object') return false
    return member.shape[def.discriminator]?._zod.values?.has(given as z.core.util.Primitive)
  })
  return fitting.length > 0 ? fitting : def.options
}

/** An own member of an object or list; undefined for anything else. */
export const memberAt = (value: unknown, key: PropertyKey): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<PropertyKey, unknown>)[key]
    : undefined

/** The alternatives of a schema for a value: itself, or the members of a union, through every wrapper. */
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

/** The schemas that a key of an object, list or record is read with. */
const inside = (schema: Any, key: PropertyKey): Any[] => {
  const def = defOf(schema)
  if (def.type === 'array') return typeof key === 'number' ? [def.element] : []
  if (def.type === 'record') return [def.valueType]
  if (def.type !== 'object' || !Object.hasOwn(def.shape, key)) return []
  return [def.shape[key as string] as Any]
}

/**
 * What a schema takes at a path: one alternative, several for a union, none for an unknown key. The value decides between
 * the members of a discriminated union.
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

/** The keys that the objects among some alternatives have. */
export const keysOf = (schemas: readonly Any[]): string[] => [
  ...new Set(
    schemas.flatMap((schema) => {
      const def = defOf(schema)
      return def.type === 'object' ? Object.keys(def.shape) : []
    }),
  ),
]
