import { io } from 'socket.io-client'
import { createActions } from '../actions/actions.ts'
import { createOutbox } from '../actions/outbox.ts'
import type { FeedList } from '../feed/feed-list.ts'
import type { CarillonError } from '../http/error.ts'
import { createInboxApi } from '../http/inbox-api.ts'
import { createRequest } from '../http/request.ts'
import { createTokens } from '../http/token.ts'
import { createView } from '../inbox/optimistic-view.ts'
import { INITIAL } from '../inbox/state.ts'
import { createRefetch } from '../live/refetch.ts'
import { createSequencer } from '../live/sequencer.ts'
import { createStore } from '../store/store.ts'
import { createSharedConnection } from '../tabs/shared-connection.ts'
import { TIMING, type Timing } from '../timing/timing.ts'
import { createArrivals } from './arrivals.ts'
import type { ClientEvents, ClientOptions } from './client.ts'
import { createInboxSync } from './inbox-sync.ts'
import { createPolling } from './polling.ts'
import { onWake } from './visibility.ts'

/** Creates and connects the parts of a client. Nothing runs before `start`. */
export const connectParts = (
  options: ClientOptions,
  emit: (event: keyof ClientEvents, value: unknown) => void,
) => {
  const timing: Timing = { ...TIMING, ...options.timing }
  const url = new URL(options.url, globalThis.location?.href).href.replace(/\/?$/, '/')
  const tokens = createTokens(options.token)
  const closing = new AbortController()
  const { signal } = closing
  const { fetch = globalThis.fetch } = options
  const request = createRequest({ url: `${url}v1`, tokens, fetch, timeout: timing.request, signal })
  const api = createInboxApi(request)
  const state = createStore(INITIAL)
  const lists = new Set<FeedList>()
  let started = false
  const spread = () => Math.random() * timing.spread
  const view = createView(state, () => refetch.request(true, spread()))

  const fail = (error: CarillonError) => {
    if (signal.aborted) return
    emit('error', error)
    if (tokens.fixed && error.status === 401) connection.stop()
  }
  const arrived = createArrivals(
    (ids) => connection.received(ids),
    (item) => connection.announces(item.id) && emit('notification', item),
  )
  const sync = createInboxSync({ api, state, lists, arrived, onPage: () => sequencer.settle() })
  const refetch = createRefetch({
    pass: sync.fetch,
    onError: fail,
    timing,
    stopped: () => connection.state() === 'stopped',
  })
  const sequencer = createSequencer(
    () => state.getSnapshot().last,
    (live) => sync.apply(live) && refetch.request(false),
    () => refetch.request(true),
    timing.straggler,
  )
  const outbox = createOutbox(state, fail, timing, signal)
  const connection = createSharedConnection({
    ...{ url, tokens, timing, connect: options.connect ?? io, onError: fail },
    onState(now) {
      if (now === 'live') {
        refetch.request(true)
        outbox.hurry()
      }
      emit('connection', now)
    },
    onLive(live) {
      if (live.event === 'preferences.changed') {
        const { context } = live.message
        emit('preferences', context === undefined ? {} : { context })
      }
      // Messages without a position belong to no stream.
      if (live.message.seq) sequencer.push(live)
    },
    onResync: () => refetch.request(true, spread()),
    onTakeover: () => refetch.request(false, spread()),
  })
  state.subscribe(() => {
    if (state.getSnapshot().doubtful) refetch.request(true, timing.retry + spread())
  })

  const polling = createPolling(refetch.request, sync.isCrowded, timing.poll)

  const wake = () => {
    connection.hurry()
    outbox.hurry()
    refetch.request(false, timing.straggler)
  }

  const start = () => {
    if (started) return
    started = true
    void connection.start()
    refetch.request(true, timing.patience)
    polling.start()
    onWake(wake, outbox.flush, signal)
  }

  return {
    ...{ api, connection, lists, refetch, request, start, state, sync, timing, view },
    actions: createActions(api, view, outbox),
    open(list: FeedList) {
      lists.add(list)
      if (state.getSnapshot() !== INITIAL) refetch.request(false)
      start()
    },
    close() {
      started = true
      connection.stop()
      closing.abort()
      outbox.hurry()
      refetch.close()
      sequencer.close()
      view.close()
      polling.stop()
    },
  }
}
