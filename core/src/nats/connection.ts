import { JetStreamApiError } from '@nats-io/jetstream'
import { connect, errors, type NatsConnection } from '@nats-io/transport-node'
import { ProblemError, UnavailableError } from '../errors.ts'
import '../stream/jetstream/headers.ts'

/** How long one answer of the server may take. */
export const TIME_LIMIT_MS = 5_000

const prefixes = new WeakMap<NatsConnection, string>()

/** Where the subjects begin on which a connection receives answers. */
export const inboxPrefixOf = (connection: NatsConnection): string => prefixes.get(connection) ?? '_INBOX'

/**
 * Connects to NATS and stays connected: after a loss it tries for ever, with jitter. `url` is
 * `nats://[user:password@]host:port` or `tls://…`, several separated by commas. Waits for a server that is not up
 * yet, unless `wait` is false: then it rejects with UnavailableError. A user's inboxes begin with `_INBOX_<user>`, so
 * that permissions can keep the answers to one user from the others.
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

/** Whether a connection is up just now: what is sent while it is down is lost. */
export type Link = {
  readonly up: boolean
  /**
   * Settles as `work` does, with its errors in the port's terms; but rejects with UnavailableError at once when
   * the connection is down, or as soon as it is lost: no answer will come over another one.
   */
  during<T>(work: () => Promise<T>): Promise<T>
  /** Calls back after every reconnection, until the returned function is called. */
  onUp(listener: () => void): () => void
}

/** Watches a connection until it is closed. */
export const linkOf = (connection: NatsConnection): Link => {
  let up = true
  const returns = new Set<() => void>()
  const losses = new Set<() => void>()
  const away = () => new UnavailableError('stream', new Error('not connected'))
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
    .catch((error) => process.emitWarning(`the NATS connection is not watched any more: ${String(error)}`))
    .finally(lose)
  return {
    get up() {
      return up && !connection.isClosed()
    },
    during: <T>(work: () => Promise<T>) =>
      new Promise<T>((resolve, reject) => {
        if (!up || connection.isClosed()) return reject(away())
        const lost = () => reject(away())
        losses.add(lost)
        const run = async () => work()
        run()
          .then(resolve, (error: unknown) => reject(failure(error)))
          .finally(() => losses.delete(lost))
      }),
    onUp(listener) {
      returns.add(listener)
      return () => returns.delete(listener)
    },
  }
}

/** Error codes of a JetStream that has no room, whether by the stream's, the account's or the server's limit. */
const FULL_CODES = [10002, 10023, 10028, 10047]
const FULL_TEXT = /maximum (bytes|messages) exceeded|no space left/

/** By name: the client does not export all of its classes. */
const AWAY = new Set([
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

/** What an error of the NATS client means to callers of a port. */
export const failure = (error: unknown): unknown => {
  if (error instanceof ProblemError) return error
  if (error instanceof JetStreamApiError) {
    if (FULL_CODES.includes(error.code) || FULL_TEXT.test(error.message))
      return new ProblemError('stream_full', 'the event log is full', { cause: error })
    return error.status >= 500 ? new UnavailableError('stream', error) : error
  }
  if (error instanceof errors.InvalidArgumentError && error.message.includes('max_payload'))
    return new ProblemError('payload_too_large', 'the message is larger than the event log takes', {
      cause: error,
    })
  return error instanceof Error && AWAY.has(error.name) ? new UnavailableError('stream', error) : error
}
