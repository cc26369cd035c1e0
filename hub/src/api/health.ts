import type { Providers } from '@carillon/core/delivery/provider'
import { ProblemError } from '@carillon/core/errors'
import type { Stream } from '@carillon/core/stream/port'
import { exposition } from '@carillon/core/telemetry/exposition'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { Readiness } from '@carillon/core/telemetry/readiness'
import { jsonSchemas } from '@carillon/schemas'
import { z } from 'zod'
import { openApiDocument } from '../http/openapi/document.ts'
import type { Routes } from '../http/routes.ts'
import { getHealth, getJsonSchema, getMetrics, getOpenApiDocument, getReadiness } from './health-openapi.ts'

/** Reports whether a load balancer should forward requests. */
const isServing = (status: string) => status === 'ready' || status === 'degraded'

/** Adds the routes for operators and their tools. */
export const healthRoutes = (
  routes: Routes,
  parts: {
    readiness: () => Promise<Readiness>
    draining: () => boolean
    stream: Stream
    providers: Providers
    log: Log
    metrics: Metrics
    publicUrl?: string
  },
) => {
  const { readiness, draining, stream, providers, log, metrics, publicUrl } = parts
  const schemas = new Map<string, unknown>(
    Object.entries(jsonSchemas()).map(([name, schema]) => [`${name}.json`, schema]),
  )
  // The API also enforces rules that JSON Schema cannot express.
  for (const [name, { config }] of providers)
    schemas.set(
      `provider-${name}.json`,
      z.toJSONSchema(config, { io: 'input', reused: 'inline', unrepresentable: 'any' }),
    )
  let document: Record<string, unknown> | undefined

  routes.open(getHealth, ({ c }) => c.json({ status: 'ok' }))

  routes.open(getReadiness, async ({ c }) => {
    const { status: own, parts } = await readiness()
    const status = draining() ? 'draining' : own
    return c.json({ status, parts }, isServing(status) ? 200 : 503, { 'cache-control': 'no-store' })
  })

  routes.open(getMetrics, async ({ c }) => {
    const { type, body } = await exposition({ metrics, stream, readiness, log })
    return c.body(body, 200, { 'content-type': type })
  })

  routes.open(getOpenApiDocument, ({ c }) => {
    document ??= openApiDocument(routes.table, publicUrl)
    return c.json(document)
  })

  routes.open(getJsonSchema, ({ c, params }) => {
    const schema = schemas.get(params.file)
    if (!schema)
      throw new ProblemError(
        'not_found',
        `no such schema; known schemas are ${[...schemas.keys()].join(', ')}`,
      )
    return c.body(JSON.stringify(schema), 200, { 'content-type': 'application/schema+json' })
  })
}
