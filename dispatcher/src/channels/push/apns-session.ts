import { type ClientHttp2Session, connect } from 'node:http2'
import { isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type Http, HttpFailure } from '@carillon/core/http/port'

export type ApnsLimits = {
  /** The time limit of a request, from waiting for a connection to the last byte of the response. */
  timeoutMs: number
  /** The interval of PING frames. */
  pingMs: number
  /** How long to wait for the reply to a PING, in ms. */
  pongMs: number
}

export type ApnsOptions = { endpoint: URL; ca?: string; resolve: Http['resolve']; limits: ApnsLimits }

/** A session. `lastStream` is the last stream that the server processed, set by its GOAWAY. */
export type Connection = { session: ClientHttp2Session; lastStream: number }

/** Returns an error's code, or its message if it has no code. */
export const codeOf = (error: unknown): string =>
  error instanceof Error ? String('code' in error ? error.code : error.message) : String(error)

/** Destroys a session that does not answer a PING in time, which fails its pending requests. */
export const probe = (session: ClientHttp2Session, pongMs: number): void => {
  if (session.destroyed || session.connecting) return
  const timer = setTimeout(() => session.destroy(new Error('NO_PONG')), pongMs)
  session.ping(() => clearTimeout(timer))
}

/**
 * Opens an HTTP/2 session over TLS, with regular PINGs. `onSession` receives the session before it is
 * connected. `isClosed` is called after the address was resolved. Rejects with `HttpFailure`.
 */
export const openSession = async (
  { endpoint, ca, resolve, limits }: ApnsOptions,
  { isClosed, onSession }: { isClosed(): boolean; onSession(session: ClientHttp2Session): void },
): Promise<Connection> => {
  const servername = endpoint.hostname
  const isHostName = isIP(servername) === 0 && !servername.startsWith('[')
  const port = Number(endpoint.port || 443)
  const host = await resolve(endpoint.hostname, port)
  if (isClosed()) throw new HttpFailure('unreachable', 'the account is closed', false)
  const socket = connectTls({ host, port, ca, ALPNProtocols: ['h2'], ...(isHostName ? { servername } : {}) })
  const session = connect(endpoint, { createConnection: () => socket, settings: { enablePush: false } })
  onSession(session)
  const connection: Connection = { session, lastStream: Number.POSITIVE_INFINITY }

  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => session.destroy(new Error('CONNECT_TIMEOUT')), limits.timeoutMs)
    const pings = setInterval(probe, limits.pingMs, session, limits.pongMs)
    let cause: unknown = 'closed'
    session.once('connect', () => {
      clearTimeout(timer)
      resolve(connection)
    })
    session.on('error', (error) => {
      cause = error
    })
    session.on('goaway', (_code, lastStream) => {
      connection.lastStream = lastStream
    })
    session.once('close', () => {
      clearTimeout(timer)
      clearInterval(pings)
      reject(new HttpFailure('unreachable', `no connection: ${codeOf(cause)}`, false, cause))
    })
  })
}
