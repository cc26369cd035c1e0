import type { z } from 'zod'
import { readJson } from '../json/json.ts'

/** Thrown for a row that its schema does not read. It is a fault of the installation, not of the request. */
export class DamagedRowError extends Error {
  override name = 'DamagedRowError'
}

/** Returns stored JSON as its schema reads it. Throws DamagedRowError; `what` names the row, without its content. */
export const stored = <T>(schema: z.ZodType<T>, text: string, what: string): T => {
  const value = readJson(text, schema)
  if (value === undefined) throw new DamagedRowError(`${what} is damaged in the store`)
  return value
}
