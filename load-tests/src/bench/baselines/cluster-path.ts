import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AckPolicy, type JsMsg, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect, nanos } from '@nats-io/transport-node'
import { createShardedAdapter } from '@socket.io/redis-adapter'
import { Redis } from 'ioredis'
import { Server } from 'socket.io'
import { serve } from '../child.ts'
import { addedFor, type Mark } from '../payload.ts'
import { openInboxRows } from './inbox-rows.ts'

const MAX_MESSAGES = 512
/** Limits the concurrent inserts, because a message is acknowledged after its own. */
const MAX_ACK_PENDING = 1_024

/** Creates one of several Socket.IO servers. A message reaches those with connections in its room. */
const socketServer = (redis: string) => {
  const adapter = createShardedAdapter(new Redis(redis, { enableAutoPipelining: true }), new Redis(redis), {
    subscriptionMode: 'dynamic',
  })
  return new Server({ transports: ['websocket'], perMessageDeflate: false, serveClient: false, adapter })
}

/** Accepts the connections of users, each in a room of its own. Returns the port. */
const listen = async (redis: string): Promise<number> => {
  const http = createServer()
  const io = socketServer(redis)
  io.attach(http)
  io.on('connection', (socket) => socket.join(`user:${socket.handshake.auth.user}`))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  return (http.address() as AddressInfo).port
}

type Places = { nats: string; redis: string; cassandra: string; stream: string }

/**
 * Consumes a stream of notifications with an explicit ack for each, inserts a row and publishes it to the room of its user.
 * Resolves when the stream exists.
 */
const work = async ({ nats, redis, cassandra, stream }: Places): Promise<void> => {
  const connection = await connect({ servers: nats })
  const manager = await jetstreamManager(connection)
  await manager.streams.add({ name: stream, subjects: [`${stream}.>`], duplicate_window: nanos(600_000) })
  await manager.consumers.add(stream, {
    durable_name: 'bare',
    ack_policy: AckPolicy.Explicit,
    max_ack_pending: MAX_ACK_PENDING,
  })
  const io = socketServer(redis)
  const rows = await openInboxRows(cassandra)
  const deliver = async (message: JsMsg) => {
    const { to, data } = message.json<{ to: string; data: { mark: [number, number, number] } }>()
    const [run, n, at] = data.mark
    const added = addedFor({ run, n, at } satisfies Mark)
    await rows.insert(to, added.item)
    io.to(`user:${to}`).emit('inbox.added', added)
    message.ack()
  }
  const consumer = await jetstream(connection).consumers.get(stream, 'bare')
  await consumer.consume({ max_messages: MAX_MESSAGES, callback: (message) => void deliver(message) })
}

/** Deletes the stream. */
const drop = async ({ nats, stream }: Pick<Places, 'nats' | 'stream'>): Promise<void> => {
  const connection = await connect({ servers: nats })
  await (await jetstreamManager(connection)).streams.delete(stream)
  await connection.close()
}

const calls = { listen, work, drop }
export type BareClusterPath = typeof calls
serve(calls)
