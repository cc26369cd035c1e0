import { randomUUID } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { destinationsOf } from './destinations.ts'
import { endText, ownText, payloadTexts } from './event-text.ts'
import { EVENT_PACKET, textFrame } from './frame.ts'
import { GRACE_MS, type Live, type LiveMessage } from './port.ts'
import { idleRoom, roomsOf, streamRooms, userRooms } from './room.ts'
import { sendFrame } from './send-frame.ts'
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
  const connections = io.of('/')
  const { adapter } = connections

  /** Numbers a message. Returns its position as JSON. */
  const next = (room: string) => {
    const seq = (sequences.get(room) ?? 0) + 1
    sequences.set(room, seq)
    return `,"seq":${seq},"epoch":"${epoch}"`
  }

  const watching = new Map<string, Set<() => void>>()
  const isHeld = (room: string) => adapter.rooms.has(room) || watching.has(room)

  /** Returns the rooms of the active and of the idle connections to a stream, if there are any connections. */
  const held = (room: string) => {
    const [idle, active] = [idleRoom(room), isHeld(room)]
    return active || isHeld(idle) ? { room, active, rooms: [room, idle] } : undefined
  }

  /** Sends a frame to all connections in these rooms. */
  const send = (rooms: readonly string[], frame: Buffer) => {
    for (const room of rooms) {
      sendFrame(connections, room, frame)
      for (const wake of [...(watching.get(room) ?? [])]) wake()
    }
  }

  return {
    deliver: async (messages) => {
      const encoded = payloadTexts((text) => Buffer.from(text))
      const frameOf = (message: LiveMessage, position: string) =>
        textFrame(EVENT_PACKET + ownText(message), encoded(message), position + endText(message))
      return messages.map((message) => {
        const { whole, other } = destinationsOf(message)
        const first = whole === undefined ? undefined : held(whole)
        const second = other && held(other.room)
        if (first) send(first.rooms, frameOf(message, next(first.room)))
        if (second && other.as !== 'asked') {
          const position = next(second.room)
          const { as } = other
          const own = as === 'plain' ? '' : `${position},"stream":${JSON.stringify(as.stream)}`
          send(second.rooms, frameOf(message, own))
        }
        return {
          whole: first !== undefined,
          other: second !== undefined,
          active: first?.active === true || second?.active === true,
        }
      })
    },
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
