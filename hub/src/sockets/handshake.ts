import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import type { SettingsCache } from '@carillon/core/cache/tenants-and-types'
import { ProblemError } from '@carillon/core/errors'
import { userRoom } from '@carillon/core/live/room'
import type { LiveServer } from '@carillon/core/live/server'
import { requireNotErased, verifyUserToken } from '@carillon/core/security/user-tokens'
import type { Log } from '@carillon/core/telemetry/log'
import { problemOf } from '../http/problems.ts'
import type { Refusals } from '../http/refusals.ts'
import type { RateLimit } from '../limits/rate-limit.ts'
import type { Admission } from './admission.ts'

/** Open connections a user may have on one hub. A further one is refused; those that are open stay. */
export const CONNECTIONS_PER_USER = 50

type Admitting = {
  io: LiveServer
  cache: SettingsCache
  admission: Pick<Admission, 'authenticated'>
  rateLimit: Pick<RateLimit, 'user' | 'refused'>
}

export type LiveSocket = Parameters<Parameters<LiveServer['use']>[0]>[0]

/** What is left of every handshake. */
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
 * Takes the token and the connection out of the handshake and releases the request, its headers and the token: they
 * would stay in memory as long as the socket. A socket that has been through this has no request.
 */
const release = (socket: LiveSocket): { token: unknown; connection: Socket } => {
  const { token }: { token?: unknown } = socket.handshake.auth
  const connection = socket.conn.request.socket
  Object.assign(socket, { handshake: RELEASED })
  Object.assign(socket.conn, { request: null })
  return { token, connection }
}

/**
 * Lets a socket in when it shows a valid user token, and puts it into the room of that user and no other. The room
 * is joined, in a cluster with Redis' confirmation, before the client hears that it is connected: what is
 * delivered from then on reaches it. Throws ProblemError.
 */
const admit = async ({ io, cache, admission, rateLimit }: Admitting, socket: LiveSocket) => {
  if (!socket.conn.request) throw new ProblemError('invalid_request', 'one handshake per connection')
  const { token, connection } = release(socket)
  if (typeof token !== 'string')
    throw new ProblemError('unauthenticated', 'connect with auth: { token }, a user token')
  const user = await verifyUserToken(cache, token)
  await rateLimit.user(user)
  const room = userRoom(user.tenant, user.user)
  if ((io.of('/').adapter.rooms.get(room)?.size ?? 0) >= CONNECTIONS_PER_USER)
    throw new ProblemError(
      'rate_limited',
      `a user may have ${CONNECTIONS_PER_USER} connections; close one before opening another`,
    )
  admission.authenticated(connection)
  socket.data = user
  await socket.join(room)
  // Either may have happened meanwhile, when nothing could close this socket yet.
  await requireNotErased(cache, user)
  const known = await cache.tenant(user.tenant)
  if (!known?.secrets.some(({ kid }) => kid === user.kid))
    throw new ProblemError('unauthenticated', 'the secret that the user token is signed with was withdrawn')
}

/**
 * The handshake as Socket.IO middleware. A client that is refused gets a `connect_error` whose `message` is the
 * problem's code and whose `data` is the problem; then its connection ends.
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
      // Once the answer is on its way: Socket.IO sends it in the next tick.
      setImmediate(() => socket.conn.close())
    }
  }
