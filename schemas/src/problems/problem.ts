import { cut } from '../fields/truncate.ts'
import { PROBLEMS, type ProblemCode } from './codes.ts'

/** One thing that is wrong with the input: where (a JSON Pointer, RFC 6901) and what. */
export type ProblemDetail = { pointer: string; message: string }

/** RFC 9457 problem details with Carillon's extension members. */
export type Problem = {
  type: string
  title: string
  status: number
  code: ProblemCode
  detail: string
  temporary: boolean
  errors?: ProblemDetail[]
}

/** Returns `detail` with the first of the errors, unless it names that already, and with the number of the others. */
const withFirst = (detail: string, [first, ...others]: readonly ProblemDetail[]): string => {
  if (!first || detail.includes(first.message)) return detail
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`
  return `${detail}: ${listErrors([first])}${more}`
}

/** Returns the problem. Its `detail` always names the first of `errors`. */
export const problem = (code: ProblemCode, detail: string, errors: ProblemDetail[] = []): Problem => {
  const known: { status: number; title: string; temporary?: boolean } = PROBLEMS[code]
  return {
    type: `urn:carillon:problem:${code}`,
    title: known.title,
    status: known.status,
    code,
    detail: withFirst(detail, errors),
    temporary: known.temporary ?? false,
    ...(errors.length > 0 ? { errors } : {}),
  }
}

/** As long as a key of `data` may be. */
const POINTER_PART_MAX = 128

/** Turns issues into problem details; at most ten, values never repeated back. */
export const problemDetails = (
  issues: readonly { path: readonly PropertyKey[]; message: string }[],
): ProblemDetail[] =>
  issues.slice(0, 10).map(({ path, message }) => ({
    pointer: path
      .map(
        (part) =>
          `/${cut(String(part).toWellFormed(), POINTER_PART_MAX).replaceAll('~', '~0').replaceAll('/', '~1')}`,
      )
      .join(''),
    message,
  }))

/** Errors in one line, for readers that get no list: `/to: is missing | /titel: unknown key; did you mean title?`. */
export const listErrors = (errors: readonly ProblemDetail[]): string =>
  errors.map(({ pointer, message }) => `${pointer || '/'}: ${message}`).join(' | ')

/** The `detail` of a problem with a list of errors: names the first one and counts the others. */
export const invalid = (what: string, [first, ...others]: readonly ProblemDetail[]): string => {
  if (!first) return `${what} is invalid`
  const place = first.pointer === '' ? '' : ` at ${first.pointer}`
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`
  return `${what} is invalid${place}: ${first.message}${more}`
}
