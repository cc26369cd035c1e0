import type { InboxItem, LiveEvents, LivePosition } from '@carillon/schemas'

/**
 * A new item, whose `id` the adapter adds to `payload.item`. So messages to several users can share a payload, and it is encoded
 * once.
 */
type Added = {
  event: 'inbox.added'
  id: string
  payload: Omit<LiveEvents['inbox.added'], 'item'> & { item: Omit<InboxItem, 'id'> }
}

/** A live event, without its position and stream. */
export type LiveEvent =
  | Added
  | {
      [Name in Exclude<keyof LiveEvents, 'inbox.added'>]: { event: Name; payload: LiveEvents[Name] }
    }[Exclude<keyof LiveEvents, 'inbox.added'>]

/**
 * The connections that a message is for. A connection sees the whole inbox, or is limited to contexts ('' stands for items
 * without one). Each user has a stream for the whole inbox and one for each context.
 *
 * - `item`: the streams of the whole inbox and of this context.
 * - `whole`: the stream of the whole inbox. With `ask`, the result also says whether that context's stream has connections.
 * - `context`: the stream of this context.
 * - `nobody`: nothing is sent. `other` of the result says whether the stream of the context `ask` has connections; without
 *   `ask`, that of the whole inbox.
 * - `all`: every connection of the user. Limited ones get it without a position, because it is in none of their streams.
 * - `limited`: every limited connection of the user, without a position.
 * - `unlimited`: every other connection of the user, without a position.
 */
export type Audience =
  | { to: 'item' | 'context'; context: string }
  | { to: 'whole'; ask?: string | undefined }
  | { to: 'nobody'; ask?: string | undefined }
  | { to: 'all' | 'limited' | 'unlimited' }

/** One live message for the connections of one user. The adapter adds `stream`, `seq` and `epoch`. */
export type LiveMessage = { tenant: string; user: string } & LiveEvent & Audience

/**
 * Whether there were connections: to the stream of the whole inbox, and to the other stream or room of the message. `active`:
 * one of those to a stream was active.
 */
export type Reached = { whole: boolean; other: boolean; active: boolean }

/**
 * `here`: an active connection. `left`: none now, but one ended within GRACE_MS; the page may be reloading. `away`: no
 * connection, or only idle ones.
 */
export type Presence = 'here' | 'left' | 'away'

/** How long a user counts as `left` after the last connection ended, in ms: longer than a page reload takes. */
export const GRACE_MS = 10_000

/** The connection of a long poll. `contexts`: the contexts that it is limited to; absent for the whole inbox. */
export type Watcher = {
  tenant: string
  user: string
  contexts?: readonly string[] | undefined
  active: boolean
}

/** A watched inbox. `position` resolves to a string that changes with every message to the watcher. */
export type Watch = { position(): Promise<string>; end(): void }

/** A user's connections that see items of a context; '', the default, stands for items without one. */
export type Viewers = { tenant: string; user: string; context?: string | undefined }

/**
 * Presence of users, and live delivery to their connections.
 *
 * - Delivery is at most once and unordered between processes. Clients that see a gap in `seq` or a new `epoch` fetch the
 *   inbox, so callers write to the store first.
 * - A message reaches every connected tab and device of the user that sees its stream, on any hub, and no other user.
 * - Presence is queried, not tracked. It is a hint.
 * - A connection is active or idle. Both get every message; only active ones count as presence.
 */
export interface Live {
  /** Resolves to whom each message reached. Rejects with UnavailableError if the bus does not answer. */
  deliver(messages: readonly LiveMessage[]): Promise<Reached[]>
  /** Resolves to the presence of each user, in order. Rejects with UnavailableError if the bus does not answer. */
  presence(viewers: readonly Viewers[]): Promise<Presence[]>
  /**
   * Opens a connection of the user that has no socket and lasts until `end`. Calls `onMessage` for each message to it. No
   * message after the promise resolves is missed. Only in hubs.
   */
  watch(watcher: Watcher, onMessage: () => void): Promise<Watch>
  /**
   * Records that an active connection ended. `contexts` are those that it was limited to. Best effort: if the record is lost,
   * the user is `away` at once.
   */
  left(tenant: string, user: string, contexts?: readonly string[]): void
  /** Resolves to the position of a stream: the whole inbox, or a context. Everything up to it is in the store. */
  position(tenant: string, user: string, context?: string): Promise<LivePosition>
  /** Calls `listener` when live messages to this hub may have been lost, so that its clients can fetch again. */
  onLoss(listener: () => void): void
  check(): Promise<void>
  close(): Promise<void>
}
