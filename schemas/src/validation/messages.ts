import type { z } from 'zod'
import { listed } from './describe.ts'
import { nearest } from './did-you-mean.ts'
import { ownName } from './names.ts'

const KINDS: Record<string, string> = {
  string: 'a string',
  number: 'a number',
  int: 'an integer',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object',
  record: 'an object',
}

/** Describes the kind of a JSON value. The content is never part of a message. */
export const kindOf = (value: unknown): string | undefined => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'number') return Number.isFinite(value) ? 'a number' : undefined
  return KINDS[typeof value]
}

const FORMATS: Record<string, string> = {
  email: 'an e-mail address',
  url: 'a URL',
  uuid: 'a UUID',
  e164: 'a phone number in E.164 format, such as +351912345678',
  datetime: 'a time in RFC 3339 format, such as 2026-01-31T09:00:00Z',
}

const UNITS: Record<string, string> = { string: 'characters', array: 'entries', object: 'keys' }

/** `at most 512 characters`, or `at most 5` for numbers. */
const bound = (
  { origin, inclusive, exact }: { origin: string; inclusive?: boolean; exact?: boolean },
  limit: unknown,
  [including, excluding]: readonly [string, string],
) => {
  const unit = UNITS[origin]
  if (unit !== undefined && limit === 1 && including === 'at least') return 'must not be empty'
  const words = exact ? 'exactly' : inclusive === false ? excluding : including
  return unit === undefined ? `must be ${words} ${limit}` : `must have ${words} ${limit} ${unit}`
}

export const choice = (input: unknown, values: readonly unknown[]): string => {
  const words = values.map((value) =>
    typeof value === 'string' && value !== '' ? value : JSON.stringify(value),
  )
  const known = listed(words)
  const options = values.length === 1 ? known : `one of ${known}`
  if (input === undefined) return `is missing: ${options}`
  const close = typeof input === 'string' && values.length > 1 ? nearest(input, words) : undefined
  return `must be ${options}${close === undefined ? '' : `; did you mean ${close}?`}`
}

/** A placeholder for `choice`, which is computed only for the issues that are reported. */
export const CHOICE = 'must be one of the known values'

const expectedBy = ({ inst, expected }: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidType>): string => {
  const format = inst && 'format' in inst._zod.def ? String(inst._zod.def.format) : ''
  return ownName(inst) ?? FORMATS[format] ?? KINDS[expected] ?? `of type ${expected}`
}

/**
 * Returns the message of an issue whose schema defines no message. It follows the place: `/title must be a
 * string`. Undefined selects zod's message.
 */
export const words: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type': {
      if (issue.input === undefined) return 'is missing'
      const kind = kindOf(issue.input)
      const expected = expectedBy(issue)
      return kind === undefined || kind === expected || issue.expected === 'int'
        ? `must be ${expected}`
        : `must be ${expected}, not ${kind}`
    }
    case 'invalid_value':
      return CHOICE
    case 'too_big':
      return bound(issue, issue.maximum, ['at most', 'less than'])
    case 'too_small':
      return bound(issue, issue.minimum, ['at least', 'more than'])
    case 'invalid_format':
      return FORMATS[issue.format] === undefined ? undefined : `must be ${FORMATS[issue.format]}`
    case 'invalid_union':
      return CHOICE
    default:
      return undefined
  }
}
