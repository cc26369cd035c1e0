import type { InboxContent, ItemLabels } from '@carillon/schemas'
import type { InboxPlace, NamedItem, NewItem, Owner } from '../ports/inbox.ts'

/**
 * Maximum clock difference of two processes plus the time from a put's timestamp until it can be read, in ms.
 * An item stored below a mark later than that counts as read.
 */
export const CLOCK_TOLERANCE_MS = 5_000

/**
 * The state columns of an item, in epoch ms. A positive time is when it was done (read, seen or archived at),
 * a negative one when it was undone (marked as unread at), and null means neither. So undoing needs no
 * tombstone, and its time can be compared with that of a mark.
 */
export type StateCells = {
  receivedAt: number | null
  seenAt: number | null
  readAt: number | null
  archivedAt: number | null
  /** Kept after it has passed. */
  snoozedUntil: number | null
  clickedAt: number | null
}

/** An item as stored. The row is authoritative; everything else is a hint. */
export type Row = InboxPlace &
  ItemLabels & {
    expiresAt: number
    /**
     * Deleted by its user, or recalled. The row is kept until its expiry, so that a redelivery cannot restore
     * the item.
     */
    removed: boolean
    /** Set if the item exists and its notification is recalled. It counts as removed and has no content. */
    recalled?: true
    cells: StateCells
    /** Epoch ms by the name of the action; undefined if no action was invoked. */
    acted: Record<string, number> | undefined
    /** InboxContent as JSON; present only if requested and the item is not removed. */
    content?: string
  }

/** The changes to one row. */
export type RowChange = InboxPlace & {
  cells: Partial<StateCells>
  /** Added to the existing actions. */
  acted?: Record<string, number> | undefined
  /**
   * Cells derived from marks rather than from the change. Each is written only if its cell still equals
   * `from`, so any later write takes precedence. A store without transactions writes it at `settledAt` (epoch
   * ms), earlier than any concurrent change.
   */
  settled?: Partial<StateCells> | undefined
  from: StateCells
  settledAt: number
}

/** `after`: the id of the newest item that the entity ever had; '' for none. `id`: of the item to add. */
type EntityClaim = { name: string; after: string; id: string }

/** How long a claim is kept, in ms: longer than the log redelivers the message that made it. */
export const CLAIM_MS = 4 * 86_400_000

/** Another version of the content of an item. `at`: its version, epoch ms. `expiresAt`: when the item expires, epoch ms. */
export type Rewrite = InboxPlace & { content: InboxContent; at: number; expiresAt: number }

export type MarkKind = 'read' | 'seen' | 'archived'

/**
 * Records that at `at`, every active item with a place of at most `floor` that matches the filter was read
 * (seen, archived). See `effective.ts` for the items that it covers.
 */
export type Mark = {
  kind: MarkKind
  at: number
  floor: number
  category?: string | undefined
  tag?: string | undefined
  context?: string | undefined
  group?: string | undefined
  type?: string | undefined
  /** Only items that were read by then. For marks of the kind `archived`. */
  status?: 'read' | undefined
}

/** The lists that have hints. Every unseen item is unread, and every unread item is active. */
export const HINT_KINDS = ['active', 'unread', 'unseen'] as const
export type HintKind = (typeof HINT_KINDS)[number]

/**
 * Records that from `top` down to `bottom`, both inclusive, only `candidates` and revived items can be in the
 * list. This stays true forever: new items are stored above every `top`, and items that return are revivals.
 */
export type Hint = {
  /** A place at or below which no item will be stored any more. */
  top: number
  bottom: InboxPlace
  /** Newest first. */
  candidates: readonly InboxPlace[]
  /**
   * When the reader that created the hint began, epoch ms. The hint with the latest `at` wins, in any order
   * of writes.
   */
  at: number
}

/**
 * An item that returned to a list at `at`: marked as unread or unseen, unarchived, or woken. `snoozed`: it
 * returns to every list at `at`, when its snooze ends. Written before the change that it announces.
 */
export type Revival = InboxPlace & { kind: HintKind | 'snoozed'; at: number }

type Hints = Partial<Record<HintKind, Hint>>

/**
 * The data of an inbox besides its rows: small, and read as a whole. `ofView`: the hints of the view that the read names.
 * `folded`: the latest time of a removed revival, epoch ms; 0 if none was removed.
 */
export type Guide = { marks: Mark[]; hints: Hints; ofView: Hints; revivals: Revival[]; folded: number }

export type LogPage = {
  rows: Row[]
  /** Items found through a log row whose place differs from theirs. */
  leftovers: Row[]
  /** Number of log rows read. */
  read: number
  /** The last place read; absent if the range has ended. */
  next?: InboxPlace | undefined
}

/** `group`: only items of the group of that name. `announced`: only items with a `display`. */
export type Range = {
  below?: InboxPlace | undefined
  limit: number
  contents: number
  group?: string
  announced?: true
}

/** The further reads of a scan, known once the guide is read: how far down the log, and items by id. */
type Plan = { downTo: number | undefined; named: readonly string[] }

/**
 * `named` is undefined if it was not read. `whole`: `first` contains every item of the inbox, whatever range
 * was requested, so hints are not needed.
 */
export type Opened = { guide: Guide; first: LogPage; named: Row[] | undefined; whole: boolean }

/**
 * The rows of inboxes: the operations that a database has to provide. Rules, lists, counts and marks are
 * built on them in `inbox.ts`, in the same way for every database. Every method is idempotent.
 *
 * - The same items are ordered by id and by arrival (the log).
 * - An item always has a log row. It may have several: a redelivery adds one at its own time, and the first
 *   delivery determines the place, even if it is stored last. Such a *leftover* points to an item further
 *   down.
 */
export interface InboxRows {
  /**
   * Stores new items with the current time as their place. An existing item keeps its place and state, and
   * gets the new content if that was accepted later (the time in its id). Expired items are not stored. Returns those that
   * are removed again, because their notification was recalled.
   */
  put(items: readonly NewItem[]): Promise<readonly NewItem[]>
  /**
   * Reads the log from `below` (exclusive; default: from the newest) down to `downTo` (a place, exclusive;
   * default: to the end), at most `limit` log rows. `rows` are their items, including expired ones; removed
   * ones may be omitted. The first `contents` of them have their content. The log of a group or of the announced items has
   * the rows of these items at the same places, and perhaps some of other items.
   */
  log(owner: Owner, range: Range & { downTo?: number | undefined }): Promise<LogPage>
  /**
   * Reads the guide, and then the log and items that `plan` requests from it: like `guide`, `log` and
   * `items`, in as few round trips as the database allows. `named` need not be read if the range of the log
   * has not ended.
   */
  open(
    owner: Owner,
    range: Range & { view?: string | undefined },
    plan: (guide: Guide) => Plan,
  ): Promise<Opened>
  /**
   * Returns the owner's items with these ids in any order, including expired ones; removed ones may be
   * omitted.
   */
  items(owner: Owner, ids: readonly string[], content: boolean): Promise<Row[]>
  /**
   * Updates the given cells and leaves the others unchanged. The last write to a cell wins. Removed items
   * stay removed.
   */
  change(owner: Owner, changes: readonly RowChange[]): Promise<void>
  /** Removes the content and marks the rows as removed. */
  remove(owner: Owner, ids: readonly string[]): Promise<void>

  /** Returns the guide, with marks ordered by time, and the hints of the view of that name. */
  guide(owner: Owner, view?: string): Promise<Guide>
  putMark(owner: Owner, mark: Mark): Promise<void>
  removeMarks(owner: Owner, marks: readonly Mark[]): Promise<void>
  /**
   * Stores a hint of the whole inbox, or of the view of that name. The least recently stored hints of views may be lost; a
   * scan then reads the rows again.
   */
  putHint(owner: Owner, kind: HintKind, hint: Hint, view?: string): Promise<void>
  /** Resolves when every later read of the guide includes the revivals. They are kept as long as their items. */
  addRevivals(owner: Owner, revivals: readonly Revival[]): Promise<void>
  /** Removes revivals that the hints of the whole inbox contain. First stores their latest time as `folded`. */
  removeRevivals(owner: Owner, revivals: readonly Revival[]): Promise<void>

  /** Returns the highest known place at or below which no item will be stored any more. */
  settledPlace(): number

  /** Returns the rows of an entity (a name of `entityNameOf`), newest first, removed items too. */
  entityLog(owner: Owner, name: string, limit: number): Promise<InboxPlace[]>
  /**
   * Claims to add the next item of an entity. Of concurrent claims with the same `after`, in any number of processes, one wins.
   * Returns its `id`.
   */
  claimEntity(owner: Owner, claim: EntityClaim): Promise<string>
  /**
   * Replaces content, labels, group and expiry of existing items, unless newer content was written. Places and state stay.
   * Removed items stay removed.
   */
  rewrite(owner: Owner, rewrites: readonly Rewrite[]): Promise<void>
  /** Stores the recipients with `keepRecipient`, without their items. */
  keepRecipients(items: readonly NewItem[]): Promise<void>
  /** Ensures that items of the notification with shared content are stored as removed from now on. */
  recalled(tenant: string, notification: string): Promise<void>
  isRecalled(tenant: string, notification: string): Promise<boolean>
  /** Returns some recipients of a notification that were stored with `keepRecipient`, and where the next ones are. */
  recipients(
    tenant: string,
    notification: string,
    after?: string,
  ): Promise<{ named: NamedItem[]; next?: string }>
}
