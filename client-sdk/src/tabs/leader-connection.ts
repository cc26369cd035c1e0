import type { InboxItem } from '@carillon/schemas'
import { isVisible } from '../client/visibility.ts'
import { type ConnectionState, createConnection, isConnected } from '../live/connection.ts'
import type { Store } from '../store/store.ts'
import { createTimer } from '../timing/timer.ts'
import type { Kind, Kinds, Leader, Post } from './messages.ts'

export type Options = Omit<Parameters<typeof createConnection>[0], 'isActive'> & {
  /** The context that the client is limited to. */
  context: string | undefined
  /** Called when another connection took over. Messages may have been lost in between. */
  onTakeover: () => void
  /** Called in one of the tabs for each new item. */
  announce: (item: InboxItem) => void
}
type Connection = ReturnType<typeof createConnection>

/** How long a former leader stays connected while the next one connects, in ms. */
const RETIRE_MS = 5_000

/** The connection of a tab while it leads. It forwards live messages to the other tabs. */
export const createLeaderConnection = (
  options: Options,
  {
    post,
    state,
    isActive,
    onStopped,
    onLeader,
  }: {
    post: Post
    /** The state that the application sees. */
    state: Store<ConnectionState>
    isActive: () => boolean
    /** Called when the token was refused for good. */
    onStopped: () => void
    /** Called with whether the page of the leader is visible. */
    onLeader: (isVisible: boolean) => void
  },
) => {
  let own: Connection | undefined
  let retiring: Connection | undefined
  /** False while an app without a `document` is in the background. */
  let isUsed = true
  const retire = createTimer()

  const tell = (isNew = false) => {
    if (own) post('leader', { state: own.state(), visible: isVisible(), isNew })
  }
  const endRetiring = () => {
    retire.clear()
    retiring?.stop()
    retiring = undefined
  }

  /** Returns a handler that also forwards the content to the other tabs. */
  const forward =
    <K extends Kind>(kind: K, handle: (content: Kinds[K]) => void) =>
    (content?: Kinds[K]) => {
      post(kind, content)
      handle(content!)
    }

  return {
    connection: () => own,
    setActive(active: boolean) {
      isUsed = active
      own?.activity()
    },
    tell,
    endRetiring,
    begin() {
      endRetiring()
      const mine = createConnection({
        ...options,
        isActive: () => isUsed && isActive(),
        onState(next) {
          if (own !== mine) return
          const took = next === 'live' && state.getSnapshot() === 'live'
          if (next === 'stopped') onStopped()
          state.set(next)
          tell(took)
          if (took) options.onTakeover()
        },
        onLive: forward('live', options.onLive),
        onResync: forward('resync', options.onResync),
        onMoved: forward('moved', options.onMoved),
      })
      own = mine
      tell()
      return mine.start()
    },
    /** Follows the state of another tab that leads. */
    follow({ state: next, visible, isNew }: Leader) {
      if (own) return
      onLeader(visible)
      if (isConnected(next)) endRetiring()
      // While the next leader connects, the former one is still connected.
      if (isConnected(next) || next === 'offline') state.set(next)
      if (isNew) options.onTakeover()
    },
    /** Stays connected until the next leader is, so that no message is missed. */
    end() {
      retiring = own
      own = undefined
      retire.set(endRetiring, RETIRE_MS)
    },
    stop() {
      const last = own
      own = undefined
      last?.stop()
      endRetiring()
    },
  }
}
