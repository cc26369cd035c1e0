/**
 * A stand-in for the hub that implements its protocol over real HTTP and Socket.IO, with everything in
 * memory. Tests can make it fail, delay or refuse requests.
 * @module
 */

import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ClientToHub, HubToClient, InboxItem, ProblemCode } from '@carillon/schemas'
import { Server } from 'socket.io'
import { isActive } from '../inbox/counts.ts'
import type { LiveMessage } from '../inbox/state.ts'
import { createInboxRoutes, type Request } from './inbox-routes.ts'
import { createInboxes, type Inbox } from './inboxes.ts'
import { newItem } from './items.ts'
import { answerPoll } from './live-polls.ts'
import { type SocketData, serveSockets } from './live-sockets.ts'
import { type Refusal, refuse, reply } from './replies.ts'

export type { Request }

const requestOf = async (message: IncomingMessage, { pathname, searchParams }: URL): Promise<Request> => {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  return {
    method: message.method ?? '',
    path: pathname.slice('/v1/inbox'.length),
    query: searchParams,
    body: text ? JSON.parse(text) : {},
    token: (message.headers.authorization ?? '').replace('Bearer ', ''),
  }
}

export const startHub = async () => {
  const inboxes = createInboxes()
  const { counts } = inboxes
  /** Accepted tokens, with their users. */
  const tokens = new Map<string, string>()
  const requests: Request[] = []
  const received: string[][] = []
  const presence: boolean[] = []
  const server = createServer()
  const io = new Server<ClientToHub, HubToClient, Record<string, never>, SocketData>(server, {
    transports: ['websocket'],
    perMessageDeflate: false,
  })

  const hub = {
    url: '',
    requests,
    received,
    /** The reports of sockets about the presence of their user. */
    presence,
    polls: [] as URLSearchParams[],
    knowsPolls: true,
    cutsPolls: (_query: URLSearchParams): boolean => false,
    cutDelay: 5,
    tokens,
    counts,
    page: inboxes.page,
    /** Delivers a live message to its user; a test replaces it to lose, delay or repeat messages. */
    carry: (_live: LiveMessage, deliver: () => void): void => deliver(),
    /** Overrides the response to a request: with a problem, a delay, or no response at all. */
    intercept: (_request: Request): Refusal | Promise<Refusal | undefined> | undefined => undefined,
    /** A pause between the steps of reading a page. */
    pause: (): Promise<void> | undefined => undefined,
    /** Returns whether requests with this method lose their connection instead of getting a response. */
    dropsConnections: (_method: string): boolean => false,
    /** Whether pages have a position: those for a token with several contexts have none. */
    isPlaced: true,
    /** The problem with which handshakes are refused, whatever their token. */
    refuse: undefined as ProblemCode | undefined,
    io,
    /** Returns a new token for the user. */
    token(user: string): string {
      const token = randomUUID()
      tokens.set(token, user)
      return token
    },
    /** Stores an item and announces it, as a dispatcher does. A known item is announced again. */
    add(user: string, item: InboxItem = newItem()): InboxItem {
      const arrived = hub.put(user, item)
      tell(user, {
        event: 'inbox.added',
        message: { item: { ...item, arrivedAt: arrived.arrivedAt }, ...next(inboxes.of(user)) },
      })
      return arrived
    },
    /** Returns every active item, also those for which a newer one of their group stands. */
    active: (user: string): InboxItem[] =>
      [...inboxes.of(user).items.values()].filter((item) => isActive(item, Date.now())),
    holds: (user: string, id: string): boolean => inboxes.of(user).items.has(id),
    /** Stores an item without announcing it, as if the message had been lost before it got a number. */
    put: inboxes.put,
    change(user: string, ids: readonly string[], patch: Partial<InboxItem>) {
      inboxes.patch(user, ids, patch)
      const message = { ids: [...ids], patch, counts: counts(user), ...next(inboxes.of(user)) }
      tell(user, { event: 'inbox.changed', message })
    },
    remove(user: string, id: string) {
      const inbox = inboxes.of(user)
      inbox.items.delete(id)
      tell(user, { event: 'inbox.removed', message: { ids: [id], counts: counts(user), ...next(inbox) } })
    },
    /** Announces changed preferences, to a limited token without a position. */
    changePreferences(user: string, { context, placed = true }: { context?: string; placed?: boolean } = {}) {
      const message = { via: 'app', ...(context === undefined ? {} : { context }) } as const
      const position = placed ? next(inboxes.of(user)) : {}
      tell(user, { event: 'preferences.changed', message: { ...message, ...position } as never })
    },
    /** Forgets the live position, as a restarted bus does. */
    restartBus(user: string) {
      Object.assign(inboxes.of(user), { epoch: randomUUID(), seq: 0 })
    },
    /** Cuts every connection below Socket.IO. */
    cut() {
      for (const socket of io.sockets.sockets.values()) socket.conn.close()
    },
    async close() {
      server.close()
      // A kept-alive connection would delay the end by up to five seconds.
      server.closeAllConnections()
      await io.close()
    },
  }

  const next = (inbox: Inbox) => ({ epoch: inbox.epoch, seq: ++inbox.seq })
  const tell = (user: string, live: LiveMessage) => {
    hub.carry(live, () => io.to(user).emit(live.event, live.message as never))
  }

  serveSockets(io, inboxes, hub)
  const answer = createInboxRoutes(inboxes, hub)
  server.on('request', async (message: IncomingMessage, response: ServerResponse) => {
    const url = new URL(message.url ?? '', 'http://hub')
    if (url.pathname === '/v1/live') return answerPoll(hub, inboxes, message, response, url.searchParams)
    if (!url.pathname.startsWith('/v1/inbox'))
      return reply(response, 404, { code: 'not_found', detail: 'no such route' })
    const request = await requestOf(message, url)
    requests.push(request)
    if (hub.dropsConnections(request.method)) return message.socket.destroy()
    const refusal = await hub.intercept(request)
    const user = tokens.get(request.token)
    if (refusal) return refuse(response, refusal)
    if (!user) return refuse(response, { code: 'token_expired' })
    const result = await answer(user, request)
    if (typeof result === 'string') refuse(response, { code: result as ProblemCode })
    else reply(response, 200, result)
  })

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  hub.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return hub
}
export type TestHub = Awaited<ReturnType<typeof startHub>>
