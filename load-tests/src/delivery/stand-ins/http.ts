import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

export type ReceivedRequest = { method: string; path: string; headers: IncomingHttpHeaders; body: Buffer }
/** A response; `body` is sent as JSON. */
export type Answer = { status: number; headers?: Record<string, string>; body?: unknown }

/**
 * The behavior of a stand-in.
 *
 * - `works`: accepts requests and responds.
 * - `down`: does not listen.
 * - `hangs`: reads a request, does not accept it, and never responds.
 * - `accepts-and-hangs`: accepts a request and never responds.
 * - `accepts-and-drops`: accepts a request and closes the connection.
 * - `slow`: accepts a request and responds after the next change of behavior.
 * - an answer: responds with it and does not accept the request.
 * - a function: as an answer if it returns one, otherwise as `works`.
 */
type Behavior =
  | 'works'
  | 'down'
  | 'hangs'
  | 'accepts-and-hangs'
  | 'accepts-and-drops'
  | 'slow'
  | Answer
  | ((requests: ReceivedRequest) => Answer | undefined)

export type StandIn<Accepted> = {
  /** The URL, which stays the same after it was down. */
  url: string
  /** Every request that was read completely. */
  requests: readonly ReceivedRequest[]
  /** The parsed requests that were accepted. */
  accepted: readonly Accepted[]
  /** Errors of `parse`: invalid signatures, credentials or formats. */
  errors: readonly unknown[]
  /** The number of responses. */
  answered(): number
  setBehavior(behavior: Behavior): Promise<void>
  close(): Promise<void>
}

const reply = (response: ServerResponse, { status, headers, body }: Answer) => {
  response.writeHead(status, {
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...headers,
  })
  response.end(body === undefined ? undefined : JSON.stringify(body))
}

/**
 * Starts a stand-in for a provider: an HTTP server on 127.0.0.1. `parse` validates a request as the provider would. If it
 * throws, the response is 400 and the error is recorded.
 */
export const standIn = async <Accepted>(parts: {
  parse: (requests: ReceivedRequest, url: string) => Accepted | Promise<Accepted>
  answer: (accepted: Accepted) => Answer
}): Promise<StandIn<Accepted>> => {
  const requests: ReceivedRequest[] = []
  const accepted: Accepted[] = []
  const errors: unknown[] = []
  let answered = 0
  let behavior: Behavior = 'works'
  const changes = new EventEmitter().setMaxListeners(0)

  const server = createServer(async (incoming, response) => {
    const { method = '', url: path = '', headers } = incoming
    const request = { method, path, headers, body: await buffer(incoming) }
    requests.push(request)
    const respond = (answer: Answer) => {
      answered++
      reply(response, answer)
    }
    if (behavior === 'hangs') return
    const fixed = typeof behavior === 'function' ? behavior(request) : behavior
    if (typeof fixed === 'object') return respond(fixed)
    let parsed: Accepted
    try {
      parsed = await parts.parse(request, url)
    } catch (error) {
      errors.push(error)
      return respond({ status: 400 })
    }
    accepted.push(parsed)
    if (behavior === 'accepts-and-hangs') return
    if (behavior === 'accepts-and-drops') return void incoming.socket.destroy()
    if (behavior === 'slow') await once(changes, 'change')
    respond(parts.answer(parsed))
  })

  let port = 0
  const listen = async () => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  }
  const close = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  await listen()
  const url = `http://127.0.0.1:${port}`

  return {
    url,
    requests,
    accepted,
    errors,
    answered: () => answered,
    setBehavior: async (next) => {
      if (next === 'down') await close()
      else if (behavior === 'down') await listen()
      behavior = next
      changes.emit('change')
    },
    close,
  }
}
