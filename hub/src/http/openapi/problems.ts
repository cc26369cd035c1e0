import { PROBLEMS, type ProblemCode, problem } from '@carillon/schemas'
import { z } from 'zod'
import type { RouteEntry } from '../routes.ts'
import type { Json } from './components.ts'
import { RATE_LIMIT_HEADERS, RETRY_AFTER } from './headers.ts'

/** The documented members of a problem, as `problem` in schemas creates it. */
const PROBLEM_MEMBERS = {
  type: z.string().describe('A URI that names the code: `urn:carillon:problem:` and the code'),
  title: z.string().describe('The code in words'),
  status: z.int().describe('The HTTP status'),
  code: z.string().describe('A stable code, for programs. Later versions add codes'),
  detail: z.string().describe('What went wrong, for people'),
  temporary: z.boolean().describe('Whether the same request may succeed later'),
  errors: z
    .array(
      z
        .object({
          pointer: z.string().describe('The place in the input, a JSON Pointer (RFC 6901)'),
          message: z.string().describe('The fault, for people'),
        })
        .meta({ id: 'ProblemDetail', description: 'One fault of the input' }),
    )
    .optional()
    .describe('The faults of the input, at most ten'),
}

const example = (code: ProblemCode) =>
  code === 'invalid_request'
    ? problem(code, 'the body is invalid at /titel: unknown key; did you mean title?', [
        { pointer: '/titel', message: 'unknown key; did you mean title?' },
      ])
    : problem(code, PROBLEMS[code].title)

export const ProblemSchema = z.object(PROBLEM_MEMBERS).meta({
  id: 'Problem',
  description: 'Problem details (RFC 9457)',
  examples: [example('invalid_request')],
})

/** The problem of a batch, with the results of its entries, if none was accepted. */
export const batchProblem = (result: z.ZodType) =>
  z
    .object({
      ...PROBLEM_MEMBERS,
      results: z.array(result).optional().describe('The results in the order of the request'),
    })
    .meta({
      id: 'BatchProblem',
      description:
        'Problem details (RFC 9457) of a batch. If no entry was accepted, `results` has the reasons',
      examples: [example('invalid_request')],
    })

/**
 * Returns the codes that a route can respond with: its own, and those of its credentials, parameters and
 * body.
 */
const codesOf = (route: RouteEntry): ProblemCode[] => {
  const codes: ProblemCode[] = [...(route.problems ?? []), 'misdirected', 'internal']
  if (route.access.kind !== 'open') codes.push('unauthenticated', 'unavailable', 'rate_limited')
  if (route.access.kind === 'sender') codes.push('forbidden')
  if (route.access.kind === 'user') codes.push('token_expired')
  if (route.params || route.query || route.headers || route.body) codes.push('invalid_request')
  if (route.body || route.rawBody) codes.push('malformed_json', 'payload_too_large', 'unsupported_media_type')
  return [...new Set(codes)]
}

const headersOf = (status: number) => {
  if (status === 401)
    return { 'WWW-Authenticate': { description: 'Always `Bearer`', schema: { type: 'string' } } }
  if (status === 429) return { ...RETRY_AFTER, ...RATE_LIMIT_HEADERS }
  return status === 503 || status === 409 ? RETRY_AFTER : {}
}

const withHeaders = (status: number) => {
  const headers = headersOf(status)
  return Object.keys(headers).length > 0 ? { headers } : {}
}

/** Returns the problem responses of a route by status, with an example of each code. */
export const problemResponses = (route: RouteEntry): Record<string, Json> => {
  const byStatus = new Map<number, ProblemCode[]>()
  for (const code of codesOf(route)) {
    const { status } = PROBLEMS[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('. '),
        ...withHeaders(status),
        content: {
          'application/problem+json': {
            schema: {
              $ref: `#/components/schemas/${status === 422 && route.batch ? 'BatchProblem' : 'Problem'}`,
            },
            examples: Object.fromEntries(
              codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]),
            ),
          },
        },
      },
    ]),
  )
}

/** Returns an example of every problem that the routes can respond with. */
export const problemExamples = (routes: readonly RouteEntry[]): Record<string, Json> =>
  Object.fromEntries(
    [...new Set(routes.flatMap(codesOf))].map((code) => [
      code,
      { summary: PROBLEMS[code].title, value: example(code) },
    ]),
  )
