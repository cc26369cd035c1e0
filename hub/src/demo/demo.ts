import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { ProblemError } from '@carillon/core/errors'
import { signUserToken } from '@carillon/core/security/user-tokens'
import type { Users } from '@carillon/core/store/ports/users'
import { UserId } from '@carillon/schemas'
import type { Hono } from 'hono'
import { z } from 'zod'
import { IssuedToken } from '../api/users.ts'
import type { Edge } from '../http/application.ts'
import { createPageFiles } from '../http/page-files.ts'
import type { Routes } from '../http/routes.ts'
import { type CapturedList, createCaptured } from './captured.ts'
import { capturedRoutes } from './captured-page.ts'

/** Configuration of the demo page, for development only: anyone who reaches the hub can read it, including the API key. */
export type Demo = {
  tenant: string
  /** URL of the hub, for the snippets. */
  url: string
  apiKey: string
  natsUrl: string | null
  /** User ids offered on the page. */
  users: readonly string[]
  /** Description of the installation's durability. */
  durable: string
  /** Captured messages, shown on the page. Not part of its configuration. */
  captured?: CapturedList
}

const PAGES = new URL('../../src/demo/pages/', import.meta.url)

const CSP = [
  "default-src 'self'",
  "connect-src 'self' ws: wss:",
  "img-src 'self' data: https: http:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/**
 * Serves the demo page at `/`. `close` ends open streams, so that the server can close.
 */
export const demoRoutes = (
  app: Hono<Edge>,
  routes: Routes,
  { demo, cache, users }: { demo: Demo; cache: SettingsCache; users: Users },
) => {
  const { captured = createCaptured(), ...settings } = demo
  const send = createPageFiles(PAGES, CSP)

  app.get('/', (c) => {
    c.set('route', '/')
    return send(c, 'demo.html')
  })

  routes.open(
    {
      method: 'get',
      path: '/demo/config.json',
      internal: true,
      operationId: 'getDemoConfig',
      tag: 'Operations',
      summary: 'Get the settings of the demo page',
      description: 'Returns the settings of the demo page.',
      answers: { 200: { description: 'Settings', schema: z.looseObject({ tenant: z.string() }) } },
    },
    ({ c }) => c.json(settings),
  )

  routes.open(
    {
      method: 'post',
      path: '/demo/token',
      internal: true,
      operationId: 'issueDemoToken',
      tag: 'Operations',
      summary: 'Become a user of the demo tenant',
      description: 'Issues a token to anybody.',
      body: z.strictObject({ user: UserId }),
      answers: { 200: { description: 'Token issued; the user now exists', schema: IssuedToken } },
    },
    async ({ c, body }) => {
      const { user } = await body()
      const tenant = await cache.tenant(demo.tenant)
      if (!tenant) throw new ProblemError('tenant_unknown', 'the demo tenant does not exist')
      await users.merge(demo.tenant, [{ id: user, profile: {} }])
      return c.json(await signUserToken(tenant, user), 200, { 'cache-control': 'no-store' })
    },
  )

  const { close } = capturedRoutes(app, routes, captured)

  app.get('/demo/:file', (c) => {
    c.set('route', '/demo/{file}')
    return send(c, c.req.param('file'))
  })

  return { close }
}
