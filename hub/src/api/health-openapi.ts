import { z } from 'zod'
import { defineRoute } from '../http/routes.ts'

const Health = z
  .object({ status: z.literal('ok').describe('Always `ok`') })
  .meta({ id: 'Health', description: 'The process is alive', examples: [{ status: 'ok' }] })

const ReadinessStatus = z.enum(['ready', 'degraded', 'draining', 'unready']).meta({
  id: 'ReadinessStatus',
  description:
    '`degraded`: a dependency is unavailable now. `draining`: the hub is stopping. `unready`: the hub has not reached every dependency yet',
})

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

export const getHealth = defineRoute({
  method: 'get',
  path: '/healthz',
  operationId: 'getHealth',
  tag: 'Operations',
  summary: 'Check that the process is alive',
  description: 'Responds while the process runs. Dependencies are not checked.',
  answers: { 200: { description: 'Alive', schema: Health } },
})

export const getReadiness = defineRoute({
  method: 'get',
  path: '/readyz',
  operationId: 'getReadiness',
  tag: 'Operations',
  summary: 'Check that the hub can serve requests',
  description:
    'For load balancers. A hub is ready after it has reached every dependency, until it starts to stop. It stays ready while a dependency is unavailable: it then serves what it can, and answers other requests with 503 and `Retry-After`.',
  answers: {
    200: { description: 'Ready or degraded', schema: Ready },
    503: { description: 'Not ready yet, or draining', schema: Ready },
  },
})

export const getMetrics = defineRoute({
  method: 'get',
  path: '/metrics',
  operationId: 'getMetrics',
  tag: 'Operations',
  summary: 'Get metrics',
  description: 'Returns the metrics of this process for Prometheus.',
  answers: {
    200: { description: 'Metrics in the text exposition format', schema: z.string(), type: 'text/plain' },
  },
})

export const getOpenApiDocument = defineRoute({
  method: 'get',
  path: '/openapi.json',
  operationId: 'getOpenApiDocument',
  tag: 'Operations',
  summary: 'Get this document',
  description: 'Returns the OpenAPI 3.1 document of this API, from which clients are generated.',
  answers: { 200: { description: 'The OpenAPI document', schema: OpenApiDocument } },
})

export const getJsonSchema = defineRoute({
  method: 'get',
  path: '/schemas/{file}',
  operationId: 'getJsonSchema',
  tag: 'Operations',
  summary: 'Get a JSON Schema',
  description:
    'Returns a JSON Schema: of a wire format, such as `notification.json`, or of the `config` of provider accounts, such as `provider-smtp.json`. A 404 lists the file names.',
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
})
