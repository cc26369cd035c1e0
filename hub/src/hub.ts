import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClientAddress } from '@carillon/core/http/client-address'
import type { Hono } from 'hono'
import { BROWSER_PATHS, serveBrowserFiles } from './api/browser.ts'
import { addResources } from './api/resources.ts'
import { demoRoutes } from './demo/demo.ts'
import { createApplication, type Edge } from './http/application.ts'
import { allowHealth, allowOrigins } from './http/cors.ts'
import { guardServer } from './http/guard.ts'
import { allowDelivery, EVENT_PATHS } from './http/media-types.ts'
import { refuseHosts, refuseOrigins } from './http/origin.ts'
import { createRefusals } from './http/refused-credentials.ts'
import { createRoutes, type RouteEntry } from './http/routes.ts'
import { createHttpServer } from './http/server.ts'
import { createVerbs } from './inbox/verbs.ts'
import { createRateLimit } from './limits/rate-limit.ts'
import type { HubOptions, HubPorts } from './options.ts'
import { servePreferencesPage } from './preferences/serve-page.ts'
import { createAdmission } from './sockets/admission.ts'
import { attachSockets } from './sockets/attach.ts'
import { createLongPolls } from './sockets/long-polls.ts'

export type { HubOptions, HubPorts } from './options.ts'

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

/** The paths that front ends use. */
const USER_PATHS = ['/v1/inbox/*', '/v1/devices/*', '/v1/push/*', '/v1/preferences/*', '/v1/me', '/v1/live']
/** Time for requests in flight after `close`. */
const CLOSE_GRACE_MS = 2_000
/** Grace for idle connections in ms, because a client may already be sending its next request. */
const IDLE_GRACE_MS = 100

const within = async (ms: number, work: Promise<unknown>): Promise<void> => {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, limit])
  clearTimeout(timer)
}

/** Creates the HTTP API and the live connections over the given ports. Stateless; any number of hubs may run. */
export const createHub = (ports: HubPorts, options: HubOptions): Hub => {
  const { stream, store, live, cache, invalidations, io, log, metrics } = ports
  const verbs = createVerbs({ ...store, live, stream, log, metrics })
  const longPolls = createLongPolls(live)
  let draining = false

  const app = createApplication({ log, metrics })
  allowOrigins(app, options.origins, [...USER_PATHS, ...BROWSER_PATHS])
  allowHealth(app)
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
  const routes = createRoutes(app, { cache, seal: ports.seal, refusals, rateLimit })
  addResources(routes, ports, {
    ...options,
    verbs,
    longPolls,
    draining: () => draining,
    limitUser: rateLimit.user,
  })
  servePreferencesPage(app)
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
      longPolls.drain()
      const started = performance.now()
      await Promise.all([sockets.drain(ms), sleep(IDLE_GRACE_MS)])
      const left = Math.max(0, ms - (performance.now() - started))
      await within(left, Promise.all([server.answered(), verbs.settled()]))
    },
    close: async () => {
      draining = true
      demo?.close()
      admission.close()
      longPolls.drain()
      longPolls.close()
      await sockets.close()
      await server.close(CLOSE_GRACE_MS)
    },
  }
}
