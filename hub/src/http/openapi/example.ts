import type { z } from 'zod'

/** The first example in the metadata of a schema; undefined if there is none. */
export const exampleOf = (schema: z.ZodType): unknown =>
  (schema.meta()?.examples as readonly unknown[] | undefined)?.[0]
