import type { ClientToHub, HubToClient } from '@carillon/schemas'
import { createShardedAdapter } from '@socket.io/redis-adapter'
import type { Redis } from 'ioredis'
import { type Namespace, Server, type ServerOptions } from 'socket.io'
import type { Subscriptions } from '../redis/connection.ts'
import { redisNames } from '../redis/names.ts'
import type { EndUser } from '../security/user-tokens.ts'
import { forwardedFrame } from './cluster-message.ts'
import { sendFrame } from './send-frame.ts'

/** The Socket.IO server of a hub. The data of a socket is its verified user. `idle`: whether the connection is idle. */
export type LiveServer = Server<ClientToHub, HubToClient, Record<string, never>, EndUser & { idle?: boolean }>

/** Maximum frame from a client, in bytes. A larger one closes its connection. */
const MAX_FRAME_BYTES = 16 * 1_024
/** How long a connection may stay open without a token, in ms. */
export const UNAUTHENTICATED_MS = 5_000

/**
 * No compression: Socket.IO then encodes a frame once for all sockets, and connections need no zlib state. WebSocket only:
 * no sticky sessions. `in-process.ts` writes frames that need both. No connection state recovery: clients fetch the inbox.
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

/** Creates a Socket.IO server for a single process. Attach it to an HTTP server to accept connections. */
export const standaloneServer = (options: Partial<ServerOptions> = {}): LiveServer =>
  new Server({ ...OPTIONS, ...options })

/**
 * Creates one of several Socket.IO servers of an installation on the same Redis. Each user room is a sharded channel, so a
 * message reaches only the hubs with connections of that user.
 *
 * `socket.join` resolves when Redis has confirmed the room's subscription, so that every later message finds the socket.
 * While Redis is unavailable it resolves at once; the loss listeners of `subscriptions` are called after the outage.
 */
export const clusterServer = (parts: {
  redis: Redis
  subscriptions: Subscriptions
  namespace: string
  options?: Partial<ServerOptions>
}): LiveServer => {
  const { redis, subscriptions, namespace, options } = parts
  const { channelPrefix } = redisNames(namespace)
  /** Sends messages to rooms on without decoding them. Passes all others to the adapter. */
  const forwarding = (connections: Namespace) => {
    const before = `${channelPrefix}#${connections.name}#`.length
    return (name: string, listener: (message: Buffer, channel: Buffer) => void) =>
      subscriptions.add(name, (message, channel) => {
        const room = channel.toString('latin1', before, channel.length - 1)
        const frame = forwardedFrame(message, room)
        if (frame) sendFrame(connections, room, frame)
        else listener(message, channel)
      })
  }
  // The adapter treats any client with these methods as one of the `redis` package.
  const publisher = {
    sSubscribe: subscriptions.add,
    sPublish: (channel: string, message: string | Buffer) => redis.spublish(channel, message),
    sendCommand: ([command, ...args]: [string, ...string[]]) => redis.call(command, ...args),
  }
  // Socket.IO calls it with `new`, so it cannot be an arrow function.
  function confirmingAdapter(namespace: Namespace) {
    const subscriber = { sSubscribe: forwarding(namespace), sUnsubscribe: subscriptions.remove }
    const sharded = createShardedAdapter(publisher, subscriber, {
      channelPrefix,
      subscriptionMode: 'dynamic',
    })
    const adapter = sharded(namespace)
    const join = adapter.addAll.bind(adapter)
    adapter.addAll = (id, rooms) => {
      join(id, rooms)
      return subscriptions.settled()
    }
    return adapter
  }
  return new Server({ ...OPTIONS, ...options, adapter: confirmingAdapter })
}
