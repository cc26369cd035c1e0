import { type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2'
import { type HttpAnswer, HttpFailure } from '@carillon/core/http/port'
import { type ApnsRequest, sendRequest } from './apns-request.ts'
import { type ApnsOptions, type Connection, codeOf, openSession, probe } from './apns-session.ts'

/**
 * Creates an HTTP/2 client with one connection for all requests of an account. The connection is opened on demand and
 * replaced when the server or the network has closed it.
 */
export const apnsConnection = (options: ApnsOptions) => {
  const { limits } = options
  let current: Promise<Connection> | undefined
  /** The session of `current`, once it exists. */
  let latest: ClientHttp2Session | undefined
  const sessions = new Set<ClientHttp2Session>()
  let closed = false

  const onSession = (session: ClientHttp2Session) => {
    latest = session
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  }

  const connected = (): Promise<Connection> => {
    if (current && !latest?.closed && !latest?.destroyed) return current
    latest = undefined
    const opening = openSession(options, { isClosed: () => closed, onSession })
    current = opening
    opening.catch(() => {
      if (current === opening) current = undefined
    })
    return opening
  }

  return {
    /** Sends a POST. Rejects with `HttpFailure`. */
    request: (request: ApnsRequest): Promise<HttpAnswer> =>
      new Promise((resolve, reject) => {
        const { signal } = request
        let session: ClientHttp2Session | undefined
        let stream: ClientHttp2Stream | undefined
        let settled = false
        const settle = (act: () => void) => {
          if (settled) return
          settled = true
          clearTimeout(timer)
          signal.removeEventListener('abort', onAbort)
          act()
        }
        const failed = (failure: HttpFailure) => settle(() => reject(failure))
        const giveUp = (detail: string) => {
          failed(new HttpFailure('timeout', detail, stream?.id !== undefined))
          stream?.close(constants.NGHTTP2_CANCEL)
        }
        const onAbort = () => giveUp('aborted before a response')
        const timer = setTimeout(() => {
          if (session) probe(session, limits.pongMs)
          giveUp(`no response within ${limits.timeoutMs / 1_000} s`)
        }, limits.timeoutMs)
        signal.addEventListener('abort', onAbort, { once: true })
        if (signal.aborted) return onAbort()

        connected()
          .then((connection) => {
            if (settled) return
            session = connection.session
            stream = sendRequest(connection, request, {
              done: (answer) => settle(() => resolve(answer)),
              failed,
            })
          })
          .catch((error: unknown) => {
            const failure = new HttpFailure('unreachable', `no connection: ${codeOf(error)}`, false, error)
            failed(error instanceof HttpFailure ? error : failure)
          })
      }),

    /** Sends a PING, connecting first if necessary, and waits for its reply. Rejects with `HttpFailure`. */
    ping: async (): Promise<void> => {
      const { session } = await connected()
      await new Promise<void>((resolve, reject) => {
        probe(session, limits.pongMs)
        session.ping((error) =>
          error ? reject(new HttpFailure('broken', 'no answer to a PING', false, error)) : resolve(),
        )
      })
    },

    /** Closes all connections, which fails pending requests. */
    close: (): void => {
      closed = true
      for (const session of sessions) session.destroy()
    },
  }
}
