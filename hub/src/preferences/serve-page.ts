import type { Hono } from 'hono'
import type { Edge } from '../http/application.ts'
import { createPageFiles } from '../http/page-files.ts'

const PAGES = new URL('../../src/preferences/pages/', import.meta.url)

/** Allows only the hub's own files and the logo of a tenant. */
const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' https: data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

/** Serves the files of the pages for recipients: the preferences page at `/preferences`, and the files that both pages load. */
export const servePreferencesPage = (app: Hono<Edge>) => {
  const send = createPageFiles(PAGES, CSP)
  app.get('/preferences', (c) => {
    c.set('route', '/preferences')
    c.header('x-robots-tag', 'noindex')
    return send(c, 'preferences.html')
  })
  app.get('/preferences/:file', (c) => {
    c.set('route', '/preferences/{file}')
    return send(c, c.req.param('file'))
  })
}
