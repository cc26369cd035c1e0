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

const Health = z
  .object({ status: z.literal('ok').describe('Always `ok`') })
  .meta({ id: 'Health', description: 'The process is alive', examples: [{ status: 'ok' }] })

const ReadinessStatus = z
  .enum(['ready', 'draining', 'unready'])
  .meta({ id: 'ReadinessStatus', description: '`draining`: the hub is about to stop' })

const Ready = z
  .object({
    status: ReadinessStatus,
    parts: z.record(z.string(), z.string()).describe('The state of each dependency: `ok`, or what is wrong'),
  })
  .meta({
    id: 'Readiness',
    description: 'Whether the hub can serve requests',
    examples: [{ status: 'ready', parts: { stream: 'ok', store: 'ok', live: 'ok' } }],
  })

const OpenApiDocument = z
  .looseObject({ openapi: z.string().describe('The version of OpenAPI') })
  .meta({ id: 'OpenApiDocument', description: 'An OpenAPI document', examples: [{ openapi: '3.1.0' }] })

/** For operators and their tools. */
export const operationRoutes = (
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
  // Rules that only code can check are enforced by the API.
  for (const [name, { config }] of providers)
    schemas.set(
      `provider-${name}.json`,
      z.toJSONSchema(config, { io: 'input', reused: 'inline', unrepresentable: 'any' }),
    )
  let document: Record<string, unknown> | undefined

  routes.open(
    {
      method: 'get',
      path: '/healthz',
      operationId: 'getHealth',
      tag: 'Operations',
      summary: 'Check that the process is alive',
      description: 'Responds as long as the process can. It asks no dependency.',
      answers: { 200: { description: 'Alive', schema: Health } },
    },
    ({ c }) => c.json({ status: 'ok' }),
  )

  routes.open(
    {
      method: 'get',
      path: '/readyz',
      operationId: 'getReadiness',
      tag: 'Operations',
      summary: 'Check that the hub can serve requests',
      description: 'Asks every dependency. For load balancers: a hub that is about to stop is not ready.',
      answers: {
        200: { description: 'Ready', schema: Ready },
        503: { description: 'Not ready, or draining', schema: Ready },
      },
    },
    async ({ c }) => {
      const { ready, parts } = await readiness()
      const status = draining() ? 'draining' : ready ? 'ready' : 'unready'
      return c.json({ status, parts }, status === 'ready' ? 200 : 503, { 'cache-control': 'no-store' })
    },
  )

  routes.open(
    {
      method: 'get',
      path: '/metrics',
      operationId: 'getMetrics',
      tag: 'Operations',
      summary: 'Get metrics',
      description: 'Returns the metrics of this process for Prometheus.',
      answers: {
        200: { description: 'Metrics in the text exposition format', schema: z.string(), type: 'text/plain' },
      },
    },
    async ({ c }) => {
      const { type, body } = await exposition({ metrics, stream, log })
      return c.body(body, 200, { 'content-type': type })
    },
  )

  routes.open(
    {
      method: 'get',
      path: '/openapi.json',
      operationId: 'getOpenApiDocument',
      tag: 'Operations',
      summary: 'Get this document',
      description: 'Returns the OpenAPI 3.1 document of this API, from which clients are generated.',
      answers: { 200: { description: 'The OpenAPI document', schema: OpenApiDocument } },
    },
    ({ c }) => {
      document ??= openApiDocument(routes.table, publicUrl)
      return c.json(document)
    },
  )

  routes.open(
    {
      method: 'get',
      path: '/schemas/{file}',
      operationId: 'getJsonSchema',
      tag: 'Operations',
      summary: 'Get a JSON Schema',
      description:
        'Returns one of the JSON Schemas of what crosses the wire, such as `notification.json`, and of the `config` of provider accounts, such as `provider-smtp.json`. A 404 lists them.',
      params: z.object({
        file: z.string().meta({ description: 'The file name', examples: ['notification.json'] }),
      }),
      answers: {
        200: {
          description: 'The JSON Schema',
          schema: z.record(z.string(), z.unknown()),
          type: 'application/schema+json',
        },
      },
      problems: ['not_found'],
    },
    ({ c, params }) => {
      const schema = schemas.get(params.file)
      if (!schema) throw new ProblemError('not_found', `there are ${[...schemas.keys()].join(', ')}`)
      return c.body(JSON.stringify(schema), 200, { 'content-type': 'application/schema+json' })
    },
  )
}
