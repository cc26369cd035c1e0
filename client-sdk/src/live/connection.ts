import type { ClientToHub, HubToClient, Problem } from '@carillon/schemas'
import type { ManagerOptions, Socket, SocketOptions } from 'socket.io-client'
import { CarillonError, type ErrorCode, isRefusal } from '../http/error.ts'
import type { RequestParts } from '../http/request.ts'
import type { LiveMessage } from '../inbox/state.ts'
import type { Timing } from '../timing/delays.ts'
import { createAcknowledgements } from './acknowledgements.ts'
import { createAttempts } from './attempts.ts'
import { createPollingFallback } from './polling-fallback.ts'

/**
 * `live`: changes arrive immediately. `polling`: WebSockets and long requests are blocked, so changes arrive with a delay of up
 * to half a minute. `offline`: reconnecting. `stopped`: closed, or a fixed token was refused.
 */
export type ConnectionState = 'connecting' | 'live' | 'polling' | 'offline' | 'stopped'

/** Reports whether changes arrive, live or by polling. */
export const isConnected = (state: ConnectionState | undefined): boolean =>
  state === 'live' || state === 'polling'

type HubSocket = Socket<HubToClient, ClientToHub>
/** `io` of socket.io-client, or a replacement with the same signature. */
export type Connect = (url: string, options: Partial<ManagerOptions & SocketOptions>) => HubSocket

/** A connection that lasted this long resets the backoff, in ms. */
const GOOD_MS = 10_000
/** The hub disconnected a client that violated the protocol, so the backoff is that of a refused token. */
const REJECTED = new CarillonError('forbidden', 'Connection refused')
const DISCONNECTED = new CarillonError('network', 'Connection lost', { temporary: true })

type Parts = {
  /** The hub. Ends with a slash. */
  url: string
  http: RequestParts
  connect: Connect
  timing: Timing
  /** Returns whether the user is active. */
  isActive: () => boolean
  onState: (state: ConnectionState) => void
  onLive: (live: LiveMessage) => void
  onResync: () => void
  /** Called when the inbox may have changed without a message, so it has to be fetched. */
  onMoved: () => void
  onError: (error: CarillonError) => void
}

const openSocket = ({ url, connect, timing }: Parts): HubSocket => {
  // In React Native, `URL` lacks `origin` and `pathname`.
  const [, origin = '', pathname] = /^(https?:\/\/[^/]+)(\/.*)$/.exec(url) ?? []
  return connect(origin, {
    path: `${pathname}socket.io/`,
    transports: ['websocket'],
    autoConnect: false,
    reconnection: false,
    forceNew: true,
    timeout: timing.request,
  })
}

/** Creates the connection of a client: a socket that reconnects forever, and polling while no WebSocket connects. */
export const createConnection = (parts: Parts) => {
  const { http, timing, isActive, onState, onLive, onResync, onMoved, onError } = parts
  const socket = openSocket(parts)
  let state: ConnectionState = 'connecting'
  let liveSince = 0

  const become = (next: ConnectionState) => {
    if (state === next || state === 'stopped') return
    state = next
    onState(next)
  }
  const isStopped = () => state === 'stopped'

  const stop = () => {
    attempts.stop()
    acknowledgements.stop()
    fallback.end()
    socket.removeAllListeners()
    socket.disconnect()
    become('stopped')
  }

  const attempts = createAttempts({
    ...{ tokens: http.tokens, timing, isStopped, onError, onEnd: stop },
    connect(token) {
      fallback.expect()
      socket.auth = { token }
      socket.connect()
    },
    onWait() {
      if (!fallback.current()) become('offline')
    },
  })

  const fallback = createPollingFallback(
    timing.fallback,
    () => !socket.connected && !isStopped(),
    async () => {
      const { createLongPolling } = await import('./long-polling.ts')
      const onState = (next: ConnectionState) => {
        become(next)
        acknowledgements.resume()
      }
      return () => createLongPolling({ ...parts, onState, onError: attempts.refuse })
    },
  )

  // Items that arrive while the user is away are acknowledged when the user returns.
  const acknowledgements = createAcknowledgements((ids) => {
    if (!isActive() || !(socket.connected || fallback.current())) return false
    if (socket.connected) socket.emit('inbox.received', { ids })
    else
      fallback
        .current()
        ?.received(ids)
        .catch(() => acknowledgements.add(ids))
    return true
  }, timing)

  socket.on('connect', () => {
    attempts.accepted()
    liveSince = Date.now()
    if (!isActive()) socket.emit('presence', { active: false })
    acknowledgements.resume()
    // Changes since the last poll have no message.
    if (fallback.current()) onMoved()
    fallback.end()
    become('live')
  })
  socket.on('disconnect', (reason) => {
    if (Date.now() - liveSince > GOOD_MS) attempts.reset()
    attempts.fail(reason === 'io server disconnect' ? REJECTED : DISCONNECTED)
  })
  socket.on('connect_error', ({ message, data }: Error & { data?: Partial<Problem> }) => {
    if (isRefusal(message)) attempts.refuse(new CarillonError(message as ErrorCode, data?.detail ?? message))
    else attempts.fail(DISCONNECTED)
  })
  // A position counts even if this version does not know the event.
  socket.onAny((event, message) => {
    if (message?.seq || event === 'preferences.changed') onLive({ event, message } as LiveMessage)
  })
  socket.on('inbox.resync', onResync)

  return {
    start: attempts.start,
    /** Retries now instead of after the backoff, unless the hub refused the token. */
    retry: attempts.retry,
    /** Acknowledges items to the hub, in batches, once the user is active. */
    received: acknowledgements.add,
    /** Reports to the hub whether the user is active. */
    activity() {
      if (socket.connected) socket.emit('presence', { active: isActive() })
      fallback.current()?.changed()
      acknowledgements.resume()
    },
    state: () => state,
    stop,
  }
}
