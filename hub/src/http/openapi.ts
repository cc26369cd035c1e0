import {
  Counts,
  Delivery,
  Device,
  InboxItem,
  InboxPage,
  Notification,
  NotificationStatus,
  NotificationSummary,
  NotificationType,
  Plan,
  PROBLEMS,
  type ProblemCode,
  ProviderAccount,
  PushDevice,
  ShownAccount,
  StoredType,
  Suppression,
  TenantSettings,
  UserProfile,
  withoutTrailingSlash,
} from '@carillon/schemas'
import { z } from 'zod'
import type { RouteEntry } from './routes.ts'

type Json = Record<string, unknown>

/** Schemas that the document names; everything else stands where it is used. */
const NAMED = {
  Counts,
  Delivery,
  Device,
  InboxItem,
  InboxPage,
  Notification,
  NotificationStatus,
  NotificationSummary,
  NotificationType,
  Plan,
  ProviderAccount,
  PushDevice,
  ShownAccount,
  StoredType,
  Suppression,
  TenantSettings,
  UserProfile,
}

const names = new Map<z.core.$ZodType, string>(Object.entries(NAMED).map(([name, schema]) => [schema, name]))

/** What is known of a schema: its own description, and the name it has here. */
const described = Object.assign(z.registry<{ id?: string; description?: string }>(), {
  get: (schema: z.core.$ZodType) => {
    const id = names.get(schema)
    return { ...z.globalRegistry.get(schema), ...(id === undefined ? {} : { id }) }
  },
})

const PROBLEM_SCHEMA = {
  type: 'object',
  description: 'Problem details (RFC 9457)',
  required: ['type', 'title', 'status', 'code', 'detail', 'temporary'],
  properties: {
    type: { type: 'string', examples: ['urn:carillon:problem:not_found'] },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(PROBLEMS), description: 'Stable; for programs' },
    detail: { type: 'string', description: 'For people' },
    temporary: { type: 'boolean', description: 'Whether the same request may succeed later' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'message'],
        properties: {
          pointer: { type: 'string', description: 'Where: a JSON Pointer (RFC 6901)' },
          message: { type: 'string' },
        },
      },
    },
  },
}

/**
 * Converts many schemas at once, so that what they share is defined once, and returns them by key with the
 * definitions. zod writes JSON Schema 2020-12, which is what OpenAPI 3.1 takes.
 */
const convert = (schemas: Record<string, z.ZodType>, io: 'input' | 'output') => {
  const document = z.toJSONSchema(z.object(schemas), { io, metadata: described, unrepresentable: 'any' })
  const moved = JSON.parse(
    JSON.stringify(document)
      .replaceAll('#/$defs/__schema', `#/components/schemas/${io}_`)
      .replaceAll('#/$defs/', '#/components/schemas/'),
  ) as { properties: Record<string, Json>; $defs?: Record<string, Json> }
  const definitions = Object.fromEntries(
    Object.entries(moved.$defs ?? {}).map(([name, { id: _, ...schema }]) => [
      name.replace('__schema', `${io}_`),
      schema,
    ]),
  )
  return { schemas: moved.properties, definitions }
}

const keyOf = ({ method, path }: RouteEntry, part: string | number) => `${method} ${path} ${part}`

/** What credentials, parameters and bodies bring with them, and what a route names itself. */
const problemsOf = (route: RouteEntry): ProblemCode[] => {
  const codes: ProblemCode[] = [...(route.problems ?? []), 'internal']
  if (route.access.kind !== 'open') codes.push('unauthenticated', 'unavailable', 'rate_limited')
  if (route.access.kind === 'sender') codes.push('forbidden')
  if (route.access.kind === 'user') codes.push('token_expired')
  if (route.params || route.query || route.body) codes.push('invalid_request')
  if (route.body || route.rawBody) codes.push('malformed_json', 'payload_too_large', 'unsupported_media_type')
  return [...new Set(codes)]
}

const header = (description: string, example: string) => ({
  description,
  schema: { type: 'string', examples: [example] },
})
const RATE_LIMIT_HEADERS = {
  'Retry-After': header('Seconds until the request may succeed', '1'),
  RateLimit: header(
    'What is left of the tightest limit, and in how many seconds it is unused again',
    '"key";r=0;t=2',
  ),
  'RateLimit-Policy': header('Its quota, and the seconds in which that fills up', '"key";q=200;w=2'),
}

const problemAnswers = (route: RouteEntry) => {
  const byStatus = new Map<number, ProblemCode[]>()
  for (const code of problemsOf(route)) {
    const { status } = PROBLEMS[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('. '),
        ...(status === 429 ? { headers: RATE_LIMIT_HEADERS } : {}),
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  )
}

const security = ({ access }: RouteEntry) => {
  if (access.kind === 'open') return []
  return access.kind === 'user' ? [{ userToken: [] }] : [{ apiKey: [access.scope] }]
}

/** The OpenAPI 3.1 document of these routes; `publicUrl` is where clients reach them. */
export const openApiDocument = (routes: readonly RouteEntry[], publicUrl?: string): Json => {
  const inputs: Record<string, z.ZodType> = {}
  const outputs: Record<string, z.ZodType> = {}
  for (const route of routes) {
    for (const part of ['params', 'query', 'headers', 'body'] as const) {
      const schema = route[part]
      if (schema) inputs[keyOf(route, part)] = schema
    }
    for (const [status, { schema }] of Object.entries(route.answers))
      if (schema) outputs[keyOf(route, status)] = schema
  }
  const read = convert(inputs, 'input')
  const written = convert(outputs, 'output')

  const parameters = (route: RouteEntry, part: 'params' | 'query' | 'headers', place: string) => {
    const { properties = {}, required = [] } = (read.schemas[keyOf(route, part)] ?? {}) as {
      properties?: Record<string, Json>
      required?: string[]
    }
    return Object.entries(properties).map(([name, schema]) => ({
      name,
      in: place,
      required: place === 'path' || required.includes(name),
      schema,
    }))
  }

  const operation = (route: RouteEntry) => ({
    operationId: `${route.method}${route.path.replaceAll(/[^A-Za-z0-9]+(\w?)/g, (_, next: string) => next.toUpperCase())}`,
    summary: route.summary,
    tags: [route.path.split('/')[2] ?? 'operation'],
    security: security(route),
    parameters: [
      ...parameters(route, 'params', 'path'),
      ...parameters(route, 'query', 'query'),
      ...parameters(route, 'headers', 'header'),
    ],
    ...(route.body
      ? {
          requestBody: {
            required: !route.bodyOptional,
            content: {
              'application/json': { schema: read.schemas[keyOf(route, 'body')] },
              ...Object.fromEntries((route.moreTypes ?? []).map((type) => [type, {}])),
            },
          },
        }
      : {}),
    ...(route.rawBody && route.method !== 'get' ? { requestBody: { content: { '*/*': {} } } } : {}),
    responses: {
      ...Object.fromEntries(
        Object.entries(route.answers).map(([status, { description, schema, type }]) => [
          status,
          {
            description,
            ...(schema || type
              ? {
                  content: {
                    [type ?? 'application/json']: { schema: written.schemas[keyOf(route, status)] ?? {} },
                  },
                }
              : {}),
          },
        ]),
      ),
      ...problemAnswers(route),
    },
  })

  const paths: Record<string, Json> = {}
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method]: operation(route) }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Carillon',
      version: '1',
      description: 'Notifications from backends to the bells of their users',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    ...(publicUrl === undefined ? {} : { servers: [{ url: withoutTrailingSlash(publicUrl) }] }),
    paths,
    components: {
      schemas: { ...read.definitions, ...written.definitions, Problem: PROBLEM_SCHEMA },
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'An API key of a backend; scopes are listed' },
        userToken: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'A token of one user',
        },
      },
    },
  }
}
