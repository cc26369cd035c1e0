import { cut } from './cut.ts'

/**
 * Every error that leaves Carillon, over HTTP (RFC 9457 problem+json), the socket handshake or a dead letter.
 * Codes are stable; `status` is the HTTP status; `temporary` says whether trying again unchanged can help.
 */
export const PROBLEMS = {
  malformed_json: { status: 400, title: 'The body is not JSON' },
  cursor_invalid: { status: 400, title: 'Invalid cursor' },
  unauthenticated: { status: 401, title: 'Missing or invalid credentials' },
  token_expired: { status: 401, title: 'Token expired' },
  forbidden: { status: 403, title: 'Insufficient permissions' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  idempotency_in_flight: {
    status: 409,
    title: 'The first request with this Idempotency-Key is in progress',
    temporary: true,
  },
  already_delivered: { status: 409, title: 'Already delivered' },
  not_replayable: { status: 409, title: 'Dead letter not replayable' },
  too_many_devices: { status: 409, title: 'Device limit reached' },
  payload_too_large: { status: 413, title: 'Body too large' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  misdirected: { status: 421, title: 'Host name not served' },
  invalid_request: { status: 422, title: 'Invalid request' },
  too_far: { status: 422, title: 'A time lies too far ahead' },
  time_passed: { status: 422, title: 'A time lies in the past' },
  subject_invalid: {
    status: 422,
    title: 'Invalid NATS subject: it is not notify.<tenant>.<priority>.<type>',
  },
  tenant_unknown: { status: 422, title: 'Unknown tenant' },
  type_unknown: { status: 422, title: 'Unknown notification type' },
  provider_unknown: { status: 422, title: 'Unknown provider' },
  no_provider: { status: 422, title: 'No provider account serves this channel' },
  no_app_url: { status: 422, title: "The URL of the tenant's app is not set" },
  country_not_allowed: { status: 422, title: 'Codes are not sent to numbers of this country or kind' },
  no_address: { status: 422, title: 'The user has no address for this channel' },
  erased: { status: 422, title: 'User erased' },
  suppressed: { status: 422, title: 'Address suppressed' },
  id_reused: { status: 422, title: 'Id already used with other content' },
  idempotency_key_reused: { status: 422, title: 'Idempotency-Key already used with another body' },
  rate_limited: { status: 429, title: 'Too many requests', temporary: true },
  internal: { status: 500, title: 'Internal error', temporary: true },
  unavailable: { status: 503, title: 'Dependency unavailable', temporary: true },
  stream_full: { status: 503, title: 'Event log full', temporary: true },
  undeliverable: { status: 500, title: 'No provider could deliver it' },
  too_many_attempts: { status: 500, title: 'Every attempt failed' },
} as const satisfies Record<string, { status: number; title: string; temporary?: boolean }>

export type ProblemCode = keyof typeof PROBLEMS

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
