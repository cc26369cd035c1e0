import { randomUUID } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Server } from 'socket.io'
import { GRACE_MS, type Live } from './port.ts'
import { userRoom } from './room.ts'
import type { LiveServer } from './server.ts'

/** Maximum users whose sequence is kept. An evicted sequence restarts at 1 in the same epoch, which clients see as a gap. */
const SEQUENCES_MAX = 50_000
/** Maximum number of users remembered as having left. An evicted user is `away` early. */
const LEFT_MAX = 50_000

/** Live delivery in a single process: every connection is on `io`, and no message is lost. */
export const inProcessLive = ({ io }: { io: LiveServer }): Live => {
  const epoch = randomUUID()
  const sequences = new LRUCache<string, number>({ max: SEQUENCES_MAX })
  /** The ends of their grace periods, epoch ms. */
  const leftUntil = new LRUCache<string, number>({ max: LEFT_MAX })
  const { adapter } = io.of('/')
  // LiveMessage pairs events with payloads; Socket.IO's types cannot express that.
  const rooms: Server = io
  return {
    deliver: async (messages) =>
      messages.map(({ tenant, user, event, payload }) => {
        const room = userRoom(tenant, user)
        if (!adapter.rooms.has(room)) return false
        const seq = (sequences.get(room) ?? 0) + 1
        sequences.set(room, seq)
        rooms.to(room).emit(event, { ...payload, seq, epoch })
        return true
      }),
    presence: async (users) =>
      users.map(({ tenant, user }) => {
        const room = userRoom(tenant, user)
        if (adapter.rooms.has(room)) return 'here'
        return (leftUntil.get(room) ?? 0) > Date.now() ? 'left' : 'away'
      }),
    left: (tenant, user) => {
      leftUntil.set(userRoom(tenant, user), Date.now() + GRACE_MS)
    },
    position: async (tenant, user) => ({ epoch, seq: sequences.get(userRoom(tenant, user)) ?? 0 }),
    onLoss: () => {},
    check: async () => {},
    close: async () => {},
  }
}
