import type { Counts, InboxItem, InboxPage } from '@carillon/schemas'
import { io } from 'socket.io-client'
import { createVerbs } from '../actions/actions.ts'
import { createFeed, type Feed, type FeedList, type FeedQuery } from '../feed/feed.ts'
import type { CarillonError } from '../http/error.ts'
import { createApi } from '../http/inbox-api.ts'
import { createTokens, type TokenSource } from '../http/token.ts'
import { applyLive } from '../inbox/live-message.ts'
import { createView } from '../inbox/optimistic-view.ts'
import { applyPage, hasMissed } from '../inbox/page.ts'
import { placeOf, type Query } from '../inbox/query.ts'
import { INITIAL, type Live } from '../inbox/state.ts'
import { type Connect, type ConnectionState, createConnection } from '../live/connection.ts'
import { createSync } from '../live/refetch.ts'
import { createSequencer } from '../live/sequencer.ts'
import { createListeners } from '../store/listeners.ts'
import { createStore, type Readable } from '../store/store.ts'
import { createTimer } from '../timing/timer.ts'
import { TIMING, type Timing } from '../timing/timing.ts'
import { isVisible, onWake } from './visibility.ts'

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
  /** An item that is new since the client started, once each, whether it came live or was fetched later; no silent one. */
  notification: (item: InboxItem) => void
  connection: (state: ConnectionState) => void
  /** An action that was undone (it has `action`), a fetch that failed, a token that was refused. */
  error: (error: CarillonError) => void
}

export type Client = {
  /** A live list. Close it when it is no longer needed; any number share one connection and one set of counts. */
  feed(query?: FeedQuery): Feed
  counts: Readable<Counts>
  /** How many actions the hub has not answered yet. They are kept, and sent until it does. */
  readonly pending: number
  readonly connection: ConnectionState
  /** Returns its own undoing. */
  on<Name extends keyof ClientEvents>(event: Name, listener: ClientEvents[Name]): () => void
  /** Ends everything, for good. Actions that wait are sent once more. */
  close(): void
}

/** The page that counts are taken from while no feed lists everything. */
const BASE: Query & { limit: number } = { status: 'active', limit: 10 }
/** When more items than this are held, those that no feed lists are forgotten. */
const ITEMS_MAX = 1_000
/** So many ids are remembered as known. */
const KNOWN_MAX = 2_000

/** Whether everything that counts shows up in a page of the query, so that counts and position can be taken from it. */
const isBase = ({ status, category, tag, context }: Query) =>
  !category && !tag && context === undefined && (status === 'active' || status === 'unread')

/**
 * A client of one user's inbox. Does nothing, and touches neither network nor page, until a feed, the counts or an
 * event is subscribed to; so it may be created anywhere, also where pages are rendered on a server.
 */
export const createClient = (options: ClientOptions): Client => {
  const timing: Timing = { ...TIMING, ...options.timing }
  const url = new URL(options.url, globalThis.location?.href).href.replace(/\/?$/, '/')
  const tokens = createTokens(options.token)
  const closing = new AbortController()
  const { signal } = closing
  const api = createApi({
    url,
    tokens,
    fetch: options.fetch ?? globalThis.fetch,
    timing,
    signal,
  })
  const heard = createListeners<[keyof ClientEvents, unknown]>()
  const state = createStore(INITIAL)
  const lists = new Set<FeedList>()
  /** Ids that we have met: each is acknowledged, and announced, when it first comes. */
  const known = new Set<string>()
  /** The newest item of the first page: what is newer arrived after we started. */
  let horizon: string | undefined
  /** A page showed something that no live message told. */
  let missed = false
  let started = false
  const polling = createTimer()

  const isCrowded = () => state.getSnapshot().items.size > ITEMS_MAX
  const spread = () => Math.random() * timing.spread
  const view = createView(state, () => sync.request(true, spread()))

  /** Meets items, oldest first. Announces those that were not met before, are not silent, and that `isNews` picks. */
  const meet = (items: readonly InboxItem[], isNews: (item: InboxItem) => boolean) => {
    const fresh = items.filter(({ id }) => !known.has(id))
    for (const { id } of fresh) known.add(id)
    for (const id of known) if (known.size > KNOWN_MAX) known.delete(id)
    connection.received(fresh.filter(({ receivedAt }) => !receivedAt).map(({ id }) => id))
    for (const item of fresh) if (!item.silent && isNews(item)) heard.call('notification', item)
  }

  const apply = (live: Live) => {
    const { items } = state.getSnapshot()
    state.set(applyLive(state.getSnapshot(), live, Date.now()))
    if (live.event === 'inbox.added') meet([live.message.item], ({ id }) => items.get(id) !== null)
  }

  const absorb = (query: Query, page: InboxPage, base: boolean, above?: string): boolean => {
    const before = state.getSnapshot()
    state.set(applyPage(before, query, page, above, base, Date.now()))
    sequencer.settle()
    meet(
      page.items.toReversed(),
      (item) => horizon !== undefined && placeOf(item) > horizon && above === undefined && !item.seenAt,
    )
    if (base) horizon ??= placeOf(page.items[0])
    const misses = hasMissed(before, page)
    missed ||= misses
    return misses
  }

  const pass = async (full: boolean) => {
    const base = [...lists].find(({ query }) => isBase(query))
    missed = full
    const first = base ? base.load(full, true) : api.page(BASE).then((page) => absorb(BASE, page, true))
    // The others later, so that they hold all that the position then says is known. They fail by themselves.
    await Promise.allSettled([first])
    const others = [...lists].filter((list) => list !== base && (missed || !list.loaded()))
    await Promise.all([first, ...others.map((list) => list.load())])
    if (!isCrowded()) return
    const held = [...state.getSnapshot().items].filter(([, item]) =>
      [...lists].some((list) => list.holds(item)),
    )
    state.set({ ...state.getSnapshot(), items: new Map(held) })
  }

  const fail = (error: CarillonError) => {
    if (signal.aborted) return
    heard.call('error', error)
    if (tokens.fixed && error.status === 401) connection.stop()
  }
  const sync = createSync({
    pass,
    onError: fail,
    timing,
    stopped: () => connection.state() === 'stopped',
  })
  const sequencer = createSequencer(
    () => state.getSnapshot().last,
    apply,
    () => sync.request(true),
    timing.straggler,
  )
  const connection = createConnection({
    url,
    tokens,
    connect: options.connect ?? io,
    timing,
    onState(now) {
      if (now === 'live') {
        sync.request(true)
        actions.hurry()
      }
      heard.call('connection', now)
    },
    onLive: sequencer.push,
    onResync: () => sync.request(true, spread()),
    onError: fail,
  })
  const actions = createVerbs({ store: state, view, api, fail, timing, signal })
  state.subscribe(() => {
    if (state.getSnapshot().doubtful) sync.request(true, timing.retry + spread())
  })

  const poll = () =>
    polling.set(
      () => {
        if (isVisible() || isCrowded()) sync.request(isCrowded())
        poll()
      },
      timing.poll * (1 + Math.random()),
    )

  const start = () => {
    if (started) return
    started = true
    void connection.start()
    sync.request(true, timing.patience)
    poll()
    onWake(
      () => {
        connection.hurry()
        actions.hurry()
        sync.request(false, timing.straggler)
      },
      actions.flush,
      signal,
    )
  }

  const refill = (full: boolean) => sync.request(full, timing.retry)
  const open = (list: FeedList) => {
    lists.add(list)
    if (state.getSnapshot().last) sync.request(false)
    start()
  }

  return {
    feed: (query = {}) =>
      createFeed(
        { api, verbs: actions.verbs, view, absorb, open, refill, close: (list) => lists.delete(list) },
        query,
      ),
    counts: {
      getSnapshot: () => view.getSnapshot().counts,
      subscribe(listener) {
        start()
        return view.subscribe(listener)
      },
    },
    get pending() {
      return state.getSnapshot().pending.length
    },
    get connection() {
      return connection.state()
    },
    on(event, listener) {
      if (event === 'notification') start()
      return heard.add((name, value) => {
        if (name === event) listener(value as never)
      })
    },
    close() {
      started = true
      connection.stop()
      closing.abort()
      actions.hurry()
      sync.close()
      sequencer.close()
      view.close()
      polling.clear()
    },
  }
}
