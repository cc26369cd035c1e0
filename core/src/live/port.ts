import type { LiveEvents, LivePosition } from '@carillon/schemas'

/** One live event for one user. The adapter adds `seq` and `epoch`. */
export type LiveMessage = {
  [Name in keyof LiveEvents]: { tenant: string; user: string; event: Name; payload: LiveEvents[Name] }
}[keyof LiveEvents]

/** `left`: nobody is connected now, but somebody was within GRACE_MS, and may only be loading a page anew. */
export type Presence = 'here' | 'left' | 'away'

/** How long somebody whose last connection ended may take to be back, as a page does that is loaded anew. */
export const GRACE_MS = 10_000

/**
 * Who is connected, and delivery to them.
 *
 * - At most once, and unordered between processes: the inbox is the truth, and a client that finds a gap in `seq`
 *   or a new `epoch` fetches it. Callers write to the store first.
 * - Reaches every connected tab and device of the user, on whichever hub, and nobody else.
 * - Presence is asked, not tracked; it is a hint.
 */
export interface Live {
  /** For each message, whether a hub held the user just now. Rejects with UnavailableError while out of reach. */
  deliver(messages: readonly LiveMessage[]): Promise<boolean[]>
  /** Who is connected, in the order given. Rejects with UnavailableError while out of reach. */
  presence(users: readonly { tenant: string; user: string }[]): Promise<Presence[]>
  /** Hubs say when a connection of a user's ends. Best effort: without it the user is `away` at once. */
  left(tenant: string, user: string): void
  /** Where the user's messages stand. Everything up to here was stored before this resolves. */
  position(tenant: string, user: string): Promise<LivePosition>
  /** Called when live messages may have been lost on this hub, so that it can tell its clients to fetch again. */
  onLoss(listener: () => void): void
  check(): Promise<void>
  close(): Promise<void>
}
