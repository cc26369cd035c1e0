import type { ClientToHub, HubToClient } from '@carillon/schemas'
import type { ManagerOptions, Socket, SocketOptions } from 'socket.io-client'
import { asError, CarillonError, isRefusal } from './error.ts'
import type { Live } from './state.ts'
import { backoff, type Timing } from './timing.ts'
import type { Tokens } from './tokens.ts'

/** `offline`: tries again, for ever. `stopped`: closed, or a fixed token was refused. */
export type ConnectionState = 'connecting' | 'live' | 'offline' | 'stopped'

export type HubSocket = Socket<HubToClient, ClientToHub>
/** socket.io-client's `io`, or something like it. */
export type Connect = (url: string, options: Partial<ManagerOptions & SocketOptions>) => HubSocket

/** A connection that lasted this long was a good one: the next failure is a first one. */
const GOOD_MS = 10_000
/** The hub takes so many ids in one `inbox.received`. */
const RECEIVED_MAX = 100
/** The first wait after a fresh token was refused, too. */
const REFUSED_MS = 30_000

/**
 * The one socket of a client: connects, reconnects for ever with jittered backoff, and asks for a fresh token when
 * the hub refuses the one it has; a second refusal is reported and followed by longer and longer waits.
 */
export const createConnection = (options: {
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
  const { tokens, timing } = options
  const { origin, pathname } = new URL(options.url)
  const socket = options.connect(origin, {
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
  let timer: ReturnType<typeof setTimeout> | undefined
  const received = new Set<string>()
  let acknowledging: ReturnType<typeof setTimeout> | undefined

  const become = (next: ConnectionState) => {
    if (state === next || state === 'stopped') return
    state = next
    options.onState(next)
  }

  const stop = () => {
    become('stopped')
    clearTimeout(timer)
    clearTimeout(acknowledging)
    timer = undefined
    socket.removeAllListeners()
    socket.disconnect()
  }

  const attempt = async () => {
    timer = undefined
    try {
      token = refusals > 0 ? await tokens.renew(token) : await tokens.get()
    } catch (error) {
      options.onError(asError(error))
      fail()
      return
    }
    if (state === 'stopped') return
    socket.auth = { token }
    socket.connect()
  }

  const again = (ms: number) => {
    clearTimeout(timer)
    if (state !== 'stopped') timer = setTimeout(attempt, ms)
  }

  const fail = () => {
    become('offline')
    failures++
    again(backoff(failures, timing.retry, timing.retryMax))
  }

  const refuse = (error: CarillonError) => {
    refusals++
    if (tokens.fixed) {
      stop()
      options.onError(error)
    } else if (refusals === 1) {
      again(0)
    } else {
      become('offline')
      options.onError(error)
      again(backoff(refusals - 1, REFUSED_MS, timing.refusedMax))
    }
  }

  const acknowledge = () => {
    const ids = [...received].slice(0, RECEIVED_MAX)
    for (const id of ids) received.delete(id)
    if (ids.length > 0) socket.emit('inbox.received', { ids })
    acknowledging = received.size > 0 ? setTimeout(acknowledge, timing.acknowledge) : undefined
  }

  socket.on('connect', () => {
    refusals = 0
    liveSince = Date.now()
    if (received.size > 0) acknowledging ??= setTimeout(acknowledge, timing.acknowledge)
    become('live')
  })
  socket.on('disconnect', () => {
    if (Date.now() - liveSince > GOOD_MS) failures = 0
    clearTimeout(acknowledging)
    acknowledging = undefined
    fail()
  })
  socket.on('connect_error', ({ message }) => {
    if (!isRefusal(message)) return fail()
    refuse(new CarillonError(message as CarillonError['code'], 'The hub refuses the token'))
  })
  socket.on('inbox.added', (message) => options.onLive({ event: 'inbox.added', message }))
  socket.on('inbox.changed', (message) => options.onLive({ event: 'inbox.changed', message }))
  socket.on('inbox.removed', (message) => options.onLive({ event: 'inbox.removed', message }))
  socket.on('inbox.resync', options.onResync)

  return {
    start: attempt,
    /** Tries now rather than after the wait, unless the hub refused the token. */
    hurry() {
      if (timer === undefined || refusals > 0) return
      failures = 0
      again(0)
    },
    /** Tells the hub, soon and together with others, that these items have arrived. */
    received(ids: readonly string[]) {
      for (const id of ids) received.add(id)
      if (state === 'live' && received.size > 0) acknowledging ??= setTimeout(acknowledge, timing.acknowledge)
    },
    state: () => state,
    stop,
  }
}
export type Connection = ReturnType<typeof createConnection>
