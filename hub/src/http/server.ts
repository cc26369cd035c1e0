import { createServer, type Server, type ServerResponse } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import { problem } from '@carillon/schemas'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import type { Edge } from './application.ts'

/** Slow or endless requests occupy a connection no longer than this, in ms. */
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 30_000
/** Longer than the idle timeout of common proxies (60 s), so that the proxy closes first and no request is lost. */
const KEEP_ALIVE_MS = 65_000
/** How often Node checks the timeouts above, in ms. */
const CHECKING_MS = 5_000
const HEADER_MAX_BYTES = 16_384

/**
 * An HTTP server with timeouts around the application. It shuts down in steps, so that no request is lost:
 * `retire`, `stopListening`, `answered`, `close`. Only `close` is required.
 */
export type HttpServer = {
  server: Server
  /**
   * Resolves with the port, which the system chooses for 0. Rejects if an address cannot be bound. Without hosts it listens
   * on every address, of IPv6 and IPv4. Addresses after the first are skipped if the machine does not have them.
   */
  listen(port: number, ...hosts: string[]): Promise<number>
  /** Adds `Connection: close` to every response from now on, so that clients connect elsewhere next. */
  retire(): void
  /** Accepts no more connections. Open connections are still served. */
  stopListening(): void
  /** Resolves once no request is in flight. */
  answered(): Promise<void>
  /** Stops listening, lets requests in flight end for `graceMs`, then destroys all connections, WebSockets too. */
  close(graceMs: number): Promise<void>
}

/** The machine has no IPv6, or this interface has none. */
const NO_SUCH_ADDRESS = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT'])

/** Without `host` Node listens on `::`, IPv4 included, and on `0.0.0.0` where there is no IPv6. */
const bind = (server: NetServer, port: number, host: string | undefined) =>
  new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host }, () => {
      server.off('error', reject)
      resolve()
    })
  })

/** Responds with problem details to requests that Hono cannot read: no host, a malformed URL. */
const refuseBroken = () => {
  const broken = problem('invalid_request', 'the request line or its headers are malformed')
  return new Response(JSON.stringify(broken), {
    status: broken.status,
    headers: { 'content-type': 'application/problem+json' },
  })
}

export const createHttpServer = (app: Hono<Edge>): HttpServer => {
  const connections = new Set<Socket>()
  const responses = new Set<ServerResponse>()
  let retired = false
  let onIdle: (() => void)[] = []
  let closed: Promise<unknown> | undefined
  const further: NetServer[] = []

  const listener = getRequestListener(app.fetch, { errorHandler: refuseBroken })
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: CHECKING_MS,
      maxHeaderSize: HEADER_MAX_BYTES,
    },
    (request, response) => {
      responses.add(response)
      response.once('close', () => {
        responses.delete(response)
        if (responses.size > 0) return
        for (const resolve of onIdle) resolve()
        onIdle = []
      })
      if (retired) response.shouldKeepAlive = false
      return listener(request, response)
    },
  )
  server.on('connection', (connection) => {
    connections.add(connection)
    // Node stops listening for errors after an upgrade, and an error without a listener ends the process.
    connection.on('error', () => connection.destroy())
    connection.once('close', () => connections.delete(connection))
  })

  const stopListening = () => {
    // `http.Server.close` would also close connections with a request in flight.
    if (server.listening) NetServer.prototype.close.call(server)
    for (const each of further) each.close()
  }

  /** Passes the connections of a further address to the server. */
  const listenFurther = async (port: number, host: string) => {
    const other = new NetServer({ allowHalfOpen: true, noDelay: true }, (connection) =>
      server.emit('connection', connection),
    )
    try {
      await bind(other, port, host)
      further.push(other)
    } catch (error) {
      if (!NO_SUCH_ADDRESS.has((error as NodeJS.ErrnoException).code ?? '')) throw error
    }
  }
  const answered = async () => {
    if (responses.size > 0) await new Promise<void>((resolve) => onIdle.push(resolve))
  }

  return {
    server,
    listen: async (port, ...hosts) => {
      const [first, ...others] = hosts
      await bind(server, port, first)
      const address = server.address()
      const bound = typeof address === 'object' && address !== null ? address.port : port
      try {
        for (const host of others) await listenFurther(bound, host)
      } catch (error) {
        stopListening()
        throw error
      }
      closed = Promise.all(
        [server, ...further].map((each) => new Promise((ended) => each.once('close', ended))),
      )
      return bound
    },
    retire: () => {
      retired = true
      for (const response of responses) if (!response.headersSent) response.shouldKeepAlive = false
    },
    stopListening,
    answered,
    close: async (graceMs) => {
      if (!closed) return
      stopListening()
      const cut = setTimeout(() => {
        for (const connection of connections) connection.destroy()
      }, graceMs)
      await answered()
      server.close()
      await closed
      clearTimeout(cut)
    },
  }
}
