/**
 * A hub in memory, on the fake timers of a test. It answers late, out of order or not at all, reads a bounded number of
 * rows per page, and announces an item a while after it was stored, with the time of the announcement, as dispatchers do.
 * @module
 */

import type { Counts, InboxItem, InboxPage } from '@carillon/schemas'
import { NONE, shifted, weight } from '../inbox/counts.ts'
import { matches, placeOf, type Query } from '../inbox/query.ts'
import type { LiveMessage } from '../inbox/state.ts'
import type { Connect } from '../live/connection.ts'

type Handler = (...args: unknown[]) => void

/** How a hub misbehaves: probabilities, and the largest delays in milliseconds. */
export type Chaos = {
  latency: number
  announcement: number
  lost: number
  refused: number
  timeout: number
  unknownPosition: number
}
export const CALM: Chaos = {
  latency: 5,
  announcement: 0,
  lost: 0,
  refused: 0,
  timeout: 0,
  unknownPosition: 0,
}

export const createVirtualHub = (options: {
  chance: () => number
  chaos: Chaos
  /** Rows read per page. */
  rows: number
  requestTimeout: number
}) => {
  const { chance, rows, requestTimeout } = options
  const items = new Map<string, InboxItem>()
  const handlers = new Map<string, Handler>()
  let announce: ((event: string, message: unknown) => void) | undefined
  let epoch = 'e1'
  let seq = 0
  let connected = false
  let arrived = Date.now()

  const later = (max: number) => Math.floor(chance() * max)
  const sleep = (max: number) => new Promise<void>((resolve) => setTimeout(resolve, later(max)))
  /** Distinct and growing, as two items of one user seldom arrive in the same millisecond. */
  const arrival = () => {
    arrived = Math.max(arrived + 1, Date.now())
    return new Date(arrived).toISOString()
  }
  const all = (query: Query) =>
    [...items.values()]
      .filter((item) => matches(item, query, Date.now()))
      .sort((a, b) => (placeOf(a) < placeOf(b) ? 1 : -1))
  const counts = (): Counts =>
    [...items.values()].reduce((sum, item) => shifted(sum, NONE, weight(item, Date.now())), NONE)

  const tell = (live: LiveMessage) => {
    const { chaos } = hub
    if (chance() < chaos.lost) return
    const deliver = () => {
      if (connected) announce?.(live.event, live.message)
    }
    if (chance() < 0.3) setTimeout(deliver, later(chaos.latency))
    else deliver()
  }
  const next = () => ({ epoch, seq: ++seq })

  const readPage = async (query: URLSearchParams): Promise<InboxPage> => {
    const { chaos } = hub
    const unknown = chance() < chaos.unknownPosition
    const position = unknown ? null : { epoch, seq }
    await sleep(chaos.latency)
    const counted = counts()
    await sleep(chaos.latency)
    const before = query.get('before') ?? '~'
    const limit = Number(query.get('limit'))
    const wanted: Query = { status: query.get('status') as Query['status'] }
    const category = query.get('category')
    if (category) wanted.category = category
    const log = [...items.values()]
      .filter((item) => placeOf(item) < before)
      .sort((a, b) => (placeOf(a) < placeOf(b) ? 1 : -1))
    const found: InboxItem[] = []
    let read = 0
    while (read < Math.min(log.length, rows) && found.length < limit) {
      const item = log[read++]
      if (matches(item, wanted, Date.now())) found.push(item)
    }
    const end = read < log.length ? placeOf(log[read - 1]) : null
    return { items: structuredClone(found), counts: counted, next: end, position }
  }

  const respond = (status: number, body: unknown) =>
    Response.json(body, { status, headers: { date: new Date().toUTCString() } })

  const answer = async (url: URL): Promise<Response> => {
    const { chaos } = hub
    await sleep(chaos.latency)
    if (chance() < chaos.refused) return respond(503, {})
    const page = await readPage(url.searchParams)
    if (chance() < chaos.timeout) {
      await new Promise((resolve) => setTimeout(resolve, requestTimeout))
      throw new DOMException('The operation timed out', 'TimeoutError')
    }
    await sleep(chaos.latency)
    return respond(200, page)
  }

  const socket = {
    auth: {},
    on: (event: string, handler: Handler) => handlers.set(event, handler),
    onAny: (handler: NonNullable<typeof announce>) => {
      announce = handler
    },
    emit: () => {},
    removeAllListeners: () => handlers.clear(),
    connect() {
      setTimeout(() => {
        connected = true
        handlers.get('connect')?.()
      }, later(50))
    },
    disconnect() {
      connected = false
    },
  }

  const hub = {
    chaos: options.chaos,
    all,
    counts,
    get: (id: string) => items.get(id),
    ids: () => [...items.keys()],
    fetch: ((url: string) => answer(new URL(url))) as typeof fetch,
    connect: (() => socket) as unknown as Connect,
    put(some: readonly InboxItem[]) {
      for (const item of some) items.set(item.id, { ...item, arrivedAt: arrival() })
    },
    /** Announces items, also those that are stored for long: without state, and with the time of the announcement. */
    announce(some: readonly InboxItem[]) {
      for (const item of some)
        if (items.has(item.id))
          tell({ event: 'inbox.added', message: { item: { ...item, arrivedAt: arrival() }, ...next() } })
    },
    /** Stores items and announces them a while later. */
    async add(some: readonly InboxItem[]) {
      hub.put(some)
      await sleep(hub.chaos.announcement)
      hub.announce(some)
    },
    change(id: string, patch: Partial<InboxItem>) {
      const item = items.get(id)
      if (!item) return
      items.set(id, { ...item, ...patch })
      tell({ event: 'inbox.changed', message: { ids: [id], patch, counts: counts(), ...next() } })
    },
    remove(id: string) {
      if (items.delete(id))
        tell({ event: 'inbox.removed', message: { ids: [id], counts: counts(), ...next() } })
    },
    restartBus() {
      epoch += '+'
      seq = 0
    },
    cut() {
      connected = false
      handlers.get('disconnect')?.('transport close')
    },
  }
  return hub
}
export type VirtualHub = ReturnType<typeof createVirtualHub>
