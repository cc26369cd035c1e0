import { cut } from '@carillon/schemas'

/** Why an expression has no value, for people. It names no value of the data: these may be personal. */
export type ExpressionFailure = { failure: string }

/** An error as the library reports it. `range`: the part of the expression at fault. */
type CelError = { code: string; summary: string; range?: { start: number; end: number } }

/** Errors whose messages name types, functions and operators only. Other messages may repeat values. */
const NAMES_NO_VALUE: ReadonlySet<string> = new Set([
  'no_such_overload',
  'no_matching_overload',
  'invalid_condition_type',
])
const NO_SUCH_KEY = 'No such key: '
const FAILURE_MAX = 200

/** Returns the missing key if the expression itself names it. A computed key is a value. */
const keyOf = (summary: string, part: string): string => {
  const key = summary.slice(NO_SUCH_KEY.length)
  const isNamed = part === key || part.endsWith(`["${key}"]`) || part.endsWith(`['${key}']`)
  return isNamed ? `: ${key}` : ''
}

/** Describes an error of an expression, at most 200 characters, with its position. */
export const failureText = ({ code, summary, range }: CelError, text: string): string => {
  const words = () => code.replaceAll('_', ' ')
  const said = () => {
    if (code === 'no_such_key') return `no such key${keyOf(summary, text.slice(range?.start, range?.end))}`
    return NAMES_NO_VALUE.has(code) ? summary : words()
  }
  return cut(range ? `character ${range.start + 1}: ${said()}` : said(), FAILURE_MAX)
}

/** Describes a value that is not a boolean, by its type. */
export const notBoolean = (value: unknown): string => {
  const type = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`
  return `the value is ${type}, not true or false`
}
