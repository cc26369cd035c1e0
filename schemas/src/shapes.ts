import type { z } from 'zod'

/**
 * Names of string schemas that have a meaning of their own, such as `a user id`, for messages that list what a union
 * takes.
 */
const NAMES = new WeakMap<object, string>()

/** Names a schema for messages: `a user id`. Returns the schema. Call it last: every other method returns a copy. */
export const named = <Schema extends z.ZodType>(schema: Schema, name: string): Schema => {
  NAMES.set(schema, name)
  return schema
}

/** The name that `named` gave a schema. */
export const ownName = (schema: object | undefined): string | undefined => schema && NAMES.get(schema)

type Any = z.core.$ZodType
type Def = z.core.$ZodTypes['_zod']['def']

const defOf = (schema: Any): Def => (schema as z.core.$ZodTypes)._zod.def

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
const alternatives = (schema: Any, value: unknown): Any[] => {
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

const isRequired = (schema: Any) => schema._zod.optin === undefined
const SHOWN_KEYS = 3

const memberOf = (key: string, schema: Any): string => {
  const def = defOf(schema)
  return def.type === 'literal'
    ? `${key}: ${def.values.map((value) => JSON.stringify(value)).join(' | ')}`
    : key
}

/** An object by its required keys, or by its first ones when none is: `{user, …}`. */
const nameOfObject = (shape: Readonly<Record<string, Any>>): string => {
  const entries = Object.entries(shape)
  const required = entries.filter(([, schema]) => isRequired(schema))
  const shown = required.length > 0 ? required : entries.slice(0, SHOWN_KEYS)
  const more = shown.length < entries.length ? ['…'] : []
  return `{${[...shown.map(([key, schema]) => memberOf(key, schema)), ...more].join(', ')}}`
}

const nameOf = (schema: Any, siblings: readonly Any[]): string => {
  const name = NAMES.get(schema)
  if (name !== undefined) return name
  const def = defOf(schema)
  switch (def.type) {
    case 'object':
      return nameOfObject(def.shape)
    case 'array': {
      const members = alternatives(def.element, undefined)
      return members.every((member) => siblings.includes(member)) ? 'a list of these' : 'a list'
    }
    case 'literal':
      return def.values.map((value) => JSON.stringify(value)).join(' or ')
    case 'enum':
      return listed(Object.values(def.entries).map(String))
    case 'record':
      return 'an object'
    case 'boolean':
      return 'true or false'
    case 'null':
      return 'null'
    case 'unknown':
      return 'any JSON value'
    case 'number':
      return 'a number'
    default:
      return def.type === 'string' ? 'a string' : def.type
  }
}

/** Joins words as a sentence does: `a, b or c`. */
export const listed = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`

/** What some alternatives take, in words: `a user id, {user, …}, {topic} or a list of these`. */
export const shapesOf = (schemas: readonly Any[]): string =>
  listed([...new Set(schemas.map((each) => nameOf(each, schemas)))])

/** Whether alternatives differ in kind: objects among themselves, or enums, are told apart by the issue itself. */
export const differ = (schemas: readonly Any[]): boolean =>
  new Set(schemas.map((each) => nameOf(each, schemas))).size > 1 &&
  !schemas.every((each) => defOf(each).type === 'object' || each._zod.values !== undefined)
