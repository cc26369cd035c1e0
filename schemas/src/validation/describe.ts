import { type Any, alternatives, defOf } from './alternatives.ts'
import { NAMES } from './names.ts'

const isRequired = (schema: Any) => schema._zod.optin === undefined
const SHOWN_KEYS = 3

const memberOf = (key: string, schema: Any): string => {
  const def = defOf(schema)
  return def.type === 'literal'
    ? `${key}: ${def.values.map((value) => JSON.stringify(value)).join(' | ')}`
    : key
}

/** Names an object by its required keys, or by its first ones if no key is required: `{user, …}`. */
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

/** Joins words: `a, b or c`. */
export const listed = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`

/** Describes the values that some alternatives accept: `a user id, {user, …}, {topic} or a list of these`. */
export const shapesOf = (schemas: readonly Any[]): string =>
  listed([...new Set(schemas.map((each) => nameOf(each, schemas)))])

/**
 * Reports whether alternatives differ in kind. The issue itself distinguishes objects from objects, and enums
 * from enums.
 */
export const differ = (schemas: readonly Any[]): boolean =>
  new Set(schemas.map((each) => nameOf(each, schemas))).size > 1 &&
  !schemas.every((each) => defOf(each).type === 'object' || each._zod.values !== undefined)
