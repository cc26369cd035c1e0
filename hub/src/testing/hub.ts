/**
 * A complete hub for tests over embedded parts in memory.
 * @module
 */
import { randomUUID } from 'node:crypto'
import { announced } from '@carillon/core/cache/invalidation/announced'
import { inProcessInvalidations } from '@carillon/core/cache/invalidation/in-process'
import { createSettingsCache } from '@carillon/core/cache/settings-cache'
import type { CallbackResult, Provider } from '@carillon/core/delivery/provider'
import { ProblemError } from '@carillon/core/errors'
import { createHttp } from '@carillon/core/http/client'
import { memoryLimits } from '@carillon/core/limits/memory'
import { inProcessLive } from '@carillon/core/live/in-process'
import { standaloneServer } from '@carillon/core/live/server'
import { itemId } from '@carillon/core/notification/ids'
import { newApiKey, SCOPES, type Scope } from '@carillon/core/security/api-keys'
import { newTenant } from '@carillon/core/security/new-tenant'
import { createSeal } from '@carillon/core/security/seal'
import { signUserToken } from '@carillon/core/security/user-tokens'
import { openDatabase } from '@carillon/core/sqlite/database'
import type { Store } from '@carillon/core/store/port'
import { sqliteStore } from '@carillon/core/store/sqlite'
import { embeddedStream } from '@carillon/core/stream/embedded'
import type { Message, Stream } from '@carillon/core/stream/port'
import { createLog } from '@carillon/core/telemetry/log'
import { createMetrics } from '@carillon/core/telemetry/metrics'
import type { InboxContent, ItemContent, Problem, Queue } from '@carillon/schemas'
import { vi } from 'vitest'
import { z } from 'zod'
import { createHub, type Hub } from '../hub.ts'
import { embeddedIdempotency } from '../idempotency/embedded.ts'
import { createRequestLimits } from '../limits/requests.ts'
import type { HubOptions, HubPorts } from '../options.ts'

/**
 * A provider that reports the content of a callback, if it is signed with the account's token. Answers
 * challenges.
 */
const parrot: Provider<{ token: string; host: string; url?: string; hooks?: { url: string }[] }> = {
  name: 'parrot',
  channels: ['sms', 'email'],
  config: z.strictObject({
    token: z.string().min(8),
    host: z.string(),
    url: z.string().optional(),
    hooks: z.array(z.strictObject({ url: z.string() })).optional(),
  }),
  repeatable: false,
  concurrency: 1,
  needs: (channel) => (channel === 'email' ? 'email' : 'phone'),
  open: () => {
    throw new Error('the hub sends nothing')
  },
  callback: async ({ method, url, headers, body }, { token }): Promise<CallbackResult> => {
    if (headers['x-signature'] !== `${token} ${url}`)
      throw new ProblemError('forbidden', 'the callback is not signed with the token of the account')
    if (method === 'GET')
      return { reports: [], answer: { status: 200, body: new URL(url).searchParams.get('challenge') ?? '' } }
    return { reports: JSON.parse(Buffer.from(body).toString()) }
  },
}
/** A provider whose callbacks contain many reports. */
const flock: typeof parrot = { ...parrot, name: 'flock', callbackMaxBytes: 2 * 1_024 * 1_024 }
/** A provider without callbacks. */
const mute: Provider = {
  ...parrot,
  name: 'mute',
  channels: ['telegram'],
  config: z.strictObject({}),
  callback: undefined,
}

export type Call = {
  token?: string
  /** Strings and bytes are sent unchanged, anything else as JSON. */
  body?: unknown
  headers?: Record<string, string>
}

export type Reply<T = Record<string, unknown>> = {
  status: number
  headers: Headers
  text: string
  /** The body as JSON. */
  json: T & Partial<Problem>
}

/** A new tenant, with calls for its backends and users. */
export type TestTenant = {
  id: string
  /** An API key with every scope. */
  key: string
  keyWith(...scopes: Scope[]): Promise<string>
  userToken(user: string, seconds?: number, contexts?: readonly string[]): Promise<string>
  /** Stores an item that is `age` ms old, as a dispatcher does, and returns its content. */
  item(user: string, content?: Partial<ItemContent>, age?: number): Promise<ItemContent>
}

/** Returns a function that calls the API. */
const caller =
  ({ app }: Hub) =>
  async <T = Record<string, unknown>>(
    method: string,
    path: string,
    { token, body, headers = {} }: Call = {},
  ): Promise<Reply<T>> => {
    const raw = body === undefined || typeof body === 'string' || body instanceof Uint8Array
    const response = await app.request(path, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: raw ? (body as RequestInit['body']) : JSON.stringify(body),
    })
    const text = await response.text()
    const json = /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : {}
    return { status: response.status, headers: response.headers, text, json }
  }

const newTestTenant = async (store: Store): Promise<TestTenant> => {
  const made = newTenant(`t${randomUUID().slice(0, 8)}`)
  await store.tenants.put(made)
  const keyWith = async (...scopes: Scope[]) => {
    const { key, token } = newApiKey(made.id, 'test', scopes)
    await store.tenants.putKey(key)
    return token
  }
  return {
    id: made.id,
    key: await keyWith(...SCOPES),
    keyWith,
    userToken: async (user, seconds, contexts) => (await signUserToken(made, user, seconds, contexts)).token,
    item: async (user, content = {}, age = 0) => {
      const at = Date.now() - age
      const notification = content.notification ?? randomUUID()
      const { id = itemId(made.id, notification, user, at), ...more } = content
      const shared: InboxContent = {
        notification,
        type: 'test',
        priority: 'normal',
        title: 'A title',
        createdAt: new Date(at).toISOString(),
        ...more,
      }
      const items = [{ tenant: made.id, user, id, content: shared, expiresAt: at + 86_400_000 }]
      // The item arrived then, because lists are ordered by arrival.
      if (age > 0) vi.setSystemTime(at)
      try {
        await store.inbox.put(items)
      } finally {
        if (age > 0) vi.useRealTimers()
      }
      return { id, ...shared }
    },
  }
}

/** Pulls and acknowledges all messages of a queue. */
const takeAll = async (stream: Stream, queue: Queue): Promise<Message[]> => {
  const waiting = (await stream.backlog()).get(queue) ?? 0
  if (waiting === 0) return []
  const reader = await stream.read(queue, { buffer: 2_000 })
  const messages: Message[] = []
  while (messages.length < waiting) {
    if (reader.ready === 0) await new Promise<void>((resolve) => reader.onReady(resolve))
    messages.push(...reader.take(2_000))
  }
  await reader.ack(messages)
  await reader.close()
  return messages
}

export const openHub = async (
  options: Partial<HubOptions> = {},
  replace: (ports: HubPorts) => Partial<HubPorts> = () => ({}),
) => {
  const database = openDatabase(':memory:')
  const secret = randomUUID()
  const seal = createSeal(secret)
  const invalidations = inProcessInvalidations()
  const store = announced(sqliteStore({ database, seal, retention: 90 * 86_400_000 }), invalidations)
  await store.migrate()
  const io = standaloneServer()
  const own: HubPorts = {
    stream: await embeddedStream({ database }),
    store,
    live: inProcessLive({ io }),
    idempotency: embeddedIdempotency({ database }),
    cache: createSettingsCache(store, invalidations),
    invalidations,
    limits: memoryLimits(),
    requests: createRequestLimits(),
    seal,
    providers: new Map([parrot, flock, mute].map((provider) => [provider.name, provider])),
    http: createHttp({ allow: [] }),
    io,
    log: createLog({ level: 'silent', role: 'hub' }),
    metrics: createMetrics(),
  }
  const ports: HubPorts = { ...own, ...replace(own) }
  const hub = createHub(ports, {
    secret,
    origins: '*',
    unknownTypes: 'accept',
    insecureLinks: 'refuse',
    ...options,
  })

  return {
    hub,
    ports,
    /** The database that the embedded parts share. */
    database,
    call: caller(hub),
    tenant: () => newTestTenant(ports.store),
    taken: (queue: Queue) => takeAll(ports.stream, queue),
    close: async () => {
      await hub.close()
      await ports.live.close()
      await ports.stream.close()
      await store.close()
      await database.close()
    },
  }
}

export type TestHub = Awaited<ReturnType<typeof openHub>>
