import { subscribe } from 'node:diagnostics_channel'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { Agent } from 'node:https'
import { isIP } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { type Http, HttpFailure } from '@carillon/core/http/port'
import { retryAfterMs } from '../outcome.ts'

/** Time limits of connecting, of one request, and of one message in total. */
export type FcmLimits = { connectMs: number; answerMs: number; totalMs: number }

type Options = {
  /** Replaces every host. */
  endpoint?: URL
  ca?: string
  resolve: Http['resolve']
  connections: number
  limits: FcmLimits
}

type Watch = {
  onRequest(request: ClientRequest): void
  onResponse(request: ClientRequest, response: IncomingMessage): void
}

const ANSWER_MAX_BYTES = 65_536
/** Prefix of the error codes of requests that were never written. firebase-admin keeps nothing but the code. */
const NOT_SENT = 'NOT_SENT_'

/** Returns why a request was never written, from a message of firebase-admin; undefined if it may have been. */
export const notSentReason = (message: string): string | undefined => /NOT_SENT_([a-z_]+)/.exec(message)?.[1]

const watches = new WeakMap<object, Watch>()
let subscribed = false

/** Observes the requests of an agent over Node's diagnostics channels, because firebase-admin does not expose them. */
const observe = (agent: Agent, watch: Watch): void => {
  watches.set(agent, watch)
  if (subscribed) return
  subscribed = true
  const watchOf = (request: ClientRequest & { agent?: object }) => request.agent && watches.get(request.agent)
  subscribe('http.client.request.start', (message) => {
    const { request } = message as { request: ClientRequest }
    watchOf(request)?.onRequest(request)
  })
  subscribe('http.client.response.finish', (message) => {
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage }
    watchOf(request)?.onResponse(request, response)
  })
}

/**
 * Creates an HTTPS agent with keep-alive for firebase-admin. It adds the SSRF guard, a time limit for
 * responses and a limit for their size, which firebase-admin lacks.
 */
export const fcmAgent = ({ endpoint, ca, resolve, connections, limits }: Options) => {
  const pending = new Set<ClientRequest>()
  let closed = false
  let waitUntil = 0

  const dial = async (name: string, port: number): Promise<TLSSocket> => {
    if (closed) throw new HttpFailure('unreachable', 'the account is closed', false)
    const host = await resolve(name, port)
    const sni = isIP(name) === 0 && !name.startsWith('[') ? { servername: name } : {}
    const socket = connect({ host, port, ca, ...sni })
    return new Promise((resolve, reject) => {
      const fail = (reason: 'unreachable' | 'timeout', detail: string) => {
        socket.destroy()
        reject(new HttpFailure(reason, detail, false))
      }
      const timer = setTimeout(fail, limits.connectMs, 'timeout', 'the connection timed out')
      socket.once('error', (error) => fail('unreachable', `no connection: ${error.message}`))
      socket.once('close', () => {
        clearTimeout(timer)
        reject(new HttpFailure('unreachable', 'no connection: closed', false))
      })
      socket.once('secureConnect', () => {
        clearTimeout(timer)
        socket.removeAllListeners('error').removeAllListeners('close')
        resolve(socket)
      })
    })
  }

  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  agent.createConnection = ({ host, port }, done) => {
    const [name, at] = endpoint ? [endpoint.hostname, endpoint.port] : [host ?? '', port]
    dial(name, Number(at || 443)).then(
      (socket) => done?.(null, socket),
      (error: unknown) => {
        const reason = error instanceof HttpFailure ? error.reason : 'unreachable'
        const detail = error instanceof Error ? error.message : String(error)
        done?.(Object.assign(new Error(detail), { code: `${NOT_SENT}${reason}` }), undefined as never)
      },
    )
    return undefined
  }

  observe(agent, {
    onRequest: (request) => {
      const timer = setTimeout(() => request.destroy(new Error('the response timed out')), limits.answerMs)
      pending.add(request)
      request.once('close', () => {
        pending.delete(request)
        clearTimeout(timer)
      })
    },
    onResponse: (request, response) => {
      const { statusCode = 0, headers } = response
      const after = retryAfterMs({ 'retry-after': headers['retry-after'] ?? '' })
      if ((statusCode === 429 || statusCode >= 500) && after !== undefined) waitUntil = Date.now() + after
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > ANSWER_MAX_BYTES) request.destroy(new Error('the response is too large'))
      })
      // Without this, firebase-admin waits forever for a response whose connection was lost.
      response.once('close', () => {
        if (!response.complete) request.emit('error', new Error('the response is incomplete'))
      })
    },
  })

  return {
    agent,
    /** The remaining `Retry-After` of the last response that had one, in ms; undefined once it has passed. */
    afterMs: (): number | undefined => {
      const left = waitUntil - Date.now()
      return left > 0 ? left : undefined
    },
    /** Aborts pending requests and closes all connections. */
    close: (): void => {
      closed = true
      for (const request of pending) request.destroy(new Error('the account is closed'))
      agent.destroy()
    },
  }
}
