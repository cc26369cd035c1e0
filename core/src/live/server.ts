import type { ClientToHub, HubToClient } from '@carillon/schemas'
import { createShardedAdapter } from '@socket.io/redis-adapter'
import type { Redis } from 'ioredis'
import { type Namespace, Server, type ServerOptions } from 'socket.io'
import type { Subscriptions } from '../redis/connection.ts'
import { redisNames } from '../redis/names.ts'
import type { EndUser } from '../security/user-tokens.ts'

/** Socket.IO as hubs use it: Carillon's events only, and the verified user as the socket's data. */
export type LiveServer = Server<ClientToHub, HubToClient, Record<string, never>, EndUser>

/** The longest frame a client may send, in bytes; a longer one ends its connection. */
const MAX_FRAME_BYTES = 16 * 1_024
/** How long a connection may stay without having shown a token. */
export const UNAUTHENTICATED_MS = 5_000

/**
 * Text frames without compression, so that Socket.IO builds each frame once, however many sockets it goes to, and a
 * connection needs no zlib state. WebSocket only, so no request has to find its way back to the same hub. No
 * recovery of missed messages: the inbox is the truth.
 */
const OPTIONS: Partial<ServerOptions> = {
  transports: ['websocket'],
  allowUpgrades: false,
  perMessageDeflate: false,
  httpCompression: false,
  serveClient: false,
  maxHttpBufferSize: MAX_FRAME_BYTES,
  connectTimeout: UNAUTHENTICATED_MS,
  pingInterval: 25_000,
  pingTimeout: 20_000,
}

/** A Socket.IO server that is alone. Attach it to an HTTP server to accept connections. */
export const standaloneServer = (options: Partial<ServerOptions> = {}): LiveServer =>
  new Server({ ...OPTIONS, ...options })

/**
 * A Socket.IO server that is one of an installation's several on the same Redis. Each user room is a sharded channel of its own, so a
 * message reaches only the hubs that hold that user.
 *
 * `socket.join` resolves once Redis has confirmed the room's subscription (at once while Redis is away: the loss
 * listeners of `subscriptions` are told when it is back). Whoever awaits it before announcing the connection can
 * be sure that a later message finds the socket.
 */
export const clusterServer = (parts: {
  redis: Redis
  subscriptions: Subscriptions
  namespace: string
  options?: Partial<ServerOptions>
}): LiveServer => {
  const { redis, subscriptions, namespace, options } = parts
  const { channelPrefix } = redisNames(namespace)
  // The adapter takes any client with these methods for one of the `redis` package.
  const publisher = {
    sSubscribe: subscriptions.add,
    sPublish: (channel: string, message: string | Buffer) => redis.spublish(channel, message),
    sendCommand: ([command, ...args]: [string, ...string[]]) => redis.call(command, ...args),
  }
  const subscriber = { sSubscribe: subscriptions.add, sUnsubscribe: subscriptions.remove }
  const sharded = createShardedAdapter(publisher, subscriber, { channelPrefix, subscriptionMode: 'dynamic' })
  // Socket.IO calls it with `new`, so it cannot be an arrow function.
  function confirming(namespace: Namespace) {
    const adapter = sharded(namespace)
    const join = adapter.addAll.bind(adapter)
    adapter.addAll = (id, rooms) => {
      join(id, rooms)
      return subscriptions.settled()
    }
    return adapter
  }
  return new Server({ ...OPTIONS, ...options, adapter: confirming })
}
