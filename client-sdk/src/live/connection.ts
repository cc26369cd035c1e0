import type { ClientToHub, HubToClient } from '@carillon/schemas'
import type { ManagerOptions, Socket, SocketOptions } from 'socket.io-client'
import { asError, CarillonError, type ErrorCode, isRefusal } from '../http/error.ts'
import type { Tokens } from '../http/token.ts'
import type { LiveMessage } from '../inbox/state.ts'
import { backoff } from '../timing/backoff.ts'
import { createTimer } from '../timing/timer.ts'
import type { Timing } from '../timing/timing.ts'

/** `offline`: reconnecting. `stopped`: closed, or a fixed token was refused. */
export type ConnectionState = 'connecting' | 'live' | 'offline' | 'stopped'

type HubSocket = Socket<HubToClient, ClientToHub>
/** `io` of socket.io-client, or a replacement with the same signature. */
export type Connect = (url: string, options: Partial<ManagerOptions & SocketOptions>) => HubSocket

/** A connection that lasted this long resets the backoff, in ms. */
const GOOD_MS = 10_000
/** Maximum number of ids in one `inbox.received`. */
const RECEIVED_MAX = 100
/** The hub disconnected a client that violated the protocol, so the backoff is that of a refused token. */
const REJECTED = new CarillonError('forbidden', 'Connection refused')
const DISCONNECTED = new CarillonError('network', 'Connection lost', { temporary: true })

/**
 * Creates the socket of a client. It reconnects forever with jittered backoff. When the hub refuses the
 * token, it requests a fresh one; a second refusal is reported and retried with a longer backoff.
 */
export const createConnection = ({
  url,
  tokens,
  connect,
  timing,
  onState,
  onLive,
  onResync,
  onError,
}: {
  /** Ends with a slash. */
  url: string
  tokens: Tokens
  connect: Connect
  timing: Timing
  onState: (state: ConnectionState) => void
  onLive: (live: LiveMessage) => void
  onResync: () => void
  onError: (error: CarillonError) => void
}) => {
  // React Native has `URL`, but not its parts.
  const [, origin = '', pathname] = /^([^/]+\/\/[^/]+)(.*)$/.exec(url) ?? []
  const socket = connect(origin, {
    path: `${pathname}socket.io/`,
    transports: ['websocket'],
    autoConnect: false,
    reconnection: false,
    forceNew: true,
    timeout: timing.request,
  })
  let state: ConnectionState = 'connecting'
  let token: string | undefined
  let failures = 0
  let refusals = 0
  let liveSince = 0
  const retry = createTimer()
  const acknowledge = createTimer()
  const received: string[] = []

  const become = (next: ConnectionState) => {
    if (state === next) return
    state = next
    onState(next)
  }

  const stop = () => {
    retry.clear()
    acknowledge.clear()
    socket.removeAllListeners()
    socket.disconnect()
    become('stopped')
  }

  const attempt = async () => {
    try {
      token = await tokens.get(refusals > 0 ? token : undefined)
      if (state === 'stopped') return
      socket.auth = { token }
      socket.connect()
    } catch (thrown) {
      const error = asError(thrown)
      onError(error)
      fail(error)
    }
  }

  const fail = (error: CarillonError) => {
    if (state === 'stopped') return
    become('offline')
    retry.set(attempt, backoff(error, ++failures, timing))
  }

  const refuse = (error: CarillonError) => {
    if (++refusals === 1 && !tokens.fixed) return retry.set(attempt, 0)
    onError(error)
    if (tokens.fixed) stop()
    else fail(error)
  }

  const flush = () => {
    const ids = received.splice(0, RECEIVED_MAX)
    if (ids.length > 0) socket.emit('inbox.received', { ids })
    if (received.length > 0) acknowledge.set(flush, timing.acknowledge)
  }

  socket.on('connect', () => {
    refusals = 0
    liveSince = Date.now()
    acknowledge.set(flush, timing.acknowledge)
    become('live')
  })
  socket.on('disconnect', (reason) => {
    if (Date.now() - liveSince > GOOD_MS) failures = 0
    acknowledge.clear()
    fail(reason === 'io server disconnect' ? REJECTED : DISCONNECTED)
  })
  socket.on('connect_error', ({ message }) => {
    if (isRefusal(message)) refuse(new CarillonError(message as ErrorCode, 'Token refused'))
    else fail(DISCONNECTED)
  })
  // A position counts even if this version does not know the event.
  socket.onAny((event, message) => {
    if (message?.seq || event === 'preferences.changed') onLive({ event, message } as LiveMessage)
  })
  socket.on('inbox.resync', onResync)

  return {
    start: attempt,
    /** Retries now instead of after the backoff, unless the hub refused the token. */
    hurry() {
      if (retry.waits() && refusals === 0) retry.set(attempt, 0)
    },
    /** Acknowledges items to the hub, in batches. */
    received(ids: readonly string[]) {
      received.push(...ids)
      if (state === 'live' && !acknowledge.waits()) acknowledge.set(flush, timing.acknowledge)
    },
    state: () => state,
    stop,
  }
}
