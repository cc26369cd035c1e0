import type { z } from 'zod'

/**
 * Names of string schemas that have a meaning of their own, such as `a user id`, for messages that list what a union
 * takes.
 */
export const NAMES = new WeakMap<object, string>()

/** Names a schema for messages: `a user id`. Returns the schema. Call it last: every other method returns a copy. */
export const named = <Schema extends z.ZodType>(schema: Schema, name: string): Schema => {
  NAMES.set(schema, name)
  return schema
}

/** The name that `named` gave a schema. */
export const ownName = (schema: object | undefined): string | undefined => schema && NAMES.get(schema)
