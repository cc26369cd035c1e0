import { withoutTrailingSlash } from '@carillon/schemas'
import type { z } from 'zod'
import { IDEMPOTENCY_HEADER } from '../../idempotency/idempotent.ts'
import type { RouteEntry } from '../routes.ts'
import { componentsOf, type Json } from './components.ts'
import { exampleOf } from './example.ts'
import { HEADERS, IDEMPOTENCY_REPLAYED, RATE_LIMIT_HEADERS, REQUEST_ID } from './headers.ts'
import { ProblemSchema, problemExamples, problemResponses } from './problems.ts'
import { TAGS } from './tags.ts'
import { WEBHOOK_SCHEMAS, WEBHOOKS } from './webhooks.ts'

const SECURITY_SCHEMES = {
  apiKey: {
    type: 'http',
    scheme: 'bearer',
    description:
      'An API key of a backend, starting with `ck_`. Each operation names the scope that the key needs',
  },
  userToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'A token of one user, for front ends. `issueUserToken` issues one',
  },
}

const DESCRIPTION = `Notifications from backends to the bells of their users.

- Bodies are JSON in UTF-8. Unknown properties of a request are refused; responses may gain properties.
- \`PUT\` takes what \`GET\` returned: read-only properties such as \`id\` are ignored, and omitted credentials are kept.
- Errors are problem details (RFC 9457) with a stable \`code\`.
- Lists are read page by page: pass \`limit\`, and the \`next\` of a page as \`before\` or \`after\` of the following request. A cursor belongs
  to the list and the filters it was made for. \`next\` is null on the last page.
- Numbers in JSON have to be exact as IEEE 754 doubles; others are sent as strings.`

const keyOf = ({ method, path }: RouteEntry, part: string | number) => `${method} ${path} ${part}`

const security = ({ access }: RouteEntry) => {
  if (access.kind === 'open') return []
  return access.kind === 'sender' ? [{ apiKey: [access.scope] }] : [{ userToken: [] }]
}

/** Returns the media type object of a schema, with the example in its metadata, if any. */
const media = (schema: Json | undefined, from: z.ZodType | undefined): Json => {
  const example = from && exampleOf(from)
  return { schema: schema ?? {}, ...(example === undefined ? {} : { example }) }
}

type Schemas = { inputs: Record<string, Json>; outputs: Record<string, Json> }

const parametersOf = (route: RouteEntry, { inputs }: Schemas) => {
  const places = [
    ['params', 'path'],
    ['query', 'query'],
    ['headers', 'header'],
  ] as const
  return places.flatMap(([part, place]) => {
    const { properties = {}, required = [] } = (inputs[keyOf(route, part)] ?? {}) as {
      properties?: Record<string, Json>
      required?: string[]
    }
    return Object.entries(properties).map(([name, { description, allowEmptyValue, ...schema }]) => ({
      name,
      in: place,
      required: place === 'path' || required.includes(name),
      ...(description === undefined ? {} : { description }),
      ...(allowEmptyValue === undefined ? {} : { allowEmptyValue }),
      schema,
    }))
  })
}

const requestBodyOf = (route: RouteEntry, { inputs }: Schemas) => {
  if (route.rawBody) return route.method === 'get' ? {} : { requestBody: { content: route.rawBody } }
  if (!route.body) return {}
  const more = Object.entries(route.moreTypes ?? {}).map(([type, schema]) => [
    type,
    media(inputs[keyOf(route, type)], schema),
  ])
  return {
    requestBody: {
      required: !route.bodyOptional,
      content: {
        'application/json': media(inputs[keyOf(route, 'body')], route.body),
        ...Object.fromEntries(more),
      },
    },
  }
}

const responsesOf = (route: RouteEntry, { outputs }: Schemas) => {
  const headers = {
    ...REQUEST_ID,
    ...(route.access.kind === 'open' ? {} : RATE_LIMIT_HEADERS),
    ...(route.headers && IDEMPOTENCY_HEADER in route.headers.shape ? IDEMPOTENCY_REPLAYED : {}),
  }
  const good = Object.entries(route.answers).map(([status, { description, schema, type }]) => [
    status,
    {
      description,
      headers,
      ...(schema || type
        ? { content: { [type ?? 'application/json']: media(outputs[keyOf(route, status)], schema) } }
        : {}),
    },
  ])
  return { ...problemResponses(route), ...Object.fromEntries(good) }
}

const operationOf = (route: RouteEntry, schemas: Schemas) => ({
  operationId: route.operationId,
  summary: route.summary,
  description: route.description,
  tags: [route.tag],
  security: security(route),
  parameters: parametersOf(route, schemas),
  ...requestBodyOf(route, schemas),
  responses: responsesOf(route, schemas),
})

const schemasOf = (routes: readonly RouteEntry[]) => {
  const inputs: Record<string, z.ZodType> = {}
  const outputs: Record<string, z.ZodType> = { ...WEBHOOK_SCHEMAS, Problem: ProblemSchema }
  for (const route of routes) {
    for (const part of ['params', 'query', 'headers', 'body'] as const) {
      const schema = route[part]
      if (schema) inputs[keyOf(route, part)] = schema
    }
    for (const [type, schema] of Object.entries(route.moreTypes ?? {})) inputs[keyOf(route, type)] = schema
    for (const [status, { schema }] of Object.entries(route.answers))
      if (schema) outputs[keyOf(route, status)] = schema
    if (route.batch) outputs[keyOf(route, 'problem')] = route.batch
  }
  return componentsOf(inputs, outputs)
}

/** Adds the read-only properties of a resource to the schema of its body; for a union, to every member. */
const addReadOnly = (schema: Json, names: readonly string[], definitions: Record<string, Json>): void => {
  const { $ref, oneOf } = schema as { $ref?: string; oneOf?: Json[] }
  const named = $ref === undefined ? undefined : definitions[$ref.slice($ref.lastIndexOf('/') + 1)]
  if (named) addReadOnly(named, names, definitions)
  else if (oneOf) for (const member of oneOf) addReadOnly(member, names, definitions)
  else {
    const ignored = names.map((name) => [name, { description: 'Read-only: ignored in a request' }])
    schema.properties = { ...(schema.properties as Json), ...Object.fromEntries(ignored) }
  }
}

/**
 * Returns the OpenAPI 3.1 document of these routes, without internal ones. `publicUrl`: where clients reach
 * them; `/` by default.
 */
export const openApiDocument = (all: readonly RouteEntry[], publicUrl?: string): Json => {
  const routes = all.filter(({ internal }) => !internal)
  const { definitions, ...schemas } = schemasOf(routes)
  for (const { readOnly, ...route } of routes) {
    const body = schemas.inputs[keyOf(route, 'body')]
    if (readOnly && body) addReadOnly(body, readOnly, definitions)
  }
  const paths: Record<string, Json> = {}
  for (const route of routes)
    paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route, schemas) }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Carillon',
      version: '1',
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: publicUrl === undefined ? '/' : withoutTrailingSlash(publicUrl) }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    webhooks: WEBHOOKS,
    components: {
      schemas: definitions,
      headers: HEADERS,
      examples: problemExamples(routes),
      securitySchemes: SECURITY_SCHEMES,
    },
  }
}
