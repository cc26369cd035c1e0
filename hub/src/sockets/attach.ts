import { setTimeout as sleep } from 'node:timers/promises'
import type { Invalidations } from '@carillon/core/cache/invalidation/port'
import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import type { Live } from '@carillon/core/live/port'
import type { LiveServer } from '@carillon/core/live/server'
import type { Tenants } from '@carillon/core/store/ports/tenants'
import type { Users } from '@carillon/core/store/ports/users'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { InboxReceived, Presence, parse } from '@carillon/schemas'
import type { Refusals } from '../http/refused-credentials.ts'
import type { Viewer } from '../inbox/viewer.ts'
import type { RateLimit } from '../limits/rate-limit.ts'
import type { Admission } from './admission.ts'
import { watchErasures } from './erased.ts'
import { handshake, type LiveSocket } from './handshake.ts'
import { createPresence } from './presence.ts'
import { watchWithdrawnSecrets } from './withdrawn-secrets.ts'

/** Frames per client and FRAME_WINDOW_MS: 20 a second, with bursts of twice that. */
export const FRAMES_PER_WINDOW = 40
const FRAME_WINDOW_MS = 2_000
const SWEEP_MS = 1_000
/** Maximum unread frames and bytes of a slow client. Above either it is disconnected and refetches on reconnection. */
const UNREAD_FRAMES_MAX = 500
const UNREAD_BYTES_MAX = 1_048_576
/** Preferred pace of a drain, in ms per connection. */
const DRAIN_MS_PER_CONNECTION = 2
/** Mean interval between batches of a drain in ms, randomized so that clients do not reconnect in step. */
const DRAIN_STEP_MS = 20

type Offence = 'unknown_event' | 'malformed_event' | 'malformed_frame' | 'too_many_frames' | 'fault'

export type Sockets = {
  /** Rejects new connections and closes existing ones in batches, in random order, within `ms`. */
  drain(ms: number): Promise<void>
  /** Closes every connection. The HTTP server keeps running. */
  close(): Promise<void>
}

/**
 * Attaches the live edge to `io`: authentication, frame limits and the end of connections. May be called
 * before or after `io` is attached to an HTTP server.
 *
 * Connections are closed below Socket.IO if they expire, drain or are too slow, or if their secret was
 * withdrawn or their user erased. Their clients then reconnect by themselves. Clients that violate the
 * protocol are disconnected by Socket.IO, after which they do not reconnect. `onReceived` gets acknowledged
 * item ids with the viewer from the token.
 */
export const attachSockets = (parts: {
  io: LiveServer
  cache: SettingsCache
  invalidations: Pick<Invalidations, 'subscribe'>
  tenants: Pick<Tenants, 'get'>
  users: Pick<Users, 'erased'>
  admission: Pick<Admission, 'authenticated'>
  rateLimit: Pick<RateLimit, 'user' | 'refused'>
  refusals: Refusals
  onReceived: (viewer: Viewer, ids: readonly string[]) => void
  live: Pick<Live, 'onLoss' | 'left'>
  log: Log
  metrics: Pick<Metrics, 'connections' | 'faults'>
}): Sockets => {
  const { io, live, log, metrics, onReceived } = parts
  const { sockets } = io.of('/')
  /** Frame counts of this window. Silent connections have no entry. */
  const frames = new Map<LiveSocket, number>()
  const presence = createPresence()
  let windowEnds = 0
  let draining = false

  const end = (socket: LiveSocket, reason: Offence) => {
    log.warn({ tenant: socket.data.tenant, reason }, 'connection closed: protocol violation')
    socket.disconnect(true)
  }

  const fault = (socket: LiveSocket, err: unknown) => {
    metrics.faults.inc({ where: 'socket' })
    log.error({ err, tenant: socket.data?.tenant }, 'a socket handler failed')
    end(socket, 'fault')
  }

  /** Runs a handler of one socket. An error closes that socket; an uncaught error would end the process. */
  const guard = (socket: LiveSocket, handle: () => void) => {
    try {
      handle()
    } catch (err) {
      fault(socket, err)
    }
  }

  const onEvent = (socket: LiveSocket, event: string, args: readonly unknown[]) => {
    if (!socket.connected) return
    const isReceipt = event === 'inbox.received'
    if (!isReceipt && event !== 'presence') return end(socket, 'unknown_event')
    const received = isReceipt ? parse(InboxReceived, args[0]) : undefined
    const present = isReceipt ? undefined : parse(Presence, args[0])
    const { tenant, user, contexts, idle } = socket.data
    if (args.length !== 1) return end(socket, 'malformed_event')
    if (present?.success) presence(socket, present.data.active).catch((err) => fault(socket, err))
    else if (!received?.success) end(socket, 'malformed_event')
    // Receipts of idle connections do not count as delivery.
    else if (!idle) onReceived({ tenant, user, contexts }, received.data.ids)
  }

  const onFrame = (socket: LiveSocket) => {
    const count = (frames.get(socket) ?? 0) + 1
    frames.set(socket, count)
    if (count === FRAMES_PER_WINDOW + 1) end(socket, 'too_many_frames')
  }

  io.use(handshake({ ...parts, draining: () => draining }))
  io.on('connection', (socket) => {
    metrics.connections.inc()
    // Counted in Engine.IO, so that frames that Socket.IO drops or answers itself count too.
    socket.conn.on('packet', () => guard(socket, () => onFrame(socket)))
    socket.onAny((event: string, ...args: unknown[]) => guard(socket, () => onEvent(socket, event, args)))
    socket.on('error', () => end(socket, 'malformed_frame'))
    socket.on('disconnect', (reason) =>
      guard(socket, () => {
        const { tenant, user, contexts, idle } = socket.data
        metrics.connections.dec()
        if (!idle) live.left(tenant, user, contexts)
        log.debug({ tenant, reason }, 'connection closed')
      }),
    )
  })
  live.onLoss(() => io.local.emit('inbox.resync'))
  const withdrawn = watchWithdrawnSecrets({ ...parts, sockets })
  const erased = watchErasures(parts)

  const sweep = setInterval(() => {
    const now = Date.now()
    if (now >= windowEnds) {
      frames.clear()
      windowEnds = now + FRAME_WINDOW_MS
    }
    withdrawn.check()
    erased.check()
    for (const socket of sockets.values()) {
      if (socket.data.expiresAt <= now) socket.conn.close()
      else if (lagsBehind(socket)) {
        log.info({ tenant: socket.data.tenant, reason: 'too_slow' }, 'connection ended')
        socket.conn.close(true)
      }
    }
  }, SWEEP_MS).unref()

  return {
    drain: async (ms) => {
      draining = true
      await closeGradually([...sockets.values()], ms)
    },
    close: async () => {
      draining = true
      clearInterval(sweep)
      io.engine?.close()
    },
  }
}

/** Closes connections in random order and in batches, within `ms`. */
const closeGradually = async (sockets: LiveSocket[], ms: number): Promise<void> => {
  const leaving = shuffled(sockets)
  const pace = Math.min(DRAIN_MS_PER_CONNECTION, Math.max(1, ms) / leaving.length)
  const started = performance.now()
  for (let gone = 0; gone < leaving.length; ) {
    const due = Math.floor((performance.now() - started) / pace) + 1
    for (const socket of leaving.slice(gone, due)) socket.conn.close()
    gone = due
    if (gone < leaving.length) await sleep(DRAIN_STEP_MS * (0.5 + Math.random()))
  }
}

/** Shuffles in place (Fisher–Yates). */
const shuffled = <Item>(items: Item[]): Item[] => {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1))
    ;[items[last], items[other]] = [items[other]!, items[last]!]
  }
  return items
}

/** Reports whether a client reads too slowly. Unread frames wait in Engine.IO and in the WebSocket. */
const lagsBehind = (socket: LiveSocket): boolean => {
  const { writeBuffer, transport } = socket.conn as unknown as {
    writeBuffer: unknown[]
    transport: { socket?: { bufferedAmount: number } }
  }
  return writeBuffer.length > UNREAD_FRAMES_MAX || (transport.socket?.bufferedAmount ?? 0) > UNREAD_BYTES_MAX
}
