import type { z } from 'zod'

/** Returns the first example in the metadata of a schema; undefined if it has no example. */
export const exampleOf = (schema: z.ZodType): unknown =>
  (schema.meta()?.examples as readonly unknown[] | undefined)?.[0]
