import { hash } from 'node:crypto'

/**
 * Returns the Socket.IO room of a user: 32 characters of a hash, so that Redis contains no ids and rooms of
 * different tenants cannot collide. The sharded adapter treats names of 20 characters as socket ids.
 */
export const userRoom = (tenant: string, user: string) =>
  `u:${hash('sha256', `${tenant}\n${user}`, 'base64url').slice(0, 30)}`
