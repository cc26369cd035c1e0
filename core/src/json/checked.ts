import { type Issue, invalid, parse, problemDetails } from '@carillon/schemas'
import type { z } from 'zod'
import { ProblemError } from '../errors.ts'

/** Returns an `invalid_request` with a pointer to each issue. `what` names the value. */
export const invalidRequest = (issues: readonly Issue[], what: string): ProblemError => {
  const errors = problemDetails(issues)
  return new ProblemError('invalid_request', invalid(`the ${what}`, errors), { errors })
}

/** Parses a value with a schema. Throws `invalid_request` with a pointer to each issue. `what` names the value. */
export const checked = <Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  what: string,
): z.output<Schema> => {
  const parsed = parse(schema, value)
  if (parsed.success) return parsed.data
  throw invalidRequest(parsed.issues, what)
}
