import type { Invalidations } from '@carillon/core/cache/invalidation/port'
import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import type { Providers } from '@carillon/core/delivery/provider'
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
import type { Demo } from './demo/demo.ts'
import type { Idempotency } from './idempotency/port.ts'
import type { RequestRates } from './limits/rate-limit.ts'
import type { RequestLimits } from './limits/requests.ts'
import type { SocketLimits } from './sockets/admission.ts'

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
  /** Public URL of the hub, for provider callbacks. Default: derived from each request. */
  publicUrl?: string
  /** Accept web push endpoints outside the known push services. */
  anyPushOrigin?: boolean
  /** Folder of the browser files: /client.js and web push. */
  browserFiles?: URL
  /** Development only: a 401 states the reason, which otherwise is only logged. */
  explainRefusals?: boolean
  /** Development only: messages for which the tenant has no account are captured. */
  capturesMessages?: boolean
  /** Development only: serve the demo page, which issues tokens. */
  demo?: Demo
}
