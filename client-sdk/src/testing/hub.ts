/**
 * A stand-in for the hub that implements its protocol over real HTTP and Socket.IO, with everything in
 * memory. Tests can disturb it.
 * @module
 */

import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type ClientToHub,
  type Counts,
  type HubToClient,
  type InboxItem,
  type InboxPage,
  type ItemPatch,
  type ProblemCode,
  problem,
} from '@carillon/schemas'
import { hasLabels } from '@carillon/schemas/item-rules'
import { Server } from 'socket.io'
import { NONE, shifted, weight } from '../inbox/counts.ts'
import { isActive, matches, placeOf, type Query } from '../inbox/query.ts'
import type { LiveMessage } from '../inbox/state.ts'

type Inbox = { items: Map<string, InboxItem>; epoch: string; seq: number }
type Data = { user: string; token: string }
type Part = Partial<Query> & { ids?: string[]; through?: string }
type Refusal = { code: ProblemCode; headers?: Record<string, string> }
export type Request = { method: string; path: string; query: URLSearchParams; body: unknown; token: string }

/** Distinguishes UUIDv7 ids of the same millisecond. */
let made = 0
export const newItemId = (at: number): string => {
  const time = at.toString(16).padStart(12, '0')
  const count = (made++).toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${count}`
}

export const newItem = (content: Partial<InboxItem> = {}): InboxItem => ({
  id: newItemId(Date.now()),
  notification: randomUUID(),
  type: 'test',
  priority: 'normal',
  title: 'A title',
  createdAt: new Date().toISOString(),
  receivedAt: null,
  seenAt: null,
  readAt: null,
  archivedAt: null,
  snoozedUntil: null,
  acted: {},
  ...content,
})

/** Every item arrives a millisecond after the previous one, whatever its id says. */
let arrived = Date.now()
const arrival = (): string => new Date(++arrived).toISOString()

const summary = (key: string, members: readonly InboxItem[]): InboxItem['group'] => ({
  key,
  count: members.length,
  unread: members.filter(({ readAt }) => readAt === null).length,
  newest: members
    .slice(0, 3)
    .map(({ id, title, url, image, actor, createdAt, arrivedAt = createdAt, readAt }) => ({
      ...{ id, title, url, image, actor, createdAt, arrivedAt, readAt },
    })),
})

export const startHub = async () => {
  const inboxes = new Map<string, Inbox>()
  /** Accepted tokens, with their users. */
  const tokens = new Map<string, string>()
  const requests: Request[] = []
  const received: string[][] = []
  const polls: URLSearchParams[] = []
  const presence: boolean[] = []
  const server = createServer()
  const io = new Server<ClientToHub, HubToClient, Record<string, never>, Data>(server, {
    transports: ['websocket'],
    perMessageDeflate: false,
  })

  const inboxOf = (user: string): Inbox => {
    const known = inboxes.get(user)
    if (known) return known
    const inbox: Inbox = { items: new Map(), epoch: randomUUID(), seq: 0 }
    inboxes.set(user, inbox)
    return inbox
  }
  const itemsIn = (user: string, context?: string) =>
    [...inboxOf(user).items.values()].filter((item) => hasLabels(item, { context }))
  const counts = (user: string, context?: string) =>
    itemsIn(user, context).reduce((sum, item) => shifted(sum, NONE, weight(item, Date.now())), NONE)

  const countsByCategory = (user: string, context?: string) => {
    const by: Record<string, Counts> = Object.create(null)
    for (const item of itemsIn(user, context))
      if (item.category)
        by[item.category] = shifted(by[item.category] ?? NONE, NONE, weight(item, Date.now()))
    return by
  }

  const page = (user: string, query: Query & { limit?: number; before?: string | undefined }): InboxPage => {
    const { items, epoch, seq } = inboxOf(user)
    const limit = query.limit ?? 20
    const newestFirst = [...items.values()].sort((a, b) => (placeOf(a) < placeOf(b) ? 1 : -1))
    const counted = ({ archivedAt, snoozedUntil }: InboxItem) => `${!archivedAt} ${!snoozedUntil}`
    const inGroup = (item: InboxItem) =>
      newestFirst.filter(
        (other) =>
          other.group?.key === item.group?.key &&
          other.type === item.type &&
          counted(other) === counted(item),
      )
    const listed = newestFirst.filter((item) => matches(item, query, Date.now()))
    const found = listed
      .filter((item) => !item.group || inGroup(item).find((other) => listed.includes(other)) === item)
      .filter((item) => !query.before || placeOf(item) < query.before)
      .map(
        (item): InboxItem => (item.group ? { ...item, group: summary(item.group.key, inGroup(item)) } : item),
      )
    const some = found.slice(0, limit)
    return {
      items: some,
      counts: counts(user),
      next: found.length > limit ? placeOf(some.at(-1)!) : null,
      position: { epoch, seq },
    }
  }

  const hub = {
    url: '',
    requests,
    received,
    /** The queries of long polls. */
    polls,
    /** What sockets said of the presence of their user. */
    presence,
    /** Whether the hub has the route of long polls. */
    knowsPolls: true,
    /** After how long a poll is cut, in ms. */
    cutDelay: 5,
    /** Returns whether a proxy cuts the poll. */
    cutsPolls: (_query: URLSearchParams): boolean => false,
    tokens,
    counts,
    page,
    /** Delivers a live message to its user; a test replaces it to lose, delay or repeat messages. */
    carry: (_live: LiveMessage, deliver: () => void): void => deliver(),
    /** Overrides the response to a request: with a problem, a delay, or no response at all. */
    meddle: (_request: Request): Refusal | Promise<Refusal | undefined> | undefined => undefined,
    /** A pause between the steps of reading a page. */
    pause: (): Promise<void> | undefined => undefined,
    /** Returns whether requests with this method lose their connection instead of getting a response. */
    severs: (_method: string): boolean => false,
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
        message: { item: { ...item, arrivedAt: arrived.arrivedAt }, ...next(inboxOf(user)) },
      })
      return arrived
    },
    /** Returns every active item, also those for which a newer one of their group stands. */
    active: (user: string): InboxItem[] =>
      [...inboxOf(user).items.values()].filter((item) => isActive(item, Date.now())),
    holds: (user: string, id: string): boolean => inboxOf(user).items.has(id),
    /** Stores an item without announcing it, as if the message had been lost before it got a number. */
    put(user: string, item: InboxItem): InboxItem {
      const { items } = inboxOf(user)
      const stored = items.get(item.id) ?? { ...item, arrivedAt: item.arrivedAt ?? arrival() }
      items.set(item.id, stored)
      return stored
    },
    change(user: string, ids: readonly string[], patch: Partial<InboxItem>) {
      const inbox = inboxOf(user)
      for (const id of ids) {
        const item = inbox.items.get(id)
        if (item) inbox.items.set(id, { ...item, ...patch, acted: { ...item.acted, ...patch.acted } })
      }
      const message = { ids: [...ids], patch, counts: counts(user), ...next(inbox) }
      tell(user, { event: 'inbox.changed', message })
    },
    remove(user: string, id: string) {
      const inbox = inboxOf(user)
      inbox.items.delete(id)
      tell(user, { event: 'inbox.removed', message: { ids: [id], counts: counts(user), ...next(inbox) } })
    },
    /** Announces changed preferences, to a limited token without a position. */
    changePreferences(user: string, { context, placed = true }: { context?: string; placed?: boolean } = {}) {
      const message = { via: 'app', ...(context === undefined ? {} : { context }) } as const
      const position = placed ? next(inboxOf(user)) : {}
      tell(user, { event: 'preferences.changed', message: { ...message, ...position } as never })
    },
    /** Forgets the live position, as a restarted bus does. */
    restartBus(user: string) {
      Object.assign(inboxOf(user), { epoch: randomUUID(), seq: 0 })
    },
    /** Cuts every connection below Socket.IO. */
    cut() {
      for (const socket of io.sockets.sockets.values()) socket.conn.close()
    },
    async close() {
      await io.close()
      server.closeAllConnections()
    },
  }

  const next = (inbox: Inbox) => ({ epoch: inbox.epoch, seq: ++inbox.seq })
  const tell = (user: string, live: LiveMessage) => {
    hub.carry(live, () => io.to(user).emit(live.event, live.message as never))
  }

  io.use(async (socket, proceed) => {
    const { token } = socket.handshake.auth
    const user = tokens.get(token)
    const code = hub.refuse ?? (user ? undefined : 'token_expired')
    if (code || !user) {
      proceed(new Error(code))
      setImmediate(() => socket.conn.close())
      return
    }
    socket.data = { user, token }
    await socket.join(user)
    proceed()
  })
  io.on('connection', (socket) => {
    socket.on('presence', ({ active }) => presence.push(active))
    socket.on('inbox.received', ({ ids }) => {
      received.push(ids)
      const { items } = inboxOf(socket.data.user)
      for (const id of ids) {
        const item = items.get(id)
        if (item) items.set(id, { ...item, receivedAt: item.receivedAt ?? new Date().toISOString() })
      }
    })
  })

  const patchOf = (item: InboxItem, patch: ItemPatch): Partial<InboxItem> => {
    const at = new Date().toISOString()
    return {
      ...(patch.read === true && { readAt: item.readAt ?? at, seenAt: item.seenAt ?? at }),
      ...(patch.read === false && { readAt: null }),
      ...(patch.archived !== undefined && { archivedAt: patch.archived ? (item.archivedAt ?? at) : null }),
      ...(patch.snoozedUntil !== undefined && { snoozedUntil: patch.snoozedUntil }),
    }
  }

  /** Reads a page as the hub does, which is not atomic: the live position, then the counts, then the items. */
  const readPage = async (user: string, query: URLSearchParams): Promise<InboxPage> => {
    const { epoch, seq } = inboxOf(user)
    await hub.pause()
    const counted = counts(user)
    await hub.pause()
    const found = page(user, {
      status: (query.get('status') ?? 'active') as Query['status'],
      category: query.get('category') ?? undefined,
      tag: query.get('tag') ?? undefined,
      context: query.get('context') ?? undefined,
      limit: Number(query.get('limit') ?? 20),
      before: query.get('before') ?? undefined,
    })
    return { ...found, counts: counted, position: hub.isPlaced ? { epoch, seq } : null }
  }

  const answer = (user: string, { method, path, query, body }: Request): unknown => {
    const { items } = inboxOf(user)
    if (path === '/received') {
      received.push((body as { ids: string[] }).ids)
      return {}
    }
    const [id = '', sub, name] = path.split('/').slice(1).map(decodeURIComponent)
    const at = new Date().toISOString()
    const context = query.get('context') ?? undefined
    if (method === 'GET' && path === '/counts') {
      const by = query.get('by') === 'category' ? countsByCategory(user, context) : {}
      return { ...counts(user, context), ...(query.has('by') && { by: { category: by } }) }
    }
    if (method === 'GET') return readPage(user, query)
    const all = { 'read-all': 'unread', 'seen-all': 'unseen', 'archive-all': 'active' } as const
    if (method === 'POST' && !sub) {
      const { through: last = '', ids: named, ...part } = body as Part
      const verb = id as keyof typeof all
      const through = items.get(last)
      const ids = (
        named ??
        page(user, { status: all[verb], ...part, limit: 1_000 })
          .items.filter((each) => !through || placeOf(each) <= placeOf(through))
          .map((each) => each.id)
      ).filter((each) => id !== 'seen' || items.get(each)?.seenAt === null)
      const unseen = ids.filter((each) => !items.get(each)?.seenAt)
      if (id === 'archive-all') hub.change(user, ids, { archivedAt: at })
      else if (id === 'read-all') {
        hub.change(user, unseen, { readAt: at, seenAt: at })
        hub.change(
          user,
          ids.filter((each) => !unseen.includes(each)),
          { readAt: at },
        )
      } else if (id === 'clicked') hub.change(user, ids, { readAt: at, seenAt: at, clickedAt: at })
      else hub.change(user, ids, { seenAt: at })
      return named ? { ids, counts: counts(user) } : { counts: counts(user) }
    }
    const item = items.get(id)
    if (!item) return 'not_found'
    if (method === 'DELETE') {
      hub.remove(user, id)
      return { counts: counts(user) }
    }
    hub.change(
      user,
      [id],
      sub
        ? { ...patchOf(item, { read: true }), acted: { [name ?? '']: at } }
        : patchOf(item, body as ItemPatch),
    )
    return { item: items.get(id), counts: counts(user) }
  }

  const reply = (response: ServerResponse, status: number, body: unknown, headers = {}) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(body))
  }
  const refuse = (response: ServerResponse, { code, headers }: Refusal) => {
    const about = problem(code, `refused: ${code}`)
    reply(response, about.status, about, headers)
  }

  /** A long poll, as in the hub: the position is that of the live messages. */
  const pollLive = async (message: IncomingMessage, response: ServerResponse, query: URLSearchParams) => {
    const token = (message.headers.authorization ?? '').replace('Bearer ', '')
    polls.push(query)
    if (hub.cutsPolls(query)) return setTimeout(() => message.socket.destroy(), hub.cutDelay)
    const user = tokens.get(token)
    if (!hub.knowsPolls) return refuse(response, { code: 'not_found' })
    if (!user) return refuse(response, { code: 'token_expired' })
    const position = () => `${inboxOf(user).epoch}.${inboxOf(user).seq}`
    const since = query.get('position')
    const ends = Date.now() + Number(query.get('wait')) * 1_000
    while (since === position() && Date.now() < ends && !message.socket.destroyed)
      await new Promise((resolve) => setTimeout(resolve, 5))
    reply(response, 200, { moved: since !== position(), position: position() })
  }

  server.on('request', async (message: IncomingMessage, response: ServerResponse) => {
    const url = new URL(message.url ?? '', 'http://hub')
    if (url.pathname === '/v1/live') return pollLive(message, response, url.searchParams)
    if (!url.pathname.startsWith('/v1/inbox'))
      return reply(response, 404, { code: 'not_found', detail: 'no such route' })
    const chunks: Buffer[] = []
    for await (const chunk of message) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    const request: Request = {
      method: message.method ?? '',
      path: url.pathname.slice('/v1/inbox'.length),
      query: url.searchParams,
      body: text ? JSON.parse(text) : {},
      token: (message.headers.authorization ?? '').replace('Bearer ', ''),
    }
    requests.push(request)
    if (hub.severs(request.method)) return message.socket.destroy()
    const refusal = await hub.meddle(request)
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
export type StandIn = Awaited<ReturnType<typeof startHub>>
