import { randomUUID } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Server } from 'socket.io'
import { destinationsOf } from './destinations.ts'
import { GRACE_MS, type Live } from './port.ts'
import { roomsOf, userRooms } from './room.ts'
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

  return {
    deliver: async (messages) =>
      messages.map((message) => {
        const { event, payload } = message
        const { whole, other } = destinationsOf(message)
        const reached = {
          whole: whole !== undefined && adapter.rooms.has(whole),
          other: other !== undefined && adapter.rooms.has(other.room),
        }
        if (reached.whole) server.to(whole!).emit(event, { ...payload, ...next(whole!) })
        if (!other || !reached.other || other.as === 'asked') return reached
        const { room, as } = other
        if (as === 'plain') server.to(room).emit(event, ...(payload ? [payload] : []))
        else server.to(room).emit(event, { ...payload, ...next(room), stream: as.stream })
        return reached
      }),
    presence: async (viewers) =>
      viewers.map(({ tenant, user, context = '' }) => {
        const rooms = userRooms(tenant, user)
        const streams = [rooms.whole, rooms.context(context)]
        if (streams.some((room) => adapter.rooms.has(room))) return 'here'
        return streams.some((room) => (leftUntil.get(room) ?? 0) > Date.now()) ? 'left' : 'away'
      }),
    left: (tenant, user, contexts) => {
      for (const room of roomsOf({ tenant, user, contexts })) leftUntil.set(room, Date.now() + GRACE_MS)
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
