import type { LiveEvents, LivePosition } from '@carillon/schemas'

/** One live event for one user. The adapter adds `seq` and `epoch`. */
export type LiveMessage = {
  [Name in keyof LiveEvents]: { tenant: string; user: string; event: Name; payload: LiveEvents[Name] }
}[keyof LiveEvents]

/** `left`: no connection now, but one ended within GRACE_MS; the page may be reloading. */
export type Presence = 'here' | 'left' | 'away'

/** How long a user counts as `left` after the last connection ended, in ms: longer than a page reload takes. */
export const GRACE_MS = 10_000

/**
 * Presence of users, and live delivery to their connections.
 *
 * - Delivery is at most once and unordered between processes. Clients that see a gap in `seq` or a new `epoch` fetch the
 *   inbox, so callers write to the store first.
 * - A message reaches every connected tab and device of the user on any hub, and no other user.
 * - Presence is queried, not tracked. It is a hint.
 */
export interface Live {
  /** Resolves to whether each message's user was connected. Rejects with UnavailableError if the bus does not answer. */
  deliver(messages: readonly LiveMessage[]): Promise<boolean[]>
  /** Resolves to the presence of each user, in order. Rejects with UnavailableError if the bus does not answer. */
  presence(users: readonly { tenant: string; user: string }[]): Promise<Presence[]>
  /** Records that a connection of the user ended. Best effort: if it is lost, the user is `away` at once. */
  left(tenant: string, user: string): void
  /** Resolves to the position of the user's live messages. Everything up to it is in the store. */
  position(tenant: string, user: string): Promise<LivePosition>
  /** Calls `listener` when live messages to this hub may have been lost, so that its clients can fetch again. */
  onLoss(listener: () => void): void
  check(): Promise<void>
  close(): Promise<void>
}
