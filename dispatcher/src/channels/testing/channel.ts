import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Outgoing, Tools } from '@carillon/core/delivery/provider'
import { createHttp } from '@carillon/core/http/client'
import { newVapidKeys } from '@carillon/core/security/new-tenant'

/** A request that a stand-in received. `path` includes the query; `json` is the parsed body if it is JSON. */
export type Recorded = {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: string
  // biome-ignore lint/suspicious/noExplicitAny: tests assert on arbitrary properties
  json: any
}

/**
 * A response of a stand-in, by default with status 200; a `body` that is not a string is sent as JSON. Or a failure after
 * the request was read: `drop` closes the connection, `hang` never responds, `trickle` sends one byte every 20 ms, `endless`
 * sends an endless body.
 */
export type Answer =
  | { status?: number; headers?: Record<string, string>; body?: unknown }
  | 'drop'
  | 'hang'
  | 'trickle'
  | 'endless'

const fail = (response: ServerResponse, how: 'trickle' | 'endless') => {
  if (how === 'trickle') {
    const timer = setInterval(() => response.write('.'), 20)
    response.on('close', () => clearInterval(timer))
    return
  }
  const more = () => {
    while (!response.destroyed && response.write('x'.repeat(16_384)));
    response.once('drain', more)
  }
  more()
}

/**
 * Starts a stand-in for a provider: an HTTP server on a free port of 127.0.0.1 that records requests and responds as
 * configured. `answerWith` changes the response.
 */
export const standIn = async (
  handler: (request: Recorded) => Answer | Promise<Answer> = () => ({}),
): Promise<{
  url: string
  requests: Recorded[]
  answerWith(answer: Answer): void
  close(): Promise<void>
}> => {
  let respond = handler
  const requests: Recorded[] = []
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString('utf8')
    const { method = '', url = '', headers } = incoming
    const isJson = headers['content-type']?.startsWith('application/json')
    const request = { method, path: url, headers, body, json: isJson ? JSON.parse(body) : undefined }
    requests.push(request)
    const answer = await respond(request)
    if (answer === 'hang') return
    if (answer === 'drop') return incoming.socket.destroy()
    if (answer === 'trickle' || answer === 'endless') return fail(response, answer)
    const text = typeof answer.body === 'string'
    response.writeHead(answer.status ?? 200, {
      ...(answer.body !== undefined && { 'content-type': text ? 'text/plain' : 'application/json' }),
      ...answer.headers,
    })
    response.end(text ? answer.body : answer.body === undefined ? undefined : JSON.stringify(answer.body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answerWith: (answer) => {
      respond = () => answer
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

/** Allows requests to stand-ins, with the standard time limit. */
const localHttp = createHttp({ allow: ['127.0.0.1'] })
/** Allows requests to stand-ins, with a time limit of 250 ms. */
export const shortTimeoutHttp = createHttp({ allow: ['127.0.0.1'], timeoutMs: 250 })
/** Allows public addresses only, as in production. */
export const publicOnlyHttp = createHttp({ allow: [] })

/** Creates the tools of one account, which allow requests to 127.0.0.1. */
export const testTools = (overrides: Partial<Tools> = {}): Tools => {
  return {
    http: localHttp,
    vapid: newVapidKeys(),
    tenant: 'acme',
    account: 'main',
    publicUrl: 'https://hub.example',
    ...overrides,
  }
}

/** Creates a message as a step of a delivery plan sends it. */
export const sample = (overrides: Partial<Outgoing> = {}): Outgoing => {
  const at = Date.now()
  return {
    tenant: 'acme',
    user: 'ada',
    channel: 'webhook',
    notification: 'n-1',
    item: '0198c7d0-0000-7000-8000-000000000001',
    type: 'comment',
    priority: 'normal',
    at,
    expiresAt: at + 3_600_000,
    address: { kind: 'account' },
    content: { title: 'New comment', body: 'Bob wrote: "1 < 2 & 3"', url: 'https://app.example/posts/7' },
    key: randomBytes(24).toString('base64url'),
    attempt: 1,
    ...overrides,
  }
}

/** A signal that is never aborted. */
export const neverAborted: AbortSignal = new AbortController().signal
