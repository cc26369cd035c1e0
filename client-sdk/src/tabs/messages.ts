import type { LiveMessage } from '../inbox/state.ts'
import type { ConnectionState } from '../live/connection.ts'
import type { Present } from './presence.ts'

/** The state of the leader's connection, whether its page is visible, and whether the connection replaces another. */
export type Leader = { state: ConnectionState; visible: boolean; isNew: boolean }

/**
 * The content of a message between tabs, by its kind. The leader sends `live`, `resync`, `moved` and `leader`. `who` asks for its
 * state, `retry` makes it connect at once, and `received` has items to acknowledge.
 */
export type Kinds = {
  live: LiveMessage
  resync: unknown
  moved: unknown
  present: Present
  leader: Leader
  who: unknown
  retry: unknown
  received: readonly string[]
}
export type Kind = keyof Kinds

/** Sends a message to the other tabs. */
export type Post = <K extends Kind>(kind: K, content?: Kinds[K]) => void

/** Opens the channel between the tabs with this name. Messages of unknown kinds, from other versions, are ignored. */
export const openChannel = (
  name: string,
  handlers: { readonly [K in Kind]: (content: Kinds[K]) => void },
): { post: Post; close(): void } => {
  const channel = new BroadcastChannel(name)
  channel.onmessage = ({ data: [kind, content] }) => handlers[kind as 'live']?.(content)
  return { post: (kind, content) => channel.postMessage([kind, content]), close: () => channel.close() }
}
