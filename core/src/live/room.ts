import { hash } from 'node:crypto'

const digest = (...ids: string[]) => hash('sha256', ids.join('\n'), 'base64url').slice(0, 30)

/**
 * Returns the Socket.IO rooms of a user. `whole`: connections that see the whole inbox. `context`: limited connections that
 * see a context; '' stands for items without one. `limited`: all limited connections. Names are 32 characters with a hash,
 * so that Redis contains no ids and rooms of different tenants cannot collide. The sharded adapter treats names of 20
 * characters as socket ids. The room for items without a context reuses the user's hash, because most items have none.
 */
export const userRooms = (tenant: string, user: string) => {
  const own = digest(tenant, user)
  return {
    whole: `u:${own}`,
    limited: `l:${own}`,
    context: (context: string) => (context === '' ? `n:${own}` : `c:${digest(tenant, user, context)}`),
  }
}

/** Returns the rooms of a connection. Without `contexts`, it sees the whole inbox. */
export const roomsOf = ({
  tenant,
  user,
  contexts,
}: {
  tenant: string
  user: string
  contexts?: readonly string[] | undefined
}): string[] => {
  const rooms = userRooms(tenant, user)
  return contexts ? [rooms.limited, ...contexts.map(rooms.context)] : [rooms.whole]
}
