import { hash } from 'node:crypto'

/**
 * Returns the name of a Socket.IO room: 32 characters with a hash, so that Redis contains no ids and rooms of different
 * tenants cannot collide. The sharded adapter treats names of 20 characters as socket ids.
 */
const room = (kind: 'u' | 'c' | 'l', ...ids: string[]) =>
  `${kind}:${hash('sha256', ids.join('\n'), 'base64url').slice(0, 30)}`

/** Returns the room of a user's connections that see the whole inbox. */
export const userRoom = (tenant: string, user: string) => room('u', tenant, user)

/** Returns the room of a user's limited connections that see a context; '' stands for items without one. */
export const contextRoom = (tenant: string, user: string, context: string) => room('c', tenant, user, context)

/** Returns the room of all limited connections of a user. */
export const limitedRoom = (tenant: string, user: string) => room('l', tenant, user)

/** Returns the rooms of a connection. Without `contexts`, it sees the whole inbox. */
export const roomsOf = ({
  tenant,
  user,
  contexts,
}: {
  tenant: string
  user: string
  contexts?: readonly string[] | undefined
}): string[] =>
  contexts
    ? [limitedRoom(tenant, user), ...contexts.map((context) => contextRoom(tenant, user, context))]
    : [userRoom(tenant, user)]
