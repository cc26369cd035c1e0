import { hash } from 'node:crypto'

/**
 * The Socket.IO room of one user: a fixed 32 characters, so that no id shows up in Redis, no id can be taken for
 * another tenant's, and its length is never the 20 characters that the sharded adapter takes for a socket id.
 */
export const userRoom = (tenant: string, user: string) =>
  `u:${hash('sha256', `${tenant}\n${user}`, 'base64url').slice(0, 30)}`
