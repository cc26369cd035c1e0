import type { Providers } from '@carillon/core/delivery/provider'
import { ProblemError } from '@carillon/core/errors'
import type { Stream } from '@carillon/core/stream/port'
import { exposition } from '@carillon/core/telemetry/exposition'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { Readiness } from '@carillon/core/telemetry/readiness'
import { jsonSchemas } from '@carillon/schemas'
import { z } from 'zod'
import { openApiDocument } from '../http/openapi.ts'
import type { Routes } from '../http/routes.ts'

const Ready = z.object({
  status: z.enum(['ready', 'draining', 'unready']),
  parts: z.record(z.string(), z.string()).describe('`ok`, or what is wrong'),
})

/** For those who run Carillon, and for their tools. */
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
  // What only code can check of a config is left to the answer of the API.
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
      summary: 'Whether the process lives',
      answers: { 200: { description: 'It does', schema: z.object({ status: z.literal('ok') }) } },
    },
    ({ c }) => c.json({ status: 'ok' }),
  )

  routes.open(
    {
      method: 'get',
      path: '/readyz',
      summary: 'Whether the hub can do its work: its dependencies are asked',
      answers: {
        200: { description: 'It can', schema: Ready },
        503: { description: 'It cannot, or is about to end', schema: Ready },
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
      summary: 'Measurements, for Prometheus',
      answers: { 200: { description: 'Text exposition format', type: 'text/plain' } },
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
      summary: 'This document',
      answers: { 200: { description: 'OpenAPI 3.1', schema: z.looseObject({ openapi: z.string() }) } },
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
      summary:
        'JSON Schemas of what senders write and readers get, such as notification.json, and of what provider accounts hold, such as provider-smtp.json',
      params: z.object({ file: z.string() }),
      answers: { 200: { description: 'A JSON Schema', type: 'application/schema+json' } },
      problems: ['not_found'],
    },
    ({ c, params }) => {
      const schema = schemas.get(params.file)
      if (!schema) throw new ProblemError('not_found', `there are ${[...schemas.keys()].join(', ')}`)
      return c.body(JSON.stringify(schema), 200, { 'content-type': 'application/schema+json' })
    },
  )
}
