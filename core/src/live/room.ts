import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'

const digest = (...ids: string[]) => hash('sha256', ids.join('\n'), 'base64url').slice(0, 30)

/** The rooms of users of recent calls: hashing takes longer than finding them here. */
const recent = new LRUCache<string, { whole: string; limited: string; context(context: string): string }>({
  max: 10_000,
})

/**
 * Returns the Socket.IO rooms of a user. `whole`: connections that see the whole inbox. `context`: limited connections that
 * see a context; '' stands for items without one. `limited`: all limited connections. Names are 32 characters with a hash,
 * so that Redis contains no ids and rooms of different tenants cannot collide. The sharded adapter treats names of 20
 * characters as socket ids. The room for items without a context reuses the user's hash, because most items have none.
 */
export const userRooms = (tenant: string, user: string) => {
  const name = `${tenant}\n${user}`
  const known = recent.get(name)
  if (known) return known
  const own = digest(tenant, user)
  const none = `n:${own}`
  const rooms = {
    whole: `u:${own}`,
    limited: `l:${own}`,
    context: (context: string) => (context === '' ? none : `c:${digest(tenant, user, context)}`),
  }
  recent.set(name, rooms)
  return rooms
}

/** The prefix of rooms for idle connections. DELIVER in `redis.ts` uses it, too. */
export const IDLE = 'i'

/** Returns the room of the idle connections to a stream; those that are active are in the stream's own room. */
export const idleRoom = (room: string): string => IDLE + room

/** A user's connection. Without `contexts`, it sees the whole inbox. */
type Connected = { tenant: string; user: string; contexts?: readonly string[] | undefined }

/** Returns the rooms of the streams that a connection sees, while it is active. */
export const streamRooms = ({ tenant, user, contexts }: Connected): string[] => {
  const rooms = userRooms(tenant, user)
  return contexts ? contexts.map(rooms.context) : [rooms.whole]
}

/** Returns the rooms of a connection: those of its streams, and that of limited connections if it is one. */
export const roomsOf = (connected: Connected, active = true): string[] => {
  const streams = streamRooms(connected)
  return [
    ...(connected.contexts ? [userRooms(connected.tenant, connected.user).limited] : []),
    ...(active ? streams : streams.map(idleRoom)),
  ]
}
