import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'

/**
 * Sets response headers; those of the response itself take precedence. Called without a server, it sets them in Hono, as
 * `c.header` does. On a server it sets them on Node's response, because Hono would create `Headers` for each request, and
 * read and sort them for the response.
 */
export const setHeaders = (c: Context, headers: Readonly<Record<string, string>>): void => {
  const { outgoing } = (c.env ?? {}) as Partial<HttpBindings>
  for (const name in headers) {
    const value = headers[name] ?? ''
    if (outgoing) outgoing.setHeader(name, value)
    else c.header(name, value)
  }
}
