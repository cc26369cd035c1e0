import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Hono } from 'hono'
import type { Edge } from '../edge.ts'

const read = (path: string) => {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new Error(`the browser client cannot be read from ${path}; npm run bundle makes it`, { cause })
  }
}

/** Serves the browser client at `/client.js`, to any page. Throws when there is no such file. */
export const serveClient = (app: Hono<Edge>, path: string) => {
  const script = read(path)
  const etag = `"${hash('sha256', script, 'base64url').slice(0, 22)}"`
  app.get('/client.js', (c) => {
    c.set('route', '/client.js')
    const headers = { etag, 'cache-control': 'public, max-age=300' }
    if (c.req.header('if-none-match') === etag) return c.body(null, 304, headers)
    return c.body(script, 200, { ...headers, 'content-type': 'text/javascript; charset=utf-8' })
  })
}
