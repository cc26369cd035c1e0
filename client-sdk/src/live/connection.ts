import type { ClientToHub, HubToClient } from '@carillon/schemas'
import type { ManagerOptions, Socket, SocketOptions } from 'socket.io-client'
import { asError, CarillonError, type ErrorCode, isRefusal } from '../http/error.ts'
import type { Tokens } from '../http/token.ts'
import type { Live } from '../inbox/state.ts'
import { backoff } from '../timing/backoff.ts'
import { createTimer } from '../timing/timer.ts'
import type { Timing } from '../timing/timing.ts'

/** `offline`: tries again, for ever. `stopped`: closed, or a fixed token was refused. */
export type ConnectionState = 'connecting' | 'live' | 'offline' | 'stopped'

type HubSocket = Socket<HubToClient, ClientToHub>
/** socket.io-client's `io`, or something like it. */
export type Connect = (url: string, options: Partial<ManagerOptions & SocketOptions>) => HubSocket

/** A connection that lasted this long was a good one: the next failure is a first one. */
const GOOD_MS = 10_000
/** The hub takes so many ids in one `inbox.received`. */
const RECEIVED_MAX = 100
/** In this way the hub ends a connection that broke its rules: no reason to hurry back. */
const REJECTED = new CarillonError('forbidden', 'Connection refused')
const DISCONNECTED = new CarillonError('network', 'Connection lost', { temporary: true })

/**
 * The one socket of a client: connects, reconnects for ever with jittered backoff, and asks for a fresh token when
 * the hub refuses the one it has; a second refusal is reported and followed by longer and longer waits.
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
  onLive: (live: Live) => void
  onResync: () => void
  onError: (error: CarillonError) => void
}) => {
  const { origin, pathname } = new URL(url)
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
  for (const event of ['inbox.added', 'inbox.changed', 'inbox.removed'] as const)
    socket.on(event, (message: Live['message']) => onLive({ event, message } as Live))
  socket.on('inbox.resync', onResync)

  return {
    start: attempt,
    /** Tries now rather than after the wait, unless the hub refused the token. */
    hurry() {
      if (retry.waits() && refusals === 0) retry.set(attempt, 0)
    },
    /** Tells the hub, soon and together with others, that these items have arrived. */
    received(ids: readonly string[]) {
      received.push(...ids)
      if (state === 'live' && !acknowledge.waits()) acknowledge.set(flush, timing.acknowledge)
    },
    state: () => state,
    stop,
  }
}
