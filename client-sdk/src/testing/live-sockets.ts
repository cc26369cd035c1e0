import { type ClientToHub, type HubToClient, type ProblemCode, problem } from '@carillon/schemas'
import type { Server } from 'socket.io'
import type { Inboxes } from './inboxes.ts'

export type SocketData = { user: string; token: string }

/** The sockets of the test hub. */
type LiveSockets = {
  /** Accepted tokens, with their users. */
  tokens: ReadonlyMap<string, string>
  /** The problem with which handshakes are refused, whatever their token. */
  refuse: ProblemCode | undefined
  /** The reports of sockets about the presence of their user. */
  presence: boolean[]
  /** The batches of acknowledged ids. */
  received: string[][]
}

/** Accepts sockets, joins each to the room of its user, and handles their messages. */
export const serveSockets = (
  io: Server<ClientToHub, HubToClient, Record<string, never>, SocketData>,
  inboxes: Inboxes,
  hub: LiveSockets,
): void => {
  io.use(async (socket, proceed) => {
    const { token } = socket.handshake.auth
    const user = hub.tokens.get(token)
    const code = hub.refuse ?? (user ? undefined : 'token_expired')
    if (code || !user) {
      const data = code && problem(code, `refused: ${code}`)
      proceed(Object.assign(new Error(code), { data }))
      setImmediate(() => socket.conn.close())
      return
    }
    socket.data = { user, token }
    await socket.join(user)
    proceed()
  })
  io.on('connection', (socket) => {
    socket.on('presence', ({ active }) => hub.presence.push(active))
    socket.on('inbox.received', ({ ids }) => {
      hub.received.push(ids)
      inboxes.receive(socket.data.user, ids)
    })
  })
}
