import { isVisible } from '../client/visibility.ts'
import type { ConnectionState } from '../live/connection.ts'
import { createStore } from '../store/store.ts'
import { createTimer } from '../timing/timer.ts'
import { announceOnce } from './announce-once.ts'
import { createElection } from './election.ts'
import { createLeaderConnection, type Options } from './leader-connection.ts'
import { openChannel, type Post } from './messages.ts'
import { canShare, sharedName } from './name.ts'
import { onPageLifecycle } from './page-lifecycle.ts'
import { createPresence } from './presence.ts'

/** How long a leader has to answer before a visible tab takes the lead, in ms. A frozen leader does not answer. */
const ANSWER_MS = 150

/**
 * Shares one connection among all tabs that show the same inbox. One tab leads: it connects, and forwards live messages to the
 * others. A visible tab takes the lead from a hidden or frozen one. Where tabs cannot share, each has its own connection.
 */
export const createSharedConnection = (options: Options) => {
  const { url, http, timing, onState } = options
  const state = createStore<ConnectionState>('connecting')
  let channel: ReturnType<typeof openChannel> | undefined
  let election: ReturnType<typeof createElection> | undefined
  const announcements = announceOnce(options.announce)
  let shared: string | undefined
  let presence: ReturnType<typeof createPresence> | undefined
  const answer = createTimer()
  const closing = new AbortController()

  const post: Post = (...message) => channel?.post(...message)
  state.subscribe(() => onState(state.getSnapshot()))
  const leading = createLeaderConnection(options, {
    ...{ post, state, isActive: () => presence?.isActive() !== false },
    onStopped: () => election?.leave(),
    onLeader: (isVisible) => (isVisible ? answer.clear() : check()),
  })

  /** Takes the lead unless a visible tab has it. */
  const check = () => {
    if (leading.connection() || !election || !isVisible()) return
    answer.set(() => election?.take(), ANSWER_MS * (1 + Math.random()))
    post('who')
  }

  const leave = () => {
    election?.leave()
    leading.endRetiring()
  }
  const rejoin = () => {
    if (state.getSnapshot() === 'stopped') return
    election?.join()
    check()
  }

  const share = (name: string) => {
    shared = name
    channel = openChannel(name, {
      live: options.onLive,
      resync: options.onResync,
      moved: options.onMoved,
      present: (present) => presence?.heard(present),
      leader: leading.follow,
      who() {
        leading.tell()
        presence?.tell()
      },
      retry: () => leading.connection()?.retry(),
      received: (ids) => leading.connection()?.received(ids),
    })
    announcements.share(name)
    election = createElection(name, (leads) => {
      if (closing.signal.aborted) return
      answer.clear()
      if (leads) void leading.begin()
      else leading.end()
      announcements.lead(leads)
    })
    const turned = () => (leading.connection() ? leading.tell() : check())
    onPageLifecycle({ turned, leave, rejoin }, closing.signal)
    presence?.tell()
    rejoin()
  }

  return {
    async start() {
      // A failing token function is reported by the connection, which asks again.
      const token = canShare() && (await http.tokens.get().catch(() => ''))
      const name = token && (await sharedName(url, token, options.context))
      if (closing.signal.aborted) return
      const activity = () => leading.connection()?.activity()
      presence = createPresence(timing.idle, (present) => post('present', present), activity, closing.signal)
      if (name) share(name)
      else await leading.begin()
    },
    /** Retries now instead of after the backoff, unless the hub refused the token. */
    retry() {
      leading.connection()?.retry()
      post('retry')
      check()
    },
    setActive: leading.setActive,
    /** Acknowledges items to the hub, in batches. */
    received(ids: readonly string[]) {
      const own = leading.connection()
      if (own) own.received(ids)
      else if (ids.length > 0) post('received', ids)
    },
    /** Reports whether this tab leads. */
    leads: () => !!leading.connection(),
    /** Returns a name of the inbox; undefined if tabs cannot share a connection. */
    name: () => shared,
    /** Announces an item in one of the tabs. */
    announce: announcements.add,
    state: state.getSnapshot,
    stop() {
      closing.abort()
      answer.clear()
      leading.stop()
      leave()
      channel?.close()
      channel = undefined
      state.set('stopped')
    },
  }
}
