import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { ProblemError } from '@carillon/core/errors'
import { checked } from '@carillon/core/json/checked'
import { parseJson } from '@carillon/core/json/json'
import type { Scope, Sender } from '@carillon/core/security/api-keys'
import type { Seal } from '@carillon/core/security/seal'
import type { EndUser } from '@carillon/core/security/user-tokens'
import { isJsonObject, type ProblemCode, problem } from '@carillon/schemas'
import type { Context, Hono } from 'hono'
import { z } from 'zod'
import type { RateLimit } from '../limits/rate-limit.ts'
import type { Edge } from './application.ts'
import { authenticateLink, authenticateSender, authenticateUser, type LinkedOwner } from './auth.ts'
import { readBody, readRawBody } from './body.ts'
import { setHeaders } from './headers.ts'
import { incomingOf } from './incoming.ts'
import type { Tag } from './openapi/tags.ts'
import { answerProblem } from './problems.ts'
import type { Refusals } from './refused-credentials.ts'

/** Maximum body for a route that sets no limit of its own. */
export const BODY_MAX_BYTES = 65_536

/** One route: the validation of its input, and its documentation. */
export type Route<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> = {
  method: 'get' | 'put' | 'post' | 'patch' | 'delete'
  /** As OpenAPI writes it: `/v1/users/{id}`. */
  path: string
  /** The name of the operation in generated clients: a verb and its object. It never changes, as clients call it. */
  operationId: string
  tag: Tag
  /** A few words in the imperative; `description` adds sentences. */
  summary: string
  description: string
  params?: P
  /** Whether parameters are never words. A path such as `/v1/inbox/seen` then does not match `/v1/inbox/{id}`. */
  neverWords?: boolean
  query?: Q
  headers?: z.ZodObject
  body?: B
  /**
   * Properties that `GET` returns and the server sets. They are ignored in the body, so that `PUT` accepts
   * what `GET` returned.
   */
  readOnly?: readonly string[]
  bodyMaxBytes?: number
  /** The body is read with `bytes`, and documented as this `content`. */
  rawBody?: Record<string, object>
  /**
   * Other media types of the body. The handler checks which one was sent, and reads it with `bytes`. It may
   * accept more types than these, because code generators fail at unions with lists.
   */
  moreTypes?: Record<string, z.ZodType>
  /** The shape of a 422, if it also has results of entries. */
  batch?: z.ZodType
  /** An empty body is read as `{}`. */
  bodyOptional?: boolean
  /** Excluded from the OpenAPI document, because it may change at any time. */
  internal?: boolean
  /** Successful responses by status; a description names the outcome. Without a schema and a type they have no body. */
  answers: Record<number, { description: string; schema?: z.ZodType; type?: string }>
  /** Problems besides those of credentials, parameters and bodies. */
  problems?: readonly ProblemCode[]
}

/**
 * Returns the route itself. It infers the types of the input for a route that is described separately from
 * its handler.
 */
export const defineRoute = <P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>(
  route: Route<P, Q, B>,
): Route<P, Q, B> => route

/**
 * The input of a handler. `bytes` and `body` read the body, once. `bytes` takes an optional limit that
 * overrides the route's; `body` validates with the schema.
 */
export type Request<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> = {
  c: Context<Edge>
  params: z.output<P>
  query: z.output<Q>
  bytes(limit?: number): Promise<Uint8Array>
  body(): Promise<z.output<B>>
}

/** `page`: the token of a link to the preferences page, which opens nothing else. */
export type Access = { kind: 'sender'; scope: Scope } | { kind: 'user' } | { kind: 'page' } | { kind: 'open' }
export type RouteEntry = Route<z.ZodObject, z.ZodObject, z.ZodType> & { access: Access }

const NOTHING = z.object({})

const allowsEmpty = (schema: z.core.$ZodType | undefined): boolean =>
  schema !== undefined && z.globalRegistry.get(schema)?.allowEmptyValue === true

/**
 * Returns the query parameters by name. An empty one (`?after=`) that the schema defines is omitted, unless
 * its metadata has `allowEmptyValue`. A repeated one becomes a list, which the schema rejects.
 */
const queryOf = (c: Context<Edge>, { shape }: z.ZodObject) =>
  Object.fromEntries(
    Object.entries(c.req.queries())
      .map(([name, values]) => [name, values.length === 1 ? values[0] : values] as const)
      .filter(([name, value]) => value !== '' || !Object.hasOwn(shape, name) || allowsEmpty(shape[name])),
  )

/** Returns the path parameters. Throws `invalid_request` for a malformed percent-encoding, which Hono would take literally. */
const paramsOf = (c: Context<Edge>) => {
  const params = c.req.param()
  const [path = ''] = c.req.url.split('?', 1)
  if (path.includes('%'))
    try {
      decodeURIComponent(path)
    } catch (cause) {
      throw new ProblemError('invalid_request', 'the path is not percent-encoded UTF-8', { cause })
    }
  return params
}

/** Returns a JSON object without these properties, and other values unchanged. */
const without = (names: readonly string[], value: unknown): unknown => {
  if (names.length === 0 || !isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)))
}

/** Returns the input of a handler. Throws `invalid_request` for invalid parameters; the body is read later. */
const requestOf = <P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>(
  c: Context<Edge>,
  route: Route<P, Q, B>,
): Request<P, Q, B> => {
  const limit = route.bodyMaxBytes ?? BODY_MAX_BYTES
  const read = route.rawBody || route.moreTypes ? readRawBody : readBody
  const bytes = (most = limit) => read(c, most)
  return {
    c,
    params: (route.params ? checked(route.params, paramsOf(c), 'path') : {}) as z.output<P>,
    query: (route.query ? checked(route.query, queryOf(c, route.query), 'query') : {}) as z.output<Q>,
    bytes,
    body: async () => {
      const raw = await bytes()
      const value = raw.length === 0 && route.bodyOptional ? {} : parseJson(raw)
      return checked(route.body ?? NOTHING, without(route.readOnly ?? [], value), 'body') as z.output<B>
    },
  }
}

/** Adds routes to the application with their authentication, and collects them for the OpenAPI document. */
export const createRoutes = (
  app: Hono<Edge>,
  parts: { cache: SettingsCache; seal: Seal; refusals: Refusals; rateLimit: RateLimit },
) => {
  const { cache, seal, refusals, rateLimit } = parts
  const table: RouteEntry[] = []
  const literal = new Set<string>()

  const add = <P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType, Caller>(
    access: Access,
    route: Route<P, Q, B>,
    authenticate: (c: Context<Edge>) => Promise<Caller>,
    handle: (request: Request<P, Q, B>, caller: Caller) => Promise<Response> | Response,
  ) => {
    table.push({ ...route, access } as unknown as RouteEntry)
    if (!route.path.includes('{')) literal.add(route.path)
    app.on(route.method, route.path.replaceAll(/\{(\w+)\}/g, ':$1'), async (c, next) => {
      if (route.neverWords && literal.has(c.req.path)) return next()
      c.set('route', route.path)
      const caller = await authenticate(c).catch((error: unknown) => {
        const answer = refusals(error)
        const limited = rateLimit.refused(error, incomingOf(c))
        throw limited === error ? answer : limited
      })
      return handle(requestOf(c, route), caller)
    })
  }

  return {
    table: table as readonly RouteEntry[],

    /** Adds a route for backends, which need an API key with this scope. */
    sender: <P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>(
      scope: Scope,
      route: Route<P, Q, B>,
      handle: (request: Request<P, Q, B>, sender: Sender) => Promise<Response> | Response,
    ) =>
      add(
        { kind: 'sender', scope },
        route,
        async (c) => {
          const sender = await authenticateSender(cache, c.req, scope)
          c.set('tenant', sender.tenant)
          setHeaders(c, await rateLimit.sender(sender))
          return sender
        },
        handle,
      ),

    /** Adds a route for users, who need a user token and can access only their own data. */
    user: <P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>(
      route: Route<P, Q, B>,
      handle: (request: Request<P, Q, B>, user: EndUser) => Promise<Response> | Response,
    ) =>
      add(
        { kind: 'user' },
        route,
        async (c) => {
          const user = await authenticateUser(cache, c.req)
          c.set('tenant', user.tenant)
          setHeaders(c, await rateLimit.user(user))
          return user
        },
        handle,
      ),

    /** Adds a route of the preferences page, which sends the token of its link. */
    page: <P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>(
      route: Route<P, Q, B>,
      handle: (request: Request<P, Q, B>, owner: LinkedOwner) => Promise<Response> | Response,
    ) =>
      add(
        { kind: 'page' },
        route,
        async (c) => {
          const owner = await authenticateLink({ cache, seal }, c.req)
          c.set('tenant', owner.tenant)
          setHeaders(c, await rateLimit.user({ tenant: owner.tenant, user: owner.user ?? '' }))
          return owner
        },
        handle,
      ),

    /** Adds a route without authentication. */
    open: <P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>(
      route: Route<P, Q, B>,
      handle: (request: Request<P, Q, B>) => Promise<Response> | Response,
    ) => add({ kind: 'open' }, route, async () => undefined, handle),

    /** Responds with 405 and `Allow` to other methods of every known address. Call it after the last route. */
    seal: () => {
      const methods = new Map<string, string[]>()
      for (const { path, method } of table)
        methods.set(path, [...(methods.get(path) ?? []), method.toUpperCase()])
      for (const [path, allowed] of methods)
        app.all(path.replaceAll(/\{(\w+)\}/g, ':$1'), (c) => {
          c.set('route', path)
          c.header('allow', allowed.join(', '))
          return answerProblem(
            c,
            problem('method_not_allowed', `the methods of this address are ${allowed.join(', ')}`),
          )
        })
    },
  }
}

export type Routes = ReturnType<typeof createRoutes>
