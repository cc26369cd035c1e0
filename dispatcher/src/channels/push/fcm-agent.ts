import { subscribe } from 'node:diagnostics_channel'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { Agent } from 'node:https'
import { isIP } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { type Http, HttpFailure } from '@carillon/core/delivery/provider'
import { retryAfterMs } from '../outcome.ts'

/** For a connection, for an answer from then on, and for all of one message. */
export type FcmLimits = { connectMs: number; answerMs: number; totalMs: number }

type Options = {
  /** Connected to in place of every host. */
  endpoint?: URL
  ca?: string
  resolve: Http['resolve']
  connections: number
  limits: FcmLimits
}

type Watch = {
  started(request: ClientRequest): void
  answered(request: ClientRequest, response: IncomingMessage): void
}

const ANSWER_MAX_BYTES = 65_536
/** Marks what went wrong before a byte of a request was written; firebase-admin keeps codes, and nothing else. */
const NOT_SENT = 'NOT_SENT_'

/** Why a request cannot have arrived, from the words of firebase-admin; undefined when it may have. */
export const notSent = (words: string): string | undefined => /NOT_SENT_([a-z_]+)/.exec(words)?.[1]

const watched = new WeakMap<object, Watch>()
let watching = false

/** Node tells of every request and answer here, which is how those inside firebase-admin are seen. */
const watch = (agent: Agent, how: Watch): void => {
  watched.set(agent, how)
  if (watching) return
  watching = true
  const of = (request: ClientRequest & { agent?: object }) => request.agent && watched.get(request.agent)
  subscribe('http.client.request.start', (message) => {
    const { request } = message as { request: ClientRequest }
    of(request)?.started(request)
  })
  subscribe('http.client.response.finish', (message) => {
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage }
    of(request)?.answered(request, response)
  })
}

/**
 * Kept HTTPS connections for firebase-admin: to addresses that may be reached, with a limit to how long an answer takes
 * and how large it is, neither of which firebase-admin has.
 */
export const fcmAgent = ({ endpoint, ca, resolve, connections, limits }: Options) => {
  const open = new Set<ClientRequest>()
  let closed = false
  let waitUntil = 0

  const dial = async (name: string, port: number): Promise<TLSSocket> => {
    if (closed) throw new HttpFailure('unreachable', 'the account is closed', false)
    const host = await resolve(name, port)
    const named = isIP(name) === 0 && !name.startsWith('[') ? { servername: name } : {}
    const socket = connect({ host, port, ca, ...named })
    return new Promise((resolve, reject) => {
      const fail = (reason: 'unreachable' | 'timeout', detail: string) => {
        socket.destroy()
        reject(new HttpFailure(reason, detail, false))
      }
      const late = setTimeout(fail, limits.connectMs, 'timeout', 'no connection in time')
      socket.once('error', (error) => fail('unreachable', `no connection: ${error.message}`))
      socket.once('close', () => {
        clearTimeout(late)
        reject(new HttpFailure('unreachable', 'no connection: closed', false))
      })
      socket.once('secureConnect', () => {
        clearTimeout(late)
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

  watch(agent, {
    started: (request) => {
      const late = setTimeout(() => request.destroy(new Error('no answer in time')), limits.answerMs)
      open.add(request)
      request.once('close', () => {
        open.delete(request)
        clearTimeout(late)
      })
    },
    answered: (request, response) => {
      const { statusCode = 0, headers } = response
      const after = retryAfterMs({ 'retry-after': headers['retry-after'] ?? '' })
      if ((statusCode === 429 || statusCode >= 500) && after !== undefined) waitUntil = Date.now() + after
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > ANSWER_MAX_BYTES) request.destroy(new Error('the answer is too large'))
      })
      // firebase-admin waits for the end of an answer for ever when its connection breaks.
      response.once('close', () => {
        if (!response.complete) request.emit('error', new Error('the answer broke off'))
      })
    },
  })

  return {
    agent,
    /** How long the server last asked to wait, ms from now; undefined when that is over. */
    afterMs: (): number | undefined => {
      const left = waitUntil - Date.now()
      return left > 0 ? left : undefined
    },
    /** Ends what is under way. */
    close: (): void => {
      closed = true
      for (const request of open) request.destroy(new Error('the account is closed'))
      agent.destroy()
    },
  }
}
