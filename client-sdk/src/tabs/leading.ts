import type { InboxItem } from '@carillon/schemas'
import { isVisible } from '../client/visibility.ts'
import { type ConnectionState, createConnection } from '../live/connection.ts'
import type { Store } from '../store/store.ts'
import { createTimer } from '../timing/timer.ts'
import type { Note } from './notes.ts'

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

/** The connection of a tab while it leads. It passes live messages on to the other tabs. */
export const createLeading = (
  options: Options,
  {
    post,
    state,
    isActive,
    onStopped,
  }: {
    post: (note: Note) => void
    /** The state that the application sees. */
    state: Store<ConnectionState>
    isActive: () => boolean
    /** Called when the token was refused for good. */
    onStopped: () => void
  },
) => {
  let own: Connection | undefined
  let retiring: Connection | undefined
  const retire = createTimer()

  const tell = (isNew = false) => {
    if (own) post({ leader: { state: own.state(), visible: isVisible(), isNew } })
  }
  const endRetiring = () => {
    retire.clear()
    retiring?.stop()
    retiring = undefined
  }

  return {
    connection: () => own,
    tell,
    endRetiring,
    begin() {
      endRetiring()
      const mine = createConnection({
        ...options,
        isActive,
        onState(next) {
          if (own !== mine) return
          const took = next === 'live' && state.getSnapshot() === 'live'
          if (next === 'stopped') onStopped()
          state.set(next)
          tell(took)
          if (took) options.onTakeover()
        },
        onLive(live) {
          post({ live })
          options.onLive(live)
        },
        onResync() {
          post({ resync: true })
          options.onResync()
        },
        onMoved() {
          post({ moved: true })
          options.onMoved()
        },
      })
      own = mine
      tell()
      return mine.start()
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
