import { randomUUID } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Server } from 'socket.io'
import { destinationsOf } from './destinations.ts'
import { GRACE_MS, type Live, type LiveEvent } from './port.ts'
import { idleRoom, roomsOf, streamRooms, userRooms } from './room.ts'
import type { LiveServer } from './server.ts'

/** Maximum number of sequences that are kept. An evicted one restarts at 1 in the same epoch, which clients see as a gap. */
const SEQUENCES_MAX = 50_000
/** Maximum number of recently left rooms that are kept. The user of an evicted room is `away` early. */
const LEFT_MAX = 50_000

/** Live delivery in a single process: every connection is on `io`, and no message is lost. */
export const inProcessLive = ({ io }: { io: LiveServer }): Live => {
  const epoch = randomUUID()
  const sequences = new LRUCache<string, number>({ max: SEQUENCES_MAX })
  /** The ends of their grace periods, epoch ms. */
  const leftUntil = new LRUCache<string, number>({ max: LEFT_MAX })
  const { adapter } = io.of('/')
  // LiveMessage pairs events with payloads; Socket.IO's types cannot express that.
  const server: Server = io

  const next = (room: string) => {
    const seq = (sequences.get(room) ?? 0) + 1
    sequences.set(room, seq)
    return { seq, epoch }
  }

  const watching = new Map<string, Set<() => void>>()
  const isHeld = (room: string) => adapter.rooms.has(room) || watching.has(room)
  /** Sends a message to the active and idle connections of a room. */
  const send = (room: string, event: LiveEvent['event'], payload: unknown) => {
    const rooms = [room, idleRoom(room)]
    server.to(rooms).emit(event, ...(payload ? [payload] : []))
    for (const watched of rooms) for (const wake of [...(watching.get(watched) ?? [])]) wake()
  }

  return {
    deliver: async (messages) =>
      messages.map((message) => {
        const { event, payload } = message
        const { whole, other } = destinationsOf(message)
        const rooms = [whole, other?.room]
        const [wholeHeld = false, otherHeld = false] = rooms.map(
          (room) => room !== undefined && (isHeld(room) || isHeld(idleRoom(room))),
        )
        const active = rooms.some((room) => room !== undefined && isHeld(room))
        const reached = { whole: wholeHeld, other: otherHeld, active }
        if (reached.whole) send(whole!, event, { ...payload, ...next(whole!) })
        if (!other || !reached.other || other.as === 'asked') return reached
        const { room, as } = other
        const position = next(room)
        send(room, event, as === 'plain' ? payload : { ...payload, ...position, stream: as.stream })
        return reached
      }),
    presence: async (viewers) =>
      viewers.map(({ tenant, user, context = '' }) => {
        const rooms = userRooms(tenant, user)
        const streams = [rooms.whole, rooms.context(context)]
        if (streams.some(isHeld)) return 'here'
        return streams.some((room) => (leftUntil.get(room) ?? 0) > Date.now()) ? 'left' : 'away'
      }),
    watch: async ({ active, ...watcher }, onMessage) => {
      const rooms = roomsOf(watcher, active)
      const numbered = roomsOf(watcher)
      // Each watch has its own function, so that two with the same listener end separately.
      const wake = () => onMessage()
      for (const room of rooms) watching.set(room, (watching.get(room) ?? new Set()).add(wake))
      return {
        position: async () => [epoch, ...numbered.map((room) => sequences.get(room) ?? 0)].join('.'),
        end: () => {
          for (const room of rooms) {
            const watchers = watching.get(room)
            if (watchers?.delete(wake) && watchers.size === 0) watching.delete(room)
          }
        },
      }
    },
    left: (tenant, user, contexts) => {
      for (const room of streamRooms({ tenant, user, contexts })) leftUntil.set(room, Date.now() + GRACE_MS)
    },
    position: async (tenant, user, context) => {
      const rooms = userRooms(tenant, user)
      const room = context === undefined ? rooms.whole : rooms.context(context)
      return { epoch, seq: sequences.get(room) ?? 0 }
    },
    onLoss: () => {},
    check: async () => {},
    close: async () => {},
  }
}
