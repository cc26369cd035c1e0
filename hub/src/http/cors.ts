import type { Hono } from 'hono'
import { cors } from 'hono/cors'
import type { Edge } from './application.ts'

const PREFLIGHT_SECONDS = 7_200

/** Allows web pages of these origins to call the front-end paths (CORS). */
export const allowOrigins = (app: Hono<Edge>, origins: '*' | readonly string[], paths: readonly string[]) => {
  const allow = cors({
    origin: origins === '*' ? '*' : [...origins],
    allowMethods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowHeaders: ['Authorization', 'Content-Type', 'If-Match', 'X-Request-Id'],
    exposeHeaders: ['Date', 'ETag', 'X-Request-Id', 'Retry-After', 'RateLimit', 'RateLimit-Policy'],
    maxAge: PREFLIGHT_SECONDS,
  })
  for (const path of paths) app.use(path, allow)
}

/**
 * Allows pages of every origin to read the health of the hub. A client needs it to tell a hub that does not allow the origin from
 * another server.
 */
export const allowHealth = (app: Hono<Edge>) => app.use('/healthz', cors({ allowMethods: ['GET'] }))
