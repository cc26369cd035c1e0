import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Server } from 'socket.io'
import { serve } from '../child.ts'
import { addedFor, type Mark } from '../payload.ts'

/**
 * Socket.IO behind HTTP, without storage. A request emits to the room of a user, or to the room of a topic as a broadcast.
 * Every connection is in both rooms.
 */
const http = createServer(async (request: IncomingMessage, response) => {
  const { to, data } = JSON.parse(await text(request)) as {
    to: string | { topic: string }
    data: { mark: [number, number, number] }
  }
  const [run, n, at] = data.mark
  const room = typeof to === 'string' ? `user:${to}` : `topic:${to.topic}`
  const added = addedFor({ run, n, at } satisfies Mark)
  io.to(room).emit('inbox.added', added)
  response.writeHead(202, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ id: added.item.id, accepted: true }))
})
const io = new Server(http, { transports: ['websocket'], perMessageDeflate: false, serveClient: false })
io.on('connection', (socket) => {
  const { user, topic } = socket.handshake.auth
  socket.join([`user:${user}`, `topic:${topic}`])
})

const listen = () =>
  new Promise<number>((resolve) =>
    http.listen(0, '127.0.0.1', () => resolve((http.address() as AddressInfo).port)),
  )

const calls = { listen }
export type HttpSocketIo = typeof calls
serve(calls)
