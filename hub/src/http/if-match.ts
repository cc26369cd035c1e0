import { ProblemError } from '@carillon/core/errors'
import { z } from 'zod'

const TAGS = /"([\x21\x23-\x7e]*)"/g

/** The header of a conditional write. */
export const IfMatch = z.object({
  'if-match': z
    .string()
    .optional()
    .describe('The `ETag` of what is replaced. If it has changed since, the answer is `precondition_failed`'),
})

/** Quotes a tag for `ETag`. */
export const etag = (tag: string): string => `"${tag}"`

/**
 * Checks `If-Match` against the tag of what would be replaced, undefined if there is nothing. Throws `precondition_failed`
 * if it does not match. Returns whether the write is conditional.
 */
export const checkIfMatch = (header: string | undefined, current: string | undefined): boolean => {
  if (header === undefined) return false
  const matches = header.trim() === '*' || [...header.matchAll(TAGS)].some(([, tag]) => tag === current)
  if (current === undefined || !matches) throw hasChanged()
  return true
}

export const hasChanged = (): ProblemError =>
  new ProblemError('precondition_failed', 'it has changed since this ETag was read: read it again')
