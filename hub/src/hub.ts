import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Invalidations } from '@carillon/core/cache/invalidation/port'
import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { createEndpoints } from '@carillon/core/delivery/endpoints'
import type { Providers } from '@carillon/core/delivery/provider'
import { pushOriginAllowed } from '@carillon/core/delivery/push-services'
import { createClientAddress } from '@carillon/core/http/client-address'
import type { Http } from '@carillon/core/http/port'
import type { Limits } from '@carillon/core/limits/port'
import type { Live } from '@carillon/core/live/port'
import type { LiveServer } from '@carillon/core/live/server'
import type { LinkPolicy } from '@carillon/core/notification/links'
import type { Seal } from '@carillon/core/security/seal'
import type { Store } from '@carillon/core/store/port'
import type { Stream } from '@carillon/core/stream/port'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { createReadiness } from '@carillon/core/telemetry/readiness'
import type { Hono } from 'hono'
import { cors } from 'hono/cors'
import { BROWSER_FILES, serveBrowserFiles } from './api/browser.ts'
import { callbackRoutes } from './api/callbacks.ts'
import { deadLetterRoutes } from './api/dead-letters.ts'
import { deliveryRoutes } from './api/deliveries.ts'
import { deviceRoutes } from './api/devices.ts'
import { operationRoutes } from './api/health.ts'
import { inboxRoutes } from './api/inbox.ts'
import { notificationListRoutes } from './api/notification-list.ts'
import { notificationRoutes } from './api/notifications.ts'
import { otpRoutes } from './api/otp.ts'
import { providerRoutes } from './api/providers.ts'
import { suppressionRoutes } from './api/suppressions.ts'
import { tenantRoutes } from './api/tenant.ts'
import { topicRoutes } from './api/topics.ts'
import { typeRoutes } from './api/types.ts'
import { unsubscribeRoutes } from './api/unsubscribe.ts'
import { userRoutes } from './api/users.ts'
import { type Demo, demoRoutes } from './demo/demo.ts'
import { allowDelivery, EVENT_PATHS } from './http/content.ts'
import { createCursors } from './http/cursor.ts'
import { createEdge, type Edge } from './http/edge.ts'
import { guardServer } from './http/guard.ts'
import { refuseHosts, refuseOrigins } from './http/origin.ts'
import { createRefusals } from './http/refusals.ts'
import { createRoutes, type RouteEntry } from './http/routes.ts'
import { createHttpServer } from './http/server.ts'
import { createIdempotent } from './idempotency/idempotent.ts'
import type { Idempotency } from './idempotency/port.ts'
import { createVerbs } from './inbox/verbs.ts'
import { createRateLimit, type RequestRates } from './limits/rate-limit.ts'
import type { RequestLimits } from './limits/requests.ts'
import { createAcceptance } from './notifications/accept.ts'
import { createNotificationList } from './notifications/list.ts'
import { createTotals } from './notifications/totals.ts'
import { createOtp } from './otp/otp.ts'
import { createAdmission, type SocketLimits } from './sockets/admission.ts'
import { attachSockets } from './sockets/attach.ts'
import { createErase } from './users/erase.ts'
import { createErasureGuard } from './users/erasure-guard.ts'

export type HubPorts = {
  stream: Stream
  store: Store
  live: Live
  idempotency: Idempotency
  cache: SettingsCache
  invalidations: Invalidations
  limits: Limits
  requests: RequestLimits
  seal: Seal
  /** Providers, for account configs and callbacks. */
  providers: Providers
  http: Http
  /** Not attached to an HTTP server; `listen` attaches it. */
  io: LiveServer
  log: Log
  metrics: Metrics
}

export type HubOptions = LinkPolicy & {
  /** The root secret, equal on every hub. Cursors are signed with a key derived from it. */
  secret: string
  /** Web origins that may use the end-user routes and connect. */
  origins: '*' | readonly string[]
  /** Accepted host names, besides localhost and IP addresses. Default: any. */
  hosts?: readonly string[]
  /** Trusted proxies (X-Forwarded-For): addresses, CIDRs, `loopback` (the default) or `private`. */
  trustedProxies?: readonly string[]
  /** Default: unlimited. */
  socketsPerAddress?: SocketLimits
  /** Default: only limits set for tenants. */
  requestRates?: RequestRates
  unknownTypes: 'refuse' | 'accept'
  /** Public URL of the hub, for providers' callbacks. Default: derived from each request. */
  publicUrl?: string
  /** Accept web push endpoints outside the known push services. */
  anyPushOrigin?: boolean
  /** Folder of the browser files: /client.js and web push. */
  browserFiles?: URL
  /** Development only: a 401 states the reason, which otherwise is only logged. */
  explainRefusals?: boolean
  /** Development only: serve the demo page, which issues tokens. */
  demo?: Demo
}

export type Hub = {
  /** The HTTP API without a server. */
  app: Hono<Edge>
  routes: readonly RouteEntry[]
  /**
   * Starts accepting connections, on all addresses if no `hosts` are given. Rejects if an address cannot be bound. Of several
   * hosts, those after the first are skipped if the machine does not have the address.
   */
  listen(port: number, ...hosts: string[]): Promise<{ port: number }>
  /**
   * Drains the hub without losing a request. For `delayMs`, `/readyz` answers 503 while the hub still serves everything, so
   * that load balancers notice. Then, within `ms`, it stops listening, finishes requests in flight and closes live
   * connections in batches.
   */
  drain(options: { delayMs: number; ms: number }): Promise<void>
  /** Closes the hub. The ports stay open. */
  close(): Promise<void>
}

/** Time for requests in flight after `close`. */
const CLOSE_GRACE_MS = 2_000
/** Grace for idle connections: a client may already be sending its next request on one. */
const IDLE_GRACE_MS = 100
const PREFLIGHT_SECONDS = 7_200

const within = async (ms: number, work: Promise<unknown>): Promise<void> => {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, limit])
  clearTimeout(timer)
}

/** Returns the edge: HTTP API and live connections over the given ports. Stateless; any number of hubs may run. */
export const createHub = (ports: HubPorts, options: HubOptions): Hub => {
  const {
    stream,
    store,
    live,
    idempotency,
    cache,
    invalidations,
    limits,
    seal,
    providers,
    http,
    io,
    log,
    metrics,
  } = ports
  const cursors = createCursors(options.secret)
  const verbs = createVerbs({ inbox: store.inbox, live, stream, log, metrics })
  let draining = false

  const app = createEdge({ log, metrics })
  const openToPages = cors({
    origin: options.origins === '*' ? '*' : [...options.origins],
    allowMethods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowHeaders: ['Authorization', 'Content-Type', 'X-Request-Id'],
    exposeHeaders: ['X-Request-Id', 'Retry-After', 'RateLimit', 'RateLimit-Policy'],
    maxAge: PREFLIGHT_SECONDS,
  })
  const ofPages = ['/v1/inbox/*', '/v1/devices/*', '/v1/push/*', ...BROWSER_FILES.map((name) => `/${name}`)]
  for (const path of ofPages) app.use(path, openToPages)
  for (const path of EVENT_PATHS) app.options(path, allowDelivery)

  const refusals = createRefusals({ log, explain: options.explainRefusals })
  const addressOf = createClientAddress(options.trustedProxies ?? ['loopback'])
  const addressOfRequest = ({ socket, headers }: IncomingMessage) =>
    addressOf(socket.remoteAddress, headers['x-forwarded-for']?.toString())
  const rateLimit = createRateLimit({
    ...{ requests: ports.requests, cache, metrics },
    rates: options.requestRates,
    addressOf: addressOfRequest,
  })
  const routes = createRoutes(app, { cache, refusals, rateLimit })
  const idempotent = createIdempotent({ idempotency, log })
  const { notifications, deliveries, accounts, suppressions } = store
  notificationRoutes(routes, {
    acceptance: createAcceptance({ stream, idempotency, cache, metrics }, options),
    idempotent,
    notifications,
    sums: createTotals(deliveries),
    stream,
    log,
    metrics,
  })
  notificationListRoutes(routes, {
    list: createNotificationList({ notifications, inbox: store.inbox }),
    cursors,
  })
  deliveryRoutes(routes, { inbox: store.inbox, notifications, deliveries, cursors })
  inboxRoutes(routes, { inbox: store.inbox, live, verbs, cursors, log })
  const guard = createErasureGuard(store.users)
  const erase = createErase({ users: store.users, inbox: store.inbox, stream, log })
  userRoutes(routes, { users: store.users, erase, cache })
  tenantRoutes(routes, { tenants: store.tenants, cache, insecureLinks: options.insecureLinks })
  topicRoutes(routes, { topics: store.topics, guard, cursors })
  typeRoutes(routes, { types: store.types })
  const endpoints = createEndpoints(store.expiringKeys, { invalidations })
  deviceRoutes(routes, {
    devices: store.devices,
    cache,
    endpoints,
    http,
    guard,
    pushOrigin: options.anyPushOrigin ? () => true : pushOriginAllowed,
  })
  otpRoutes(routes, { otp: createOtp({ store, stream, cache, limits, seal, metrics }), idempotent })
  providerRoutes(routes, { accounts, providers, endpoints, http })
  callbackRoutes(routes, {
    accounts,
    cache,
    providers,
    http,
    stream,
    seal,
    publicUrl: options.publicUrl,
  })
  suppressionRoutes(routes, { suppressions, cursors })
  unsubscribeRoutes(routes, { suppressions, seal })
  deadLetterRoutes(routes, { stream, cursors, seal })
  operationRoutes(routes, {
    readiness: createReadiness({ stream, store, live }),
    draining: () => draining,
    publicUrl: options.publicUrl,
    stream,
    providers,
    log,
    metrics,
  })
  if (options.browserFiles !== undefined) serveBrowserFiles(app, options.browserFiles)
  const demo = options.demo && demoRoutes(app, routes, { demo: options.demo, cache, users: store.users })
  routes.seal()

  const server = createHttpServer(app)
  const admission = createAdmission({
    addressOf: addressOfRequest,
    limits: options.socketsPerAddress ?? { sockets: Infinity, handshakes: Infinity },
    metrics,
  })
  const sockets = attachSockets({
    ...{ io, cache, invalidations, admission, rateLimit, refusals, live, log, metrics },
    tenants: store.tenants,
    users: store.users,
    onReceived: verbs.received,
  })

  return {
    app,
    routes: routes.table,
    listen: async (port, ...hosts) => {
      io.attach(server.server)
      guardServer(server.server, [
        ...(options.hosts ? [refuseHosts(options.hosts)] : []),
        refuseOrigins(options),
        admission.refusal,
      ])
      return { port: await server.listen(port, ...hosts) }
    },
    drain: async ({ delayMs, ms }) => {
      draining = true
      server.retire()
      if (server.server.listening) await sleep(delayMs)
      server.stopListening()
      const started = performance.now()
      await Promise.all([sockets.drain(ms), sleep(IDLE_GRACE_MS)])
      const left = Math.max(0, ms - (performance.now() - started))
      await within(left, Promise.all([server.answered(), verbs.settled()]))
    },
    close: async () => {
      draining = true
      demo?.close()
      admission.close()
      await sockets.close()
      await server.close(CLOSE_GRACE_MS)
    },
  }
}
