import { JetStreamApiError } from '@nats-io/jetstream'
import { connect, errors, type NatsConnection } from '@nats-io/transport-node'
import { ProblemError, UnavailableError } from '../errors.ts'
import '../stream/jetstream/headers.ts'

/** Time limit of one request, in ms. */
export const TIME_LIMIT_MS = 5_000

const prefixes = new WeakMap<NatsConnection, string>()

/** Returns the prefix of the reply subjects of a connection. */
export const inboxPrefixOf = (connection: NatsConnection): string => prefixes.get(connection) ?? '_INBOX'

/**
 * Connects to NATS and reconnects forever, with jitter. `url` is `nats://[user:password@]host:port` or
 * `tls://…`, or several separated by commas. Waits for a server that is not up yet; with `wait: false`, it
 * rejects with UnavailableError instead. Reply subjects start with `_INBOX_<user>`, so that permissions can
 * keep the replies to one user from others.
 */
export const connectNats = async (
  url: string,
  name: string,
  { wait = true } = {},
): Promise<NatsConnection> => {
  const servers = url.split(',').map((each) => new URL(each.trim()))
  const login = servers.find(({ username }) => username !== '')
  const [user, password] = [login?.username ?? '', login?.password ?? ''].map(decodeURIComponent)
  const inboxPrefix = user && password ? `_INBOX_${user.replaceAll(/[^A-Za-z0-9_-]/g, '_')}` : '_INBOX'
  try {
    const connection = await connect({
      servers: servers.map(({ host }) => host),
      name,
      inboxPrefix,
      ...(user && (password ? { user, pass: password } : { token: user })),
      ...(servers.some(({ protocol }) => protocol === 'tls:') && { tls: {} }),
      waitOnFirstConnect: wait,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      reconnectJitter: 250,
      timeout: TIME_LIMIT_MS,
      pingInterval: 10_000,
      maxPingOut: 2,
      noAsyncTraces: true,
    })
    prefixes.set(connection, inboxPrefix)
    return connection
  } catch (error) {
    throw new UnavailableError('stream', error)
  }
}

/** The state of a connection. Messages sent while it is down are lost. */
export type ConnectionState = {
  readonly up: boolean
  /**
   * Settles as `work` does, with translated errors. Rejects with UnavailableError at once if the connection is down, or
   * as soon as it is lost, because no reply arrives on another connection.
   */
  whileUp<T>(work: () => Promise<T>): Promise<T>
  /** Calls `listener` after every reconnection. Returns an unsubscribe function. */
  onReconnect(listener: () => void): () => void
}

/** Watches the state of a connection until it is closed. */
export const watchConnection = (connection: NatsConnection): ConnectionState => {
  let up = true
  const returns = new Set<() => void>()
  const losses = new Set<() => void>()
  const notConnected = () => new UnavailableError('stream', new Error('not connected'))
  const lose = () => {
    up = false
    for (const lost of losses) lost()
  }
  const resume = () => {
    up = true
    for (const listener of returns)
      try {
        listener()
      } catch (error) {
        process.emitWarning(`a listener failed after a reconnection: ${String(error)}`)
      }
  }
  const watch = async () => {
    for await (const { type } of connection.status())
      if (type === 'disconnect') lose()
      else if (type === 'reconnect') resume()
  }
  watch()
    .catch((error) =>
      process.emitWarning(`the state of the NATS connection is no longer watched: ${String(error)}`),
    )
    .finally(lose)
  return {
    get up() {
      return up && !connection.isClosed()
    },
    whileUp: <T>(work: () => Promise<T>) =>
      new Promise<T>((resolve, reject) => {
        if (!up || connection.isClosed()) return reject(notConnected())
        const lost = () => reject(notConnected())
        losses.add(lost)
        const run = async () => work()
        run()
          .then(resolve, (error: unknown) => reject(translateError(error)))
          .finally(() => losses.delete(lost))
      }),
    onReconnect(listener) {
      returns.add(listener)
      return () => returns.delete(listener)
    },
  }
}

/** JetStream error codes for a full stream, account or server. */
const FULL_CODES = [10002, 10023, 10028, 10047]
const FULL_TEXT = /maximum (bytes|messages) exceeded|no space left/

/** By name, because the client does not export all of its error classes. */
const UNAVAILABLE = new Set([
  'JetStreamNotEnabled',
  'JetStreamError',
  'JetStreamStatusError',
  'TimeoutError',
  'RequestError',
  'NoResponders',
  'ConnectionError',
  'ClosedConnectionError',
  'DrainingConnectionError',
])

/** Maps an error of the NATS client to a ProblemError or UnavailableError; returns other errors unchanged. */
export const translateError = (error: unknown): unknown => {
  if (error instanceof ProblemError) return error
  if (error instanceof JetStreamApiError) {
    if (FULL_CODES.includes(error.code) || FULL_TEXT.test(error.message))
      return new ProblemError('stream_full', 'the event log is full', { cause: error })
    return error.status >= 500 ? new UnavailableError('stream', error) : error
  }
  if (error instanceof errors.InvalidArgumentError && error.message.includes('max_payload'))
    return new ProblemError('payload_too_large', 'the message exceeds the size limit of the event log', {
      cause: error,
    })
  return error instanceof Error && UNAVAILABLE.has(error.name) ? new UnavailableError('stream', error) : error
}
