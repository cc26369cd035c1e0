import type { z } from 'zod'

/**
 * Names of schemas for messages, such as `a user id` for a string schema.
 */
export const NAMES = new WeakMap<object, string>()

/** Names a schema for messages, and returns it. Call it last, because other methods of a schema return a copy. */
export const named = <Schema extends z.ZodType>(schema: Schema, name: string): Schema => {
  NAMES.set(schema, name)
  return schema
}

/** Returns the name that `named` gave a schema. */
export const ownName = (schema: object | undefined): string | undefined => schema && NAMES.get(schema)
