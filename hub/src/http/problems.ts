import { ProblemError } from '@carillon/core/errors'
import { type Problem, type ProblemCode, problem } from '@carillon/schemas'
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Edge } from './application.ts'
import { incomingOf } from './incoming.ts'
import { lingering } from './lingering.ts'

/** A rate limit is reached; retry after `afterMs`. `headers` describe the limit. */
export class RateLimitedError extends ProblemError {
  override name = 'RateLimitedError'
  readonly afterMs: number
  readonly headers: Record<string, string>
  constructor(detail: string, afterMs: number, headers: Record<string, string> = {}) {
    super('rate_limited', detail)
    this.afterMs = afterMs
    this.headers = headers
  }
}

/** Seconds after which a retry makes sense, by the code of a temporary problem. */
const RETRY_AFTER: Partial<Record<ProblemCode, number>> = {
  idempotency_in_flight: 1,
  rate_limited: 1,
  unavailable: 2,
  stream_full: 10,
}

/** Returns the problem to respond with. Internal errors reveal nothing; the log has them under the request's id. */
export const problemOf = (error: unknown): Problem =>
  error instanceof ProblemError
    ? error.problem
    : problem('internal', 'an internal error; the log has it under the X-Request-Id of this response')

/** Returns the seconds to wait that an error specifies, if any. */
export const retryAfterOf = (error: unknown): number | undefined =>
  error instanceof RateLimitedError ? Math.max(1, Math.ceil(error.afterMs / 1_000)) : undefined

/** Returns the headers of a problem that is sent outside the application. */
export const problemHeaders = (error: ProblemError): Record<string, string> => {
  const seconds = retryAfterOf(error) ?? RETRY_AFTER[error.problem.code]
  return {
    'content-type': 'application/problem+json',
    ...(error instanceof RateLimitedError ? error.headers : {}),
    ...(seconds === undefined ? {} : { 'retry-after': String(seconds) }),
  }
}

/** Responds with problem details (RFC 9457) and the members of `extra`. */
export const answerProblem = (
  c: Context<Edge>,
  about: Problem,
  extra: Record<string, unknown> = {},
  retryAfter = RETRY_AFTER[about.code],
) => {
  c.header('content-type', 'application/problem+json')
  if (retryAfter !== undefined) c.header('retry-after', String(retryAfter))
  if (about.status === 401) c.header('www-authenticate', 'Bearer')
  const status = about.status as ContentfulStatusCode
  const text = JSON.stringify({ ...about, ...extra })
  const incoming = about.code === 'payload_too_large' ? incomingOf(c) : undefined
  if (!incoming || incoming.complete) return c.body(text, status)
  const bytes = Buffer.from(text)
  c.header('connection', 'close')
  c.header('content-length', String(bytes.length))
  return c.body(lingering(incoming, bytes), status)
}
