import { roomsOf } from '@carillon/core/live/room'
import type { LiveSocket } from './handshake.ts'

/**
 * Moves a socket between the rooms of active and of idle connections. It leaves the old rooms only once the new ones are
 * confirmed, so that it misses no message; one that comes twice has the same position.
 */
export const createPresence = () => {
  /** The latest change of each socket. An earlier one that is confirmed late leaves no room. */
  const changes = new WeakMap<LiveSocket, object>()

  return async (socket: LiveSocket, active: boolean): Promise<void> => {
    if (active === !socket.data.idle) return
    socket.data.idle = !active
    const change = {}
    changes.set(socket, change)
    await socket.join(roomsOf(socket.data, active))
    if (changes.get(socket) !== change) return
    const stays = new Set(roomsOf(socket.data, active))
    for (const room of roomsOf(socket.data, !active)) if (!stays.has(room)) await socket.leave(room)
  }
}
