/**
 * The two ends of live messages: a hub, the devices of users, and what is sent to them.
 * @module
 */
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { InboxAdded } from '@carillon/schemas'
import { io as connect, type Socket } from 'socket.io-client'
import type { Live, LiveMessage } from '../port.ts'
import { roomsOf } from '../room.ts'
import type { LiveServer } from '../server.ts'

/** A hub for tests. It trusts the user id, the contexts and the activity that a client sends. */
export const openHub = async (io: LiveServer) => {
  io.use(async (socket, next) => {
    const { tenant, user, contexts, active } = socket.handshake.auth
    await socket.join(roomsOf({ tenant, user, contexts }, active))
    next()
  })
  const server = createServer()
  io.attach(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { io, url, close: () => io.close() }
}

export type Client = {
  socket: Socket
  received: InboxAdded[]
  /** Resolves to all added items once there are at least `count`. */
  until(count: number): Promise<InboxAdded[]>
}

/** A device of a user, connected to the hub at this address, limited to these contexts if there are any, and perhaps idle. */
export const device = async (
  url: string,
  tenant: string,
  user: string,
  contexts?: readonly string[],
  active = true,
): Promise<Client> => {
  const auth = { tenant, user, contexts, active }
  const socket = connect(url, { transports: ['websocket'], forceNew: true, auth })
  const received: InboxAdded[] = []
  let wake = () => {}
  socket.on('inbox.added', (message: InboxAdded) => {
    received.push(message)
    wake()
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('connect_error', reject)
  })
  const until = async (count: number) => {
    while (received.length < count)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    return received
  }
  return { socket, received, until }
}

export const added = (tenant: string, user: string, title: string, context?: string): LiveMessage => {
  const item = {
    notification: 'n',
    type: 'comment.created',
    priority: 'normal' as const,
    title,
    ...(context === undefined ? {} : { context }),
    createdAt: '2026-01-31T09:00:00Z',
    receivedAt: null,
    seenAt: null,
    readAt: null,
    archivedAt: null,
    snoozedUntil: null,
    acted: {},
  }
  const event = { event: 'inbox.added' as const, id: randomUUID(), payload: { item } }
  return { tenant, user, ...event, to: 'item', context: context ?? '' }
}

/** Delivers messages, and resolves to whether anybody was connected, for each. */
export const reached = async (live: Live, messages: readonly LiveMessage[]) =>
  (await live.deliver(messages)).map(({ whole, other }) => whole || other)
