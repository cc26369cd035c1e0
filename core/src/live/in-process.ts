import { randomUUID } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Server } from 'socket.io'
import { GRACE_MS, type Live } from './port.ts'
import { userRoom } from './room.ts'
import type { LiveServer } from './server.ts'

/**
 * Users whose sequence is remembered. One who is forgotten starts again at 1 in the same epoch, which a client that
 * has seen any message takes for a gap.
 */
const SEQUENCES = 50_000
/** Users who left a moment ago; whoever is pushed out is away sooner. */
const LEAVERS = 50_000

/** Live for the one process that does everything: every connection is on `io`, and nothing is ever lost. */
export const inProcessLive = ({ io }: { io: LiveServer }): Live => {
  const epoch = randomUUID()
  const sequences = new LRUCache<string, number>({ max: SEQUENCES })
  /** Until when they are expected back. */
  const leavers = new LRUCache<string, number>({ max: LEAVERS })
  const { adapter } = io.of('/')
  // Which payload belongs to which event is LiveMessage's knowledge; Socket.IO's types cannot follow it.
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
        return (leavers.get(room) ?? 0) > Date.now() ? 'left' : 'away'
      }),
    left: (tenant, user) => {
      leavers.set(userRoom(tenant, user), Date.now() + GRACE_MS)
    },
    position: async (tenant, user) => ({ epoch, seq: sequences.get(userRoom(tenant, user)) ?? 0 }),
    onLoss: () => {},
    check: async () => {},
    close: async () => {},
  }
}
