import type { Counts, InboxItem, InboxPage } from '@carillon/schemas'
import { io } from 'socket.io-client'
import { createApi } from './api.ts'
import { type Connect, type ConnectionState, createConnection } from './connection.ts'
import { type CarillonError, isRefusal } from './error.ts'
import { createFeed, type Feed, type FeedList, type FeedQuery } from './feed.ts'
import type { Query } from './items.ts'
import { createSequencer } from './sequencer.ts'
import { applyLive, applyPage, hasMissed, INITIAL, type Live } from './state.ts'
import { createListeners, createStore, type Readable } from './store.ts'
import { createSync, type Level } from './sync.ts'
import { TIMING, type Timing } from './timing.ts'
import { createTokens, type TokenSource } from './tokens.ts'
import { createVerbs } from './verbs.ts'
import { createView } from './view.ts'
import { isVisible, watchPage } from './wake.ts'

export type ClientOptions = {
  /** Where the hub is; in a browser it may be relative to the page. */
  url: string
  /** The user's token, or a function that gets one, called again whenever the hub refuses the last. */
  token: TokenSource
  fetch?: typeof fetch
  /** Opens the socket; socket.io-client's `io` unless given. */
  connect?: Connect
  /** Other waiting times than the usual ones. */
  timing?: Partial<Timing>
}

export type ClientEvents = {
  /** An item that is new since the client started, once each, whether it came live or was fetched later. */
  notification: (item: InboxItem) => void
  connection: (state: ConnectionState) => void
  /** A change that was taken back, a fetch that failed, a token that was refused. */
  error: (error: CarillonError) => void
}

export type Client = {
  /** A live list. Close it when it is no longer needed; any number share one connection and one set of counts. */
  feed(query?: FeedQuery): Feed
  counts: Readable<Counts>
  readonly connection: ConnectionState
  /** Returns its own undoing. */
  on<Name extends keyof ClientEvents>(event: Name, listener: ClientEvents[Name]): () => void
  /** Ends everything, for good. */
  close(): void
}

/** The page that counts are taken from while no feed lists everything. */
const BASE: Query & { limit: number } = { status: 'active', limit: 10 }
/** More items than this are not kept: feeds fall back to their first page. */
const ITEMS_MAX = 1_000
/** Ids that `notification` was called for, or that are acknowledged, are remembered so far back. */
const REMEMBERED = 2_000
/** Coming back to a page that is this fresh fetches nothing. */
const FRESH_MS = 5_000

/** Counts and position come from pages in which everything that counts shows up. */
const isBase = ({ status, category, tag }: Query) =>
  (status === 'active' || status === 'unread') && category === undefined && tag === undefined

/** Adds to a set that forgets its oldest members; false if the id was there. */
const once = (ids: Set<string>, id: string): boolean => {
  if (ids.has(id)) return false
  ids.add(id)
  for (const oldest of ids) {
    if (ids.size <= REMEMBERED) break
    ids.delete(oldest)
  }
  return true
}

/**
 * A client of one user's inbox. Does nothing, and touches neither network nor page, until a feed, the counts or an
 * event is subscribed to; so it may be created anywhere, also where pages are rendered on a server.
 */
export const createClient = (options: ClientOptions): Client => {
  const timing: Timing = { ...TIMING, ...options.timing }
  const url = new URL(options.url, typeof location === 'undefined' ? undefined : location.href).href
  const base = url.endsWith('/') ? url : `${url}/`
  const tokens = createTokens(options.token)
  const api = createApi({
    url: base,
    tokens,
    fetch: options.fetch ?? ((...request) => globalThis.fetch(...request)),
    timing,
  })
  const heard = {
    notification: createListeners<[InboxItem]>(),
    connection: createListeners<[ConnectionState]>(),
    error: createListeners<[CarillonError]>(),
  }
  const state = createStore(INITIAL)
  const lists = new Set<FeedList>()
  const announced = new Set<string>()
  const arrived = new Set<string>()
  /** The newest item of the first page: what is newer arrived after we started. */
  let horizon: string | undefined
  let started = false
  let stopWatching = () => {}
  let polling: ReturnType<typeof setTimeout> | undefined

  const spread = () => Math.random() * timing.spread
  const { view, close: closeView } = createView(state, () => sync.request('full', spread()))
  const counts: Readable<Counts> = {
    getSnapshot: () => view.getSnapshot().counts,
    subscribe(listener) {
      let before = view.getSnapshot().counts
      start()
      return view.subscribe(() => {
        const { counts } = view.getSnapshot()
        if (counts === before) return
        before = counts
        listener()
      })
    },
  }

  const received = (items: readonly InboxItem[]) =>
    connection.received(
      items.filter((item) => item.receivedAt === null && once(arrived, item.id)).map(({ id }) => id),
    )

  const apply = (live: Live) => {
    const before = state.getSnapshot()
    state.set(applyLive(before, live, Date.now()))
    if (live.event !== 'inbox.added') return
    const { item } = live.message
    received([item])
    if (!before.items.has(item.id) && !before.gone.has(item.id) && once(announced, item.id))
      heard.notification.call(item)
    if (state.getSnapshot().items.size > ITEMS_MAX) sync.request('trim', spread())
  }

  const absorb = (query: Query, page: InboxPage, above?: string): boolean => {
    const before = state.getSnapshot()
    const missed = hasMissed(before, page)
    state.set(
      applyPage(before, query, page, {
        above,
        base: above === undefined && isBase(query),
        now: Date.now(),
      }),
    )
    sequencer.settle()
    received(page.items)
    if (above === undefined && horizon !== undefined)
      for (const item of page.items.toReversed())
        if (item.id > horizon && !before.items.has(item.id) && !item.seenAt && once(announced, item.id))
          heard.notification.call(item)
    if (isBase(query)) horizon ??= page.items[0]?.id ?? ''
    return missed
  }

  const pass = async (level: Level) => {
    const first = [...lists].find(({ query }) => isBase(query))
    const trim = level === 'trim'
    const missed = first ? await first.load(trim) : absorb(BASE, await api.page(BASE))
    await Promise.all(
      [...lists].map((list) => {
        if (list !== first && (missed || level !== 'check' || !list.loaded())) return list.load(trim)
      }),
    )
    if (!trim) return
    const now = state.getSnapshot()
    const kept = [...now.items].filter(([, item]) => [...lists].some((list) => list.holds(item)))
    state.set({ ...now, items: new Map(kept) })
  }

  const fail = (error: CarillonError) => {
    if (error.code === 'closed') return
    heard.error.call(error)
    if (tokens.fixed && isRefusal(error.code) && error.status === 401) connection.stop()
  }

  const sync = createSync({
    pass,
    onError(error) {
      for (const list of lists) list.failed(error)
      fail(error)
    },
    timing,
  })
  const sequencer = createSequencer({
    position: () => state.getSnapshot().last,
    apply,
    lost: () => sync.request('full'),
    straggler: timing.straggler,
  })
  const connection = createConnection({
    url: base,
    tokens,
    connect: options.connect ?? io,
    timing,
    onState(now) {
      if (now === 'live') sync.request('full')
      heard.connection.call(now)
    },
    onLive: (live) => sequencer.push(live),
    onResync: () => sync.request('full', spread()),
    onError(error) {
      for (const list of lists) list.failed(error)
      heard.error.call(error)
    },
  })
  const verbs = createVerbs({ store: state, api, fail })
  const offDoubt = state.subscribe(() => {
    if (state.getSnapshot().doubtful) sync.request('full', timing.retry + spread())
  })

  const poll = () => {
    polling = setTimeout(
      () => {
        if (isVisible()) sync.request('check')
        poll()
      },
      timing.poll * (1 + Math.random()),
    )
  }

  const start = () => {
    if (started) return
    started = true
    void connection.start()
    sync.request('full', timing.patience)
    poll()
    stopWatching = watchPage({
      wake() {
        connection.hurry()
        if (sync.age() > FRESH_MS) sync.request('check')
      },
      online() {
        connection.hurry()
        sync.request('check', spread())
      },
    })
  }

  return {
    feed(query = {}) {
      return createFeed(
        {
          api,
          verbs,
          view,
          absorb,
          open(list) {
            lists.add(list)
            if (started && sync.age() !== Number.POSITIVE_INFINITY) sync.request('check')
            start()
          },
          close: (list) => lists.delete(list),
        },
        query,
      )
    },
    counts,
    get connection() {
      return connection.state()
    },
    on(event, listener) {
      if (event === 'notification') start()
      return heard[event].add(listener as (arg: InboxItem & ConnectionState & CarillonError) => void)
    },
    close() {
      started = true
      connection.stop()
      sync.close()
      sequencer.close()
      closeView()
      offDoubt()
      stopWatching()
      clearTimeout(polling)
      api.close()
      lists.clear()
    },
  }
}
