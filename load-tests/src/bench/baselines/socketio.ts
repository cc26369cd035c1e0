import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server } from 'socket.io'
import { serve } from '../child.ts'
import type { Batch } from '../load.ts'
import { addedFor } from '../payload.ts'

/** Bare Socket.IO with the same options as Carillon's: one room per user, nothing else. */
const http = createServer()
const io = new Server(http, { transports: ['websocket'], perMessageDeflate: false, serveClient: false })
io.on('connection', (socket) => {
  socket.join(`user:${socket.handshake.auth.user}`)
})

const listen = () =>
  new Promise<number>((resolve) =>
    http.listen(0, '127.0.0.1', () => resolve((http.address() as AddressInfo).port)),
  )

const emit = ({ run, from, count, at, users }: Batch & { users: number }) => {
  for (let n = from; n < from + count; n++)
    io.to(`user:${n % users}`).emit('inbox.added', addedFor({ run, n, at }))
}

const calls = { listen, emit }
export type BareSocketIo = typeof calls
serve(calls)
