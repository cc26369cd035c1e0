import type { z } from 'zod'

/** One thing that is wrong with a value: where, as the keys that lead to it, and what. */
export type Issue = { path: PropertyKey[]; message: string }

export type Parsed<T> = { success: true; data: T } | { success: false; issues: Issue[] }

const isPlainObject = (value: object): value is Record<string, unknown> => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Copies a value without the `length` and `size` keys of its objects. */
const withoutMeasures = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withoutMeasures)
  if (!isPlainObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'length' && key !== 'size')
      .map(([key, each]) => [key, withoutMeasures(each)]),
  )
}

/** The value at a path; undefined where there is none. */
const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | undefined | null)?.[key],
    value,
  )

/** One issue per fault: unknown keys point at the key, and a union reports its closest branch. */
const flatten = (issue: z.core.$ZodIssue, given: unknown, at: readonly PropertyKey[]): Issue[] => {
  const path = [...at, ...issue.path]
  const value = valueAt(given, issue.path)
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], message: 'unknown key' }))
  if (issue.code === 'invalid_union') {
    const closest = issue.errors.toSorted((a, b) => a.length - b.length)[0]
    if (closest) return closest.flatMap((inner) => flatten(inner, value, path))
  }
  return [
    { path, message: value === undefined && issue.code === 'invalid_type' ? missing(issue) : issue.message },
  ]
}

/** Keeps a message of the schema's own and replaces the validator's. */
const missing = ({ message }: z.core.$ZodIssue): string =>
  message.startsWith('Invalid input') ? 'is missing' : message

const attempt = <T>(schema: z.ZodType<T>, value: unknown): Parsed<T> => {
  const result = schema.safeParse(value)
  if (result.success) return { success: true, data: result.data }
  return { success: false, issues: result.error.issues.flatMap((issue) => flatten(issue, value, [])) }
}

const ROOT: Parsed<never> = { success: false, issues: [{ path: [], message: 'cannot be validated' }] }

/**
 * Validates a value from outside or from storage. Never throws, unlike `safeParse`: zod 4.6 reads `length` and `size` of
 * values of the wrong type, so `{ "length": { "toString": 1 } }` makes it throw. Such a value is validated again without
 * these keys, so that the issue still has its path; if that does not help, there is one issue at the root.
 */
export const parse = <Schema extends z.ZodType>(schema: Schema, value: unknown): Parsed<z.output<Schema>> => {
  try {
    return attempt(schema as z.ZodType<z.output<Schema>>, value)
  } catch {
    try {
      const again = attempt(schema as z.ZodType<z.output<Schema>>, withoutMeasures(value))
      return again.success ? ROOT : again
    } catch {
      return ROOT
    }
  }
}
