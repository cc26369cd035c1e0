import { randomUUID } from 'node:crypto'
import { reasonOf } from '@carillon/core/errors'
import type { Log } from '@carillon/core/telemetry/log'
import { logThrottle } from '@carillon/core/telemetry/log-throttle'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { problem } from '@carillon/schemas'
import { Hono } from 'hono'
import { setHeaders } from './headers.ts'
import { answerProblem, problemOf, RateLimitedError, retryAfterOf } from './problems.ts'
import { createRouter } from './router.ts'

/** The variables of a request: `route` is its pattern, `tenant` the tenant of its credentials. */
export type Edge = { Variables: { requestId: string; route: string; tenant: string } }

const REQUEST_ID = /^[A-Za-z0-9_-]{1,64}$/

/** Default security headers; individual pages relax them. */
const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
}

/**
 * Creates the application that routes are added to. Gives each request an id (the caller's `X-Request-Id`, if
 * it can be logged), security headers, a log line and a metric, and turns errors into problem details.
 */
export const createApplication = ({ log, metrics }: { log: Log; metrics: Metrics }): Hono<Edge> => {
  const app = new Hono<Edge>({ router: createRouter() })
  const occurrences = logThrottle()

  app.use(async (c, next) => {
    const started = performance.now()
    const given = c.req.header('x-request-id')
    const requestId = given !== undefined && REQUEST_ID.test(given) ? given : randomUUID()
    c.set('requestId', requestId)
    setHeaders(c, { 'x-request-id': requestId })
    setHeaders(c, SECURITY_HEADERS)
    await next()
    const ms = performance.now() - started
    const route = c.get('route') ?? 'unmatched'
    const { status } = c.res
    metrics.http.observe({ method: c.req.method, route, status: String(status) }, ms / 1_000)
    if (log.isLevelEnabled('debug'))
      log.debug(
        {
          requestId,
          method: c.req.method,
          route,
          status,
          ms: Math.round(ms * 10) / 10,
          tenant: c.get('tenant'),
        },
        'request',
      )
  })

  app.onError((error, c) => {
    const about = problemOf(error)
    const context = { requestId: c.get('requestId'), route: c.get('route'), tenant: c.get('tenant') }
    if (about.code === 'internal') {
      metrics.faults.inc({ where: 'request' })
      log.error({ ...context, err: error }, 'request failed')
    } else if (about.status >= 500 && about.code !== 'stream_full') {
      // A full event log is logged once, by the stream.
      const reason = reasonOf(error)
      const refused = occurrences(reason)
      if (refused) log.warn({ ...context, reason, refused }, 'request refused for now')
    }
    if (error instanceof RateLimitedError) setHeaders(c, error.headers)
    return answerProblem(c, about, {}, retryAfterOf(error))
  })

  app.notFound((c) => answerProblem(c, problem('not_found', 'there is nothing at this address')))
  return app
}
