import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Hono } from 'hono'
import type { Edge } from '../http/application.ts'

/** The files that pages load from the hub: the client, web push, and its service worker. */
export const BROWSER_FILES = ['client.js', 'bell.js', 'push.js', 'push-worker.js'] as const

const read = (folder: URL, name: string) => {
  try {
    return readFileSync(new URL(name, folder), 'utf8')
  } catch (cause) {
    throw new Error(`${name} cannot be read from ${folder.pathname}; npm run bundle makes it`, { cause })
  }
}

/**
 * Serves the browser files at the root, to pages of any origin. Throws if one is missing from the folder,
 * whose URL ends in a slash.
 */
export const serveBrowserFiles = (app: Hono<Edge>, folder: URL) => {
  for (const name of BROWSER_FILES) {
    const script = read(folder, name)
    const etag = `"${hash('sha256', script, 'base64url').slice(0, 22)}"`
    app.get(`/${name}`, (c) => {
      c.set('route', `/${name}`)
      const headers = { etag, 'cache-control': 'public, max-age=300' }
      if (c.req.header('if-none-match') === etag) return c.body(null, 304, headers)
      return c.body(script, 200, { ...headers, 'content-type': 'text/javascript; charset=utf-8' })
    })
  }
}
