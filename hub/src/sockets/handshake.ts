import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { ProblemError } from '@carillon/core/errors'
import { idleRoom, roomsOf, userRooms } from '@carillon/core/live/room'
import type { LiveServer } from '@carillon/core/live/server'
import { requireNotErased } from '@carillon/core/security/user-tokens'
import type { Log } from '@carillon/core/telemetry/log'
import { authenticateToken } from '../http/auth.ts'
import { problemOf } from '../http/problems.ts'
import type { Refusals } from '../http/refused-credentials.ts'
import type { RateLimit } from '../limits/rate-limit.ts'
import type { Admission } from './admission.ts'

/** Maximum open connections per user and hub. Further ones are rejected. */
export const CONNECTIONS_PER_USER = 50

type Admitting = {
  io: LiveServer
  cache: SettingsCache
  admission: Pick<Admission, 'authenticated'>
  rateLimit: Pick<RateLimit, 'user' | 'refused'>
}

export type LiveSocket = Parameters<Parameters<LiveServer['use']>[0]>[0]

/** Placeholder for the handshake of an admitted socket. */
const RELEASED: LiveSocket['handshake'] = Object.freeze({
  headers: Object.freeze<IncomingHttpHeaders>({}),
  time: '',
  address: '',
  xdomain: false,
  secure: false,
  issued: 0,
  url: '',
  query: Object.freeze({}),
  auth: Object.freeze({}),
})

/**
 * Extracts the token and the connection, and releases the handshake's request and headers, which would otherwise stay in
 * memory as long as the socket. The socket has no request afterwards.
 */
const release = (socket: LiveSocket): { token: unknown; connection: Socket } => {
  const { token }: { token?: unknown } = socket.handshake.auth
  const connection = socket.conn.request.socket
  Object.assign(socket, { handshake: RELEASED })
  Object.assign(socket.conn, { request: null })
  return { token, connection }
}

/**
 * Admits a socket with a valid user token to the rooms of its user and contexts. They are joined, in a cluster with
 * Redis' confirmation, before the client is told that it is connected, so that everything delivered from then on reaches it.
 * Throws ProblemError.
 */
const admit = async ({ io, cache, admission, rateLimit }: Admitting, socket: LiveSocket) => {
  if (!socket.conn.request) throw new ProblemError('invalid_request', 'one handshake per connection')
  const { token, connection } = release(socket)
  if (typeof token !== 'string')
    throw new ProblemError('unauthenticated', 'connect with auth: { token }, a user token')
  const user = await authenticateToken(cache, token)
  await rateLimit.user(user)
  const { rooms } = io.of('/').adapter
  const open = (room: string) => rooms.get(room)?.size ?? 0
  const { whole, limited } = userRooms(user.tenant, user.user)
  if (open(whole) + open(idleRoom(whole)) + open(limited) >= CONNECTIONS_PER_USER)
    throw new ProblemError(
      'rate_limited',
      `a user may have ${CONNECTIONS_PER_USER} connections; close one before opening another`,
    )
  admission.authenticated(connection)
  socket.data = user
  await socket.join(roomsOf(user))
  // Checked again, because either may have happened before the watchers could close this socket.
  await requireNotErased(cache, user)
  const known = await cache.tenant(user.tenant)
  if (!known?.secrets.some(({ kid }) => kid === user.kid))
    throw new ProblemError('unauthenticated', 'the secret that signed the user token was withdrawn')
}

/**
 * Returns the Socket.IO middleware for the handshake. A rejected client gets a `connect_error` with the problem's code as
 * `message` and the problem as `data`; then its connection is closed.
 */
export const handshake =
  (
    parts: Admitting & {
      refusals: Refusals
      log: Log
      draining: () => boolean
    },
  ) =>
  async (socket: LiveSocket, next: (error?: Error) => void): Promise<void> => {
    const { rateLimit, refusals, log, draining } = parts
    const { request } = socket.conn
    try {
      if (draining()) throw new ProblemError('unavailable', 'this hub is closing; connect again')
      await admit(parts, socket)
      next()
    } catch (err) {
      const answer = refusals(err)
      const limited = rateLimit.refused(err, request ?? undefined)
      const problem = problemOf(limited === err ? answer : limited)
      if (problem.code === 'internal') log.error({ err }, 'a connection could not be checked')
      else log.debug({ code: problem.code }, 'connection refused')
      next(Object.assign(new Error(problem.code), { data: problem }))
      // Socket.IO sends the answer first; this runs in the next tick.
      setImmediate(() => socket.conn.close())
    }
  }
