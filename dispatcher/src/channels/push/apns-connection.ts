import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import { isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type Http, type HttpAnswer, HttpFailure } from '@carillon/core/delivery/provider'

export type ApnsLimits = {
  /** One request, from the wait for a connection to the last byte of the answer. */
  timeoutMs: number
  /** How often a connection is asked whether it is still there, and how long it has to say so. */
  pingMs: number
  pongMs: number
}

type Options = { endpoint: URL; ca?: string; resolve: Http['resolve']; limits: ApnsLimits }
type Request = { path: string; headers: Record<string, string>; body: string; signal: AbortSignal }

/** A session, and the last of our streams its server has looked at, once it says goodbye. */
type Connection = { session: ClientHttp2Session; lastStream: number }

const ANSWER_MAX_BYTES = 65_536

const codeOf = (error: unknown): string =>
  error instanceof Error ? String('code' in error ? error.code : error.message) : String(error)

/** Destroys a session that does not answer a PING in time: whatever waits on it fails then. */
const probe = (session: ClientHttp2Session, pongMs: number): void => {
  if (session.destroyed || session.connecting) return
  const silent = setTimeout(() => session.destroy(new Error('NO_PONG')), pongMs)
  session.ping(() => clearTimeout(silent))
}

/**
 * One HTTP/2 connection that carries all requests of an account, made when one is needed and kept. Server and network
 * may end it at any time; the next request makes another.
 */
export const apnsConnection = ({ endpoint, ca, resolve, limits }: Options) => {
  const servername = endpoint.hostname
  const named = isIP(servername) === 0 && !servername.startsWith('[')
  let current: Promise<Connection> | undefined
  /** The session of `current`, once there is one. */
  let latest: ClientHttp2Session | undefined
  const sessions = new Set<ClientHttp2Session>()
  let closed = false

  const open = async (): Promise<Connection> => {
    const port = Number(endpoint.port || 443)
    const host = await resolve(endpoint.hostname, port)
    if (closed) throw new HttpFailure('unreachable', 'the account is closed', false)
    const socket = connectTls({ host, port, ca, ALPNProtocols: ['h2'], ...(named ? { servername } : {}) })
    const session = connect(endpoint, { createConnection: () => socket, settings: { enablePush: false } })
    latest = session
    sessions.add(session)
    const connection: Connection = { session, lastStream: Number.POSITIVE_INFINITY }

    return new Promise((resolve, reject) => {
      const late = setTimeout(() => session.destroy(new Error('CONNECT_TIMEOUT')), limits.timeoutMs)
      const pings = setInterval(probe, limits.pingMs, session, limits.pongMs)
      let why: unknown = 'closed'
      session.once('connect', () => {
        clearTimeout(late)
        resolve(connection)
      })
      session.on('error', (error) => {
        why = error
      })
      session.on('goaway', (_code, lastStream) => {
        connection.lastStream = lastStream
      })
      session.once('close', () => {
        clearTimeout(late)
        clearInterval(pings)
        sessions.delete(session)
        reject(new HttpFailure('unreachable', `no connection: ${codeOf(why)}`, false, why))
      })
    })
  }

  const connected = (): Promise<Connection> => {
    if (current && !latest?.closed && !latest?.destroyed) return current
    latest = undefined
    const opening = open()
    current = opening
    opening.catch(() => {
      if (current === opening) current = undefined
    })
    return opening
  }

  /** Whether a stream that has failed may have been acted upon: RFC 9113, sections 6.8 and 8.7. */
  const taken = (stream: ClientHttp2Stream, { lastStream }: Connection): boolean =>
    stream.id !== undefined && stream.id <= lastStream && stream.rstCode !== constants.NGHTTP2_REFUSED_STREAM

  return {
    /** Resolves with the answer, rejects with HttpFailure. */
    request: ({ path, headers, body, signal }: Request): Promise<HttpAnswer> =>
      new Promise((resolve, reject) => {
        let session: ClientHttp2Session | undefined
        let stream: ClientHttp2Stream | undefined
        let ended = false
        const settled = () => {
          ended = true
          clearTimeout(timer)
          signal.removeEventListener('abort', onAbort)
        }
        const fail = (failure: HttpFailure) => {
          settled()
          reject(failure)
        }
        const giveUp = (detail: string) => {
          fail(new HttpFailure('timeout', detail, stream?.id !== undefined))
          stream?.close(constants.NGHTTP2_CANCEL)
        }
        const onAbort = () => giveUp('ended before there was an answer')
        const timer = setTimeout(() => {
          if (session) probe(session, limits.pongMs)
          giveUp(`no answer within ${limits.timeoutMs / 1_000} s`)
        }, limits.timeoutMs)
        signal.addEventListener('abort', onAbort, { once: true })
        if (signal.aborted) return onAbort()

        const converse = (connection: Connection) => {
          if (ended) return
          let status = 0
          let received: Record<string, string> = {}
          let text = ''
          let why: unknown = 'closed'
          session = connection.session
          const opened = session.request({ ':method': 'POST', ':path': path, ...headers })
          stream = opened
          opened.setEncoding('utf8')
          opened.on('response', (given) => {
            status = given[':status'] ?? 0
            received = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]))
          })
          opened.on('data', (chunk: string) => {
            if (ended) return
            text += chunk
            if (text.length <= ANSWER_MAX_BYTES) return
            fail(new HttpFailure('too_large', 'the answer is too large', true))
            opened.close(constants.NGHTTP2_CANCEL)
          })
          opened.on('error', (error) => {
            why = error
          })
          opened.on('close', () => {
            if (ended) return
            if (status === 0) {
              const sent = taken(opened, connection)
              const detail = `the connection broke before an answer: ${codeOf(why)}`
              return fail(new HttpFailure(sent ? 'broken' : 'unreachable', detail, sent, why))
            }
            settled()
            resolve({ status, headers: received, body: text })
          })
          opened.end(body)
        }
        connected()
          .then(converse)
          .catch((error: unknown) => {
            if (ended) return
            const failure = new HttpFailure('unreachable', `no connection: ${codeOf(error)}`, false, error)
            fail(error instanceof HttpFailure ? error : failure)
          })
      }),

    /** Connects, if need be, and waits for the answer to a PING. Rejects with HttpFailure. */
    ping: async (): Promise<void> => {
      const { session } = await connected()
      await new Promise<void>((resolve, reject) => {
        probe(session, limits.pongMs)
        session.ping((error) =>
          error ? reject(new HttpFailure('broken', 'a PING is not answered', false, error)) : resolve(),
        )
      })
    },

    /** Ends what is still under way. */
    close: (): void => {
      closed = true
      for (const session of sessions) session.destroy()
    },
  }
}
