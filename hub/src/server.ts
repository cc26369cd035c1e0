import { createServer, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { problem } from '@carillon/schemas'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import type { Edge } from './edge.ts'

/** Slow or endless requests hold a connection no longer than this. */
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 30_000
/** Longer than the idle time of the usual proxies (60 s), so that they close first and no request meets a closed door. */
const KEEP_ALIVE_MS = 65_000
/** How often the limits above are looked at. */
const CHECKING_MS = 5_000
const HEADER_MAX_BYTES = 16_384

/** An HTTP server with limits around the application, and its beginning and end. */
export type HttpServer = {
  server: Server
  /** Resolves with the port, which the system chooses for 0. Rejects when the address cannot be had. */
  listen(port: number, host: string): Promise<number>
  /** Takes no more connections, lets requests end for `graceMs`, then cuts what is left, WebSockets too. */
  close(graceMs: number): Promise<void>
}

/** What is not even a request (no host, a broken URL) gets problem details as well. */
const refuseBroken = () => {
  const broken = problem('invalid_request', 'the request line or its headers are broken')
  return new Response(JSON.stringify(broken), {
    status: broken.status,
    headers: { 'content-type': 'application/problem+json' },
  })
}

export const createHttpServer = (app: Hono<Edge>): HttpServer => {
  const connections = new Set<Socket>()
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: CHECKING_MS,
      maxHeaderSize: HEADER_MAX_BYTES,
    },
    getRequestListener(app.fetch, { errorHandler: refuseBroken }),
  )
  server.on('connection', (connection) => {
    connections.add(connection)
    connection.once('close', () => connections.delete(connection))
  })

  return {
    server,
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, () => {
          server.off('error', reject)
          const address = server.address()
          resolve(typeof address === 'object' && address !== null ? address.port : port)
        })
      }),
    close: async (graceMs) => {
      if (!server.listening) return
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      const cut = setTimeout(() => {
        for (const connection of connections) connection.destroy()
      }, graceMs)
      await closed
      clearTimeout(cut)
    },
  }
}
