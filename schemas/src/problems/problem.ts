import { cut } from '../fields/truncate.ts'
import { PROBLEMS, type ProblemCode } from './codes.ts'

/** One fault of the input: its place, a JSON Pointer (RFC 6901), and a message. */
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

/** Appends the first error and the number of the others to `detail`, unless it contains the first already. */
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

/** Maximum length of a pointer's part: that of a key in `data`. */
const POINTER_PART_MAX = 128

/** Returns the JSON Pointer of a path. Long keys are cut. */
export const pointerTo = (path: readonly PropertyKey[]): string =>
  path
    .map(
      (part) =>
        `/${cut(String(part).toWellFormed(), POINTER_PART_MAX).replaceAll('~', '~0').replaceAll('/', '~1')}`,
    )
    .join('')

/** Converts issues to problem details, at most ten. They never contain values of the input. */
export const problemDetails = (
  issues: readonly { path: readonly PropertyKey[]; message: string }[],
): ProblemDetail[] => issues.slice(0, 10).map(({ path, message }) => ({ pointer: pointerTo(path), message }))

/** Formats errors in one line, where no list is possible: `/to: is missing | /titel: unknown key; did you mean title?`. */
export const listErrors = (errors: readonly ProblemDetail[]): string =>
  errors.map(({ pointer, message }) => `${pointer || '/'}: ${message}`).join(' | ')

/** Returns the `detail` of a problem with errors: it names the first one and counts the others. */
export const invalid = (what: string, [first, ...others]: readonly ProblemDetail[]): string => {
  if (!first) return `${what} is invalid`
  const place = first.pointer === '' ? '' : ` at ${first.pointer}`
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`
  return `${what} is invalid${place}: ${first.message}${more}`
}
