import { isVisible } from '../client/visibility.ts'
import type { ConnectionState } from '../live/connection.ts'
import { createTimer } from '../timing/timer.ts'
import { createAnnounced } from './announced.ts'
import { createElection } from './election.ts'
import { createLeading, type Note, type Options } from './leading.ts'
import { canShare, sharedName } from './name.ts'
import { onPageLife } from './page-life.ts'

/** How long a leader has to answer before a visible tab takes the lead, in ms. A frozen leader does not answer. */
const ANSWER_MS = 150

/**
 * Shares one connection among all tabs that show the same inbox. One tab leads: it connects, and passes live messages on to the
 * others. A visible tab takes the lead from a hidden or frozen one. Where tabs cannot share, each has its own connection.
 */
export const createSharedConnection = (options: Options) => {
  const { url, tokens, onState, onLive, onResync, onTakeover } = options
  let state: ConnectionState = 'connecting'
  let channel: BroadcastChannel | undefined
  let election: ReturnType<typeof createElection> | undefined
  let isFirst: (id: string) => boolean = () => true
  const answer = createTimer()
  const closing = new AbortController()

  const post = (note: Note) => channel?.postMessage(note)
  const become = (next: ConnectionState) => {
    if (state === next) return
    state = next
    onState(next)
  }
  const leading = createLeading(options, {
    ...{ post, become, state: () => state },
    onStopped: () => election?.leave(),
  })

  /** Takes the lead unless a visible tab has it. */
  const check = () => {
    if (leading.connection() || !election || !isVisible()) return
    answer.set(() => election?.take(), ANSWER_MS * (1 + Math.random()))
    post({ who: true })
  }

  const onNote = ({ data }: MessageEvent<Note>) => {
    const own = leading.connection()
    if ('live' in data) onLive(data.live)
    else if ('resync' in data) onResync()
    else if ('who' in data) leading.tell()
    else if ('hurry' in data) own?.hurry()
    else if ('received' in data) own?.received(data.received)
    else if (!own) {
      const { state: next, visible, isNew } = data.leader
      if (visible) answer.clear()
      else check()
      if (next === 'live') leading.endRetiring()
      // While the next leader connects, the former one is still connected.
      if (next === 'live' || next === 'offline') become(next)
      if (isNew) onTakeover()
    }
  }

  const leave = () => {
    election?.leave()
    leading.endRetiring()
  }
  const rejoin = () => {
    if (state === 'stopped') return
    election?.join()
    check()
  }

  const share = (name: string) => {
    channel = new BroadcastChannel(name)
    channel.onmessage = onNote
    isFirst = createAnnounced(name)
    election = createElection(name, (leads) => {
      if (closing.signal.aborted) return
      answer.clear()
      if (leads) void leading.begin()
      else leading.end()
    })
    const turned = () => (leading.connection() ? leading.tell() : check())
    onPageLife({ turned, leave, rejoin }, closing.signal)
    rejoin()
  }

  return {
    async start() {
      // A failing token function is reported by the connection, which asks again.
      const token = canShare() && (await tokens.get().catch(() => ''))
      const name = token && (await sharedName(url, token))
      if (closing.signal.aborted) return
      if (name) share(name)
      else await leading.begin()
    },
    /** Retries now instead of after the backoff, unless the hub refused the token. */
    hurry() {
      const own = leading.connection()
      if (own) return own.hurry()
      post({ hurry: true })
      check()
    },
    /** Acknowledges items to the hub, in batches. */
    received(ids: readonly string[]) {
      const own = leading.connection()
      if (own) own.received(ids)
      else if (ids.length > 0) post({ received: ids })
    },
    /** Reports whether this tab announces the item. One tab does, once. */
    announces: (id: string): boolean => (election ? leading.connection() !== undefined && isFirst(id) : true),
    state: () => state,
    stop() {
      closing.abort()
      answer.clear()
      leading.stop()
      leave()
      channel?.close()
      channel = undefined
      become('stopped')
    },
  }
}
