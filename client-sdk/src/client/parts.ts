import { lazyActions } from '../actions/lazy.ts'
import type { FeedList } from '../feed/feed-list.ts'
import { hubUrl } from '../http/hub-url.ts'
import { createInboxApi } from '../http/inbox-api.ts'
import { createRequest, type RequestParts } from '../http/request.ts'
import { createTokens } from '../http/token.ts'
import { createView } from '../inbox/optimistic-view.ts'
import { INITIAL } from '../inbox/state.ts'
import { isConnected } from '../live/connection.ts'
import { createRefetch } from '../live/refetch.ts'
import { createSequencer } from '../live/sequencer.ts'
import { io } from '../live/socket-io.ts'
import { createStore } from '../store/store.ts'
import { createSharedConnection } from '../tabs/shared-connection.ts'
import { createClock } from '../timing/clock.ts'
import { TIMING, type Timing } from '../timing/delays.ts'
import { type Announce, createArrivals } from './arrivals.ts'
import type { ClientEvents, ClientOptions } from './client.ts'
import { isElsewhere, requestIn } from './context.ts'
import { createErrors } from './errors.ts'
import { createInboxSync } from './inbox-sync.ts'
import { createLocaleReport } from './report-locale.ts'
import { createSlowRefetch } from './slow-refetch.ts'
import { onWake } from './visibility.ts'

const contextOf = ({ context }: { context?: string | undefined }) =>
  context === undefined ? {} : { context }

/** Creates and connects the parts of a client. Nothing runs before `start`. */
export const connectParts = (
  options: ClientOptions,
  emit: (event: keyof ClientEvents, value: unknown) => void,
) => {
  const timing: Timing = { ...TIMING, ...options.timing }
  const clock = createClock()
  const url = hubUrl(options.url)
  const tokens = createTokens(options.token)
  const http: RequestParts = { url: `${url}v1`, tokens, clock, fetch: options.fetch ?? globalThis.fetch }
  const closing = new AbortController()
  const { signal } = closing
  const { context } = options
  const request = requestIn(createRequest({ ...http, timeout: timing.request, signal }), context)
  const api = createInboxApi(request)
  const state = createStore(INITIAL)
  const lists = new Set<FeedList>()
  let started = false
  const spread = () => Math.random() * timing.spread
  const turned = () => refetch.request(true, spread())
  const view = createView(state, { clock, overlay: () => lazy.overlay(), turned })
  const report = createLocaleReport(http, timing.request)
  const fail = createErrors(url, signal, (error) => {
    emit('error', error)
    if (tokens.fixed && error.status === 401) connection.stop()
  })
  const announce: Announce = (item, name) => connection.announce(item, name)
  const arrived = createArrivals((ids) => connection.received(ids), announce)
  const onPage = () => sequencer.settle()
  const sync = createInboxSync({ api, state, clock, lists, arrived, announce, onPage })
  const stopped = () => connection.state() === 'stopped'
  const refetch = createRefetch({ pass: sync.fetch, onError: fail, timing, stopped })
  const sequencer = createSequencer(
    () => state.getSnapshot().last,
    (live) => sync.apply(live) && refetch.request(false),
    () => refetch.request(true),
    timing.straggler,
  )
  const lazy = lazyActions({ request, view, state, clock, timing, fail, signal })
  const connection = createSharedConnection({
    ...{ url, http, timing, context, connect: options.connect ?? io, onError: fail },
    announce: (item) => emit('notification', item),
    onState(now) {
      if (isConnected(now)) {
        refetch.request(true)
        lazy.retry()
        if (options.report !== false && connection.leads()) void report(connection.name())
      }
      emit('connection', now)
    },
    onLive(live) {
      if (live.event === 'preferences.changed') emit('preferences', contextOf(live.message))
      // Messages without a position belong to no stream.
      if (live.message.seq && !isElsewhere(context, live)) sequencer.push(live)
    },
    onResync: () => refetch.request(true, spread()),
    onMoved() {
      refetch.request(false, Math.min(timing.straggler, spread()))
      emit('preferences', {})
    },
    onTakeover: () => refetch.request(false, spread()),
  })
  state.subscribe(() => {
    const { counts, doubtful } = state.getSnapshot()
    if (counts.unread > 0) lazy.prepare()
    if (doubtful) refetch.request(true, timing.retry + spread())
  })
  const slowRefetch = createSlowRefetch(refetch.request, sync.isCrowded, timing.poll)
  const wake = () => {
    connection.retry()
    lazy.retry()
    refetch.request(false, timing.straggler)
  }

  const start = () => {
    if (started) return
    started = true
    void connection.start()
    refetch.request(true, timing.patience)
    slowRefetch.start()
    onWake(wake, lazy.flush, signal)
    if (!globalThis.document) lazy.prepare()
  }

  return {
    ...{ api, clock, connection, fail, lists, refetch, request, start, state, sync, timing, view },
    actions: lazy.actions,
    open(list: FeedList) {
      lists.add(list)
      if (state.getSnapshot() !== INITIAL) refetch.request(false)
      start()
    },
    close() {
      started = true
      connection.stop()
      closing.abort()
      lazy.retry()
      for (const part of [refetch, sequencer, view, slowRefetch]) part.close()
    },
  }
}
