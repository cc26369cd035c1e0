/** Names a window of a user. `window` has at most 64 characters; a user has at most one open window of a name. */
type WindowPlace = { user: string; window: string }

/** A window that is open. Times are epoch ms. `about` is what its opener stored with it, as text. */
export type OpenWindow = WindowPlace & {
  /** Identifies this opening of the window. */
  id: string
  opensAt: number
  closesAt: number
  about: string
  /** The number of its members. Those that join in several processes at the same time may not all be counted. */
  size: number
}

/** Members after which a window is full and is to be closed, so that a digest stays small enough to be rendered. */
export const MEMBERS_MAX = 10_000

/** One opening of a window. */
export type Opening = WindowPlace & { id: string }

/** A member of a window. Times are epoch ms. */
export type Joining = WindowPlace & {
  /** Identifies the member among all that ever join a window of this name. */
  member: string
  /** The collected step, serialized. */
  step: string
  /** What else is collected, as text. It is removed when the user is erased. */
  personal?: string
  at: number
  /** When the member may be forgotten: later than any repetition of this call. */
  until: number
  /** The window to open if none is open. */
  open: { id: string; closesAt: number; about: string }
  /** If the window is open, closes it `windowMs` after this member, at most `mostMs` after it opened. */
  slide?: { windowMs: number; mostMs: number }
  /** The member that opens the window is not collected. */
  first?: boolean
}

/**
 * The window of a member. `opened`: the member opened it, and it is still open. `closesAt` is 0 if it is closed. `filled`: the
 * window is full.
 */
export type Joined = { id: string; closesAt: number; opened: boolean; collected: boolean; filled: boolean }

/** Names a member of a window. */
export type MemberPlace = WindowPlace & { member: string }

/** How what waited in a window leaves it: as one message, or each on its own, to be decided about again. */
export type Leaving = 'together' | 'apart'

/** A collected member. */
export type Member = { member: string; step: string; personal?: string; at: number }

/**
 * Windows of users: steps that wait to be sent together, for a digest or because of quiet hours.
 *
 * - `join` adds members to the open window of their name, or opens one. A member joins once: a repeated call returns the same
 *   `id` and `collected`, even if that window is closed. In order of the arguments, durable when it resolves.
 * - `close` ends an opening. Whatever joined it before stays its member, and nothing joins it later. So `members` of a closed
 *   opening is always the same list, until its members are forgotten.
 * - An erasure of the user closes all openings and removes `personal` from their members.
 * - All of it is linearizable within a user, in any number of processes.
 */
export interface Digests {
  join(tenant: string, joinings: readonly Joining[]): Promise<Joined[]>
  /** Returns what members have joined, open or closed, in order; undefined for those that have not. */
  joined(
    tenant: string,
    members: readonly MemberPlace[],
  ): Promise<(Pick<Joined, 'id' | 'collected'> | undefined)[]>
  /** Resolves with how the opening was closed, by this call or an earlier one: that is decided once. */
  close(tenant: string, opening: Opening, leaving: Leaving): Promise<Leaving>
  /** Changes when an opening closes. Resolves with false if it is closed. */
  move(tenant: string, opening: Opening, closesAt: number): Promise<boolean>
  /** Returns all open windows of users. */
  open(tenant: string, users: readonly string[]): Promise<OpenWindow[]>
  /** Returns the open window of a name; undefined if none is open. */
  get(tenant: string, place: WindowPlace): Promise<OpenWindow | undefined>
  /** Returns the collected members of an opening, by `at`, then by `member`. */
  members(tenant: string, opening: Opening): Promise<Member[]>
}
