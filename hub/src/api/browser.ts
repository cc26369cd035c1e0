import { hash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { Hono } from 'hono'
import type { Edge } from '../http/application.ts'

/** The files that pages load from the hub: the client, the bell, web push, and its service worker. */
export const BROWSER_FILES = ['client.js', 'bell.js', 'push.js', 'push-worker.js'] as const

/** The paths of the browser files and of their chunks. */
export const BROWSER_PATHS = [...BROWSER_FILES.map((name) => `/${name}`), '/chunks/*']

const DAY_SECONDS = 86_400

const read = (folder: URL, name: string) => {
  try {
    return readFileSync(new URL(name, folder), 'utf8')
  } catch (cause) {
    throw new Error(`${name} cannot be read from ${folder.pathname}; npm run bundle makes it`, { cause })
  }
}

/** Reads the chunks that the browser files load when they are first needed. Their names have the hash of their content. */
const readChunks = (folder: URL) => {
  const chunks = new URL('chunks/', folder)
  const names = existsSync(chunks) ? readdirSync(chunks).filter((name) => name.endsWith('.js')) : []
  return new Map(names.map((name) => [name, read(chunks, name)]))
}

/** The policy of the service worker, which calls the hub and shows pictures. The policy of the page applies to other files. */
const WORKER_POLICY =
  "default-src 'none'; connect-src 'self'; img-src 'self' https: data:; frame-ancestors 'none'"

const JAVASCRIPT = { 'content-type': 'text/javascript; charset=utf-8' }

/**
 * Serves the browser files at the root and their chunks under `/chunks`, to pages of any origin. Throws if a file is missing from
 * the folder, whose URL ends in a slash.
 */
export const serveBrowserFiles = (app: Hono<Edge>, folder: URL) => {
  for (const name of BROWSER_FILES) {
    const script = read(folder, name)
    const etag = `"${hash('sha256', script, 'base64url').slice(0, 22)}"`
    app.get(`/${name}`, (c) => {
      c.set('route', `/${name}`)
      const headers = { etag, 'cache-control': 'public, max-age=300' }
      if (name === 'push-worker.js') c.header('content-security-policy', WORKER_POLICY)
      if (c.req.header('if-none-match') === etag) return c.body(null, 304, headers)
      return c.body(script, 200, { ...headers, ...JAVASCRIPT })
    })
  }
  const chunks = readChunks(folder)
  app.get('/chunks/:file', (c) => {
    c.set('route', '/chunks/{file}')
    const chunk = chunks.get(c.req.param('file'))
    if (chunk === undefined) return c.notFound()
    return c.body(chunk, 200, {
      ...JAVASCRIPT,
      'cache-control': `public, max-age=${365 * DAY_SECONDS}, immutable`,
    })
  })
}
