import type { Idempotency } from '@carillon/core/idempotency/port'
import type { Live } from '@carillon/core/live/port'
import type { LiveServer } from '@carillon/core/live/server'
import type { Directory } from '@carillon/core/security/directory'
import type { Store } from '@carillon/core/store/port'
import type { Stream } from '@carillon/core/stream/port'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { createReadiness } from '@carillon/core/telemetry/readiness'
import type { Hono } from 'hono'
import { cors } from 'hono/cors'
import { createAcceptance } from './accept.ts'
import { serveClient } from './api/client.ts'
import { type Demo, demoRoutes } from './api/demo.ts'
import { inboxRoutes } from './api/inbox.ts'
import { notificationRoutes } from './api/notifications.ts'
import { operationRoutes } from './api/operations.ts'
import { topicRoutes } from './api/topics.ts'
import { typeRoutes } from './api/types.ts'
import { userRoutes } from './api/users.ts'
import { createCursors } from './cursor.ts'
import { createEdge, type Edge } from './edge.ts'
import { createIdempotent } from './idempotent.ts'
import { createVerbs } from './inbox/verbs.ts'
import { createRoutes, type RouteEntry } from './routes.ts'
import { createHttpServer } from './server.ts'
import { attachSockets } from './sockets/attach.ts'

export type HubPorts = {
  stream: Stream
  store: Store
  live: Live
  idempotency: Idempotency
  directory: Directory
  /** Not yet attached to an HTTP server; `listen` does that. */
  io: LiveServer
  log: Log
  metrics: Metrics
}

export type HubOptions = {
  /** The root secret; cursors are signed with a key derived from it. The same on every hub. */
  secret: string
  /** Web origins whose pages may use the end-user routes. */
  origins: '*' | readonly string[]
  unknownTypes: 'refuse' | 'accept'
  /** Path of the browser client, served at /client.js. */
  clientBundle?: string
  /** Development only: the demo page, which hands out tokens. */
  demo?: Demo
}

export type Hub = {
  /** The HTTP API without a server around it. */
  app: Hono<Edge>
  routes: readonly RouteEntry[]
  /** Starts to accept connections. Rejects when the address cannot be had. */
  listen(port: number, host: string): Promise<{ port: number }>
  /** Not ready any more; sends live connections elsewhere and finishes what is in hand, within `ms`. HTTP goes on. */
  drain(ms: number): Promise<void>
  /** Ends everything at the hub, none of the ports. */
  close(): Promise<void>
}

/** How long requests in hand may take after `close`. */
const CLOSE_GRACE_MS = 2_000
const PREFLIGHT_SECONDS = 7_200

const within = async (ms: number, work: Promise<void>): Promise<void> => {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, limit])
  clearTimeout(timer)
}

/** The edge: HTTP API and live connections over the given ports. It keeps nothing, so any number may run. */
export const createHub = (ports: HubPorts, options: HubOptions): Hub => {
  const { stream, store, live, idempotency, directory, io, log, metrics } = ports
  const cursors = createCursors(options.secret)
  const verbs = createVerbs({ inbox: store.inbox, live, stream, log, metrics })
  let draining = false

  const app = createEdge({ log, metrics })
  const openToPages = cors({
    origin: options.origins === '*' ? '*' : [...options.origins],
    allowMethods: ['GET', 'POST', 'PATCH', 'DELETE'],
    allowHeaders: ['Authorization', 'Content-Type', 'X-Request-Id'],
    exposeHeaders: ['X-Request-Id', 'Retry-After'],
    maxAge: PREFLIGHT_SECONDS,
  })
  app.use('/v1/inbox/*', openToPages)
  app.use('/client.js', openToPages)

  const routes = createRoutes(app, directory)
  notificationRoutes(routes, {
    acceptance: createAcceptance({ stream, directory, metrics }, options),
    idempotent: createIdempotent({ idempotency, log }),
    notifications: store.notifications,
    stream,
  })
  inboxRoutes(routes, { inbox: store.inbox, live, verbs, cursors, log })
  userRoutes(routes, { users: store.users, directory })
  topicRoutes(routes, { topics: store.topics, cursors })
  typeRoutes(routes, { types: store.types, directory })
  operationRoutes(routes, {
    readiness: createReadiness({ stream, store, live }),
    draining: () => draining,
    stream,
    log,
    metrics,
  })
  if (options.clientBundle !== undefined) serveClient(app, options.clientBundle)
  if (options.demo) demoRoutes(app, routes, { demo: options.demo, directory, users: store.users })
  routes.seal()

  const http = createHttpServer(app)
  const sockets = attachSockets({ io, directory, onReceived: verbs.received, live, log, metrics })

  return {
    app,
    routes: routes.table,
    listen: async (port, host) => {
      io.attach(http.server)
      return { port: await http.listen(port, host) }
    },
    drain: async (ms) => {
      draining = true
      const started = performance.now()
      await sockets.drain(ms)
      await within(Math.max(0, ms - (performance.now() - started)), verbs.settled())
    },
    close: async () => {
      draining = true
      await sockets.close()
      await http.close(CLOSE_GRACE_MS)
    },
  }
}
