import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Stream } from '@carillon/core/stream/port'
import { exposition } from '@carillon/core/telemetry/exposition'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { type Checkable, createReadiness } from '@carillon/core/telemetry/readiness'

/**
 * Serves `/healthz` (the process runs), `/readyz` (it has reached its dependencies; their states now) and `/metrics`
 * (Prometheus text). After `drain`, `/readyz` responds with 503 until `close`.
 */
export const listenHealth = async (
  ports: { stream: Stream; store: Checkable; live: Checkable; log: Log; metrics: Metrics },
  port: number,
  host?: string,
): Promise<{ port: number; drain(): void; close(): Promise<void> }> => {
  const { stream, store, live, log, metrics } = ports
  let draining = false
  const readiness = createReadiness({ stream, store, live })
  const answer = async (
    path: string | undefined,
  ): Promise<{ status: number; type: string; body: string }> => {
    if (path === '/healthz') return { status: 200, type: 'application/json', body: '{"status":"ok"}' }
    if (path === '/readyz') {
      const { status: own, parts } = await readiness()
      const status = draining ? 'draining' : own
      const body = JSON.stringify({ status, parts })
      return {
        status: status === 'ready' || status === 'degraded' ? 200 : 503,
        type: 'application/json',
        body,
      }
    }
    if (path === '/metrics') {
      const { type, body } = await exposition({ metrics, stream, readiness, log })
      return { status: 200, type, body }
    }
    return { status: 404, type: 'text/plain', body: 'not found' }
  }
  const server = createServer(async (request, response) => {
    const { status, type, body } = await answer(request.url?.split('?')[0]).catch((error) => ({
      status: 503,
      type: 'text/plain',
      body: String(error),
    }))
    if (draining) response.shouldKeepAlive = false
    response.writeHead(status, { 'content-type': type }).end(body)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host }, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    drain: () => {
      draining = true
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
      }),
  }
}
