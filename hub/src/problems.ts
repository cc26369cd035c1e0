import { ProblemError } from '@carillon/core/errors'
import { type Problem, type ProblemCode, problem } from '@carillon/schemas'
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Edge } from './edge.ts'

/** Seconds after which trying again is worth it, for problems that pass. */
const RETRY_AFTER: Partial<Record<ProblemCode, number>> = {
  idempotency_in_flight: 1,
  rate_limited: 1,
  unavailable: 2,
  stream_full: 10,
}

/** What the outside may know of an error. A fault of ours says nothing: the log has it, under the request's id. */
export const problemOf = (error: unknown): Problem =>
  error instanceof ProblemError
    ? error.problem
    : problem('internal', 'this is a fault of Carillon; its log has it under the X-Request-Id of this answer')

/** Answers with problem details (RFC 9457), and members of `extra` beside them. */
export const answerProblem = (c: Context<Edge>, about: Problem, extra: Record<string, unknown> = {}) => {
  const retryAfter = RETRY_AFTER[about.code]
  c.header('content-type', 'application/problem+json')
  if (retryAfter !== undefined) c.header('retry-after', String(retryAfter))
  if (about.status === 401) c.header('www-authenticate', 'Bearer')
  return c.body(JSON.stringify({ ...about, ...extra }), about.status as ContentfulStatusCode)
}
