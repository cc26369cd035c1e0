import { ProblemError } from '@carillon/core/errors'
import { z } from 'zod'

/** One member of a list of entity tags; members may be empty (RFC 9110, sections 5.6.1 and 8.8.3). */
const MEMBER = /[\t ]*(?:(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[\t ]*)?(?:,|$)/y

/** Returns the strong tags of a list, none if it is malformed. */
const strongTags = (header: string): string[] => {
  const tags: string[] = []
  MEMBER.lastIndex = 0
  while (MEMBER.lastIndex < header.length) {
    const [member, weak, tag] = MEMBER.exec(header) ?? []
    if (member === undefined) return []
    if (tag !== undefined && weak === undefined) tags.push(tag)
  }
  return tags
}

/** The header of a conditional write. */
export const IfMatch = z.object({
  'if-match': z
    .string()
    .optional()
    .describe(
      'The expected `ETag` of the stored resource, or a list of them. If the resource has changed, the response is `precondition_failed`. `*`: the resource must exist. Weak tags never match',
    ),
})

/** Quotes a tag for `ETag`. */
export const etag = (tag: string): string => `"${tag}"`

/**
 * Checks `If-Match` against the tag of the stored resource, undefined if it does not exist, by strong comparison (RFC 9110,
 * section 13.1.1). Throws `precondition_failed` if it does not match. Returns whether the write is conditional: it must then
 * take effect only if the tag is still current.
 */
export const checkIfMatch = (header: string | undefined, current: string | undefined): boolean => {
  if (header === undefined) return false
  if (current === undefined) throw hasChanged()
  if (header.trim() !== '*' && !strongTags(header).includes(current)) throw hasChanged()
  return true
}

export const hasChanged = (): ProblemError =>
  new ProblemError('precondition_failed', 'the resource has changed since this ETag was read: read it again')
