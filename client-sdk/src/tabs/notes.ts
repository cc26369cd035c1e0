import type { LiveMessage } from '../inbox/state.ts'
import { type ConnectionState, type createConnection, isConnected } from '../live/connection.ts'
import type { Store } from '../store/store.ts'
import type { Options } from './leading.ts'
import type { Present } from './presence.ts'

/** A message between tabs. `leader`: the state of the leader's connection, and whether its page is visible. */
export type Note =
  | { live: LiveMessage }
  | { resync: true }
  | { moved: true }
  | { present: Present }
  | { leader: { state: ConnectionState; visible: boolean; isNew: boolean } }
  | { who: true }
  | { hurry: true }
  | { received: readonly string[] }

/** Returns a function that handles the notes of other tabs. */
export const createNoteHandler =
  (
    { onLive, onResync, onMoved, onTakeover }: Options,
    {
      state,
      leader,
      onPresent,
      onWho,
      onVisibleLeader,
      onHiddenLeader,
      onConnected,
    }: {
      state: Store<ConnectionState>
      /** Returns the connection of this tab if it leads. */
      leader: () => ReturnType<typeof createConnection> | undefined
      onPresent: (present: Present) => void
      onWho: () => void
      onVisibleLeader: () => void
      onHiddenLeader: () => void
      /** Called when the leader is connected. */
      onConnected: () => void
    },
  ) =>
  ({ data }: MessageEvent<Note>): void => {
    const own = leader()
    if ('live' in data) onLive(data.live)
    else if ('resync' in data) onResync()
    else if ('moved' in data) onMoved()
    else if ('present' in data) onPresent(data.present)
    else if ('who' in data) onWho()
    else if ('hurry' in data) own?.hurry()
    else if ('received' in data) own?.received(data.received)
    else if (!own) {
      const { state: next, visible, isNew } = data.leader
      if (visible) onVisibleLeader()
      else onHiddenLeader()
      if (isConnected(next)) onConnected()
      // While the next leader connects, the former one is still connected.
      if (isConnected(next) || next === 'offline') state.set(next)
      if (isNew) onTakeover()
    }
  }
