import type { z } from 'zod'
import { explain, type Issue } from './explain.ts'
import { words } from './messages.ts'

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

const attempt = <T>(schema: z.ZodType<T>, value: unknown): Parsed<T> => {
  const result = schema.safeParse(value, { error: words })
  if (result.success) return { success: true, data: result.data }
  return { success: false, issues: explain(result.error.issues, schema, value) }
}

const ROOT: Parsed<never> = { success: false, issues: [{ path: [], message: 'cannot be validated' }] }

/**
 * Validates a value. Never throws, unlike `safeParse`: zod 4.6 reads `length` and `size` of values of the wrong type, so
 * `{ "length": { "toString": 1 } }` makes it throw. Such a value is validated again without these keys, so that the issue
 * has its path. If that throws too, there is one issue at the root.
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
