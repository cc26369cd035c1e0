import type { z } from 'zod'
import { readJson } from '../../json/json.ts'

/** Thrown if a stored row does not match its schema. The stored data is at fault, not the request. */
class DamagedRowError extends Error {
  override name = 'DamagedRowError'
}

/** Parses stored JSON with its schema. Throws DamagedRowError; `what` names the row without its content. */
export const stored = <T>(schema: z.ZodType<T>, text: string, what: string): T => {
  const value = readJson(text, schema)
  if (value === undefined) throw new DamagedRowError(`${what} is damaged in the store`)
  return value
}
