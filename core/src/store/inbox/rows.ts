import type { InboxContent, ItemLabels } from '@carillon/schemas'
import type { InboxPlace, NamedItem, NewItem, Owner } from '../ports/inbox.ts'

/**
 * How far the clocks of two processes may differ, and how long a put may take from its time stamp until it can be read,
 * together: what is stored later than that below a mark counts as read.
 */
export const CLOCK_TOLERANCE_MS = 5_000

/**
 * The state columns of an item. A positive time says when it was done (read at, seen at, archived at), a negative one
 * when it was undone (marked unread at), null that nobody did either. Epoch ms. So undoing needs no tombstone, and
 * tells whether it came before or after a mark.
 */
export type StateCells = {
  receivedAt: number | null
  seenAt: number | null
  readAt: number | null
  archivedAt: number | null
  /** Kept when it has passed. */
  snoozedUntil: number | null
}

/** An item as it is stored. The row decides; everything else is a hint. */
export type Row = InboxPlace &
  ItemLabels & {
    expiresAt: number
    /** Deleted by its user, or recalled: kept until its expiry, so that a redelivery cannot bring it back. */
    removed: boolean
    cells: StateCells
    /** Epoch ms by the name of the action; undefined if none was taken. */
    acted: Record<string, number> | undefined
    /** InboxContent as JSON; only if it was asked for and the item is not removed. */
    content?: string
  }

/** What a change writes to one row. */
export type RowChange = InboxPlace & {
  cells: Partial<StateCells>
  /** Adds to what is there. */
  acted?: Record<string, number> | undefined
  /**
   * Cells that follow from marks rather than from the change. Each is written only if its cell is as `from`: it gives way
   * to whatever was written there since. A store without transactions writes it at `settledAt` (epoch ms), earlier than any
   * change that may be under way.
   */
  settled?: Partial<StateCells> | undefined
  from: StateCells
  settledAt: number
}

export type MarkKind = 'read' | 'seen' | 'archived'

/**
 * Says that at `at` everything active with a place of at most `floor` that matches the filter was read (seen, archived).
 * See `effective.ts` for what it covers.
 */
export type Mark = {
  kind: MarkKind
  at: number
  floor: number
  category?: string | undefined
  tag?: string | undefined
  context?: string | undefined
}

/** The lists that hints exist for. An unseen item is unread, an unread item is active. */
export const HINT_KINDS = ['active', 'unread', 'unseen'] as const
export type HintKind = (typeof HINT_KINDS)[number]

/**
 * Says that from `top` down to `bottom`, both inclusive, only the items of `candidates`, and those revived, can be in the
 * list. True for ever once it was: an item that is stored lies above every `top`, and one that comes back is a revival.
 */
export type Hint = {
  /** A place: no item is stored at or below it any more. */
  top: number
  bottom: InboxPlace
  /** Newest first. */
  candidates: readonly InboxPlace[]
  /** When its reader began, epoch ms: of two hints the one that began later stays, in whatever order they are written. */
  at: number
}

/**
 * An item that came back into a list at `at`: marked unread or unseen, unarchived, woken. `snoozed`: it comes back into
 * every list at `at`, when its snooze ends. Written before the change that it announces.
 */
export type Revival = InboxPlace & { kind: HintKind | 'snoozed'; at: number }

/** What is kept of an inbox beside its rows: small, and read as a whole. */
export type Guide = { marks: Mark[]; hints: Partial<Record<HintKind, Hint>>; revivals: Revival[] }

export type LogPage = {
  rows: Row[]
  /** Items met through a log row with another place than theirs. */
  leftovers: Row[]
  /** How many log rows were read. */
  read: number
  /** The last place read; absent if the range has ended. */
  next?: InboxPlace | undefined
}

export type Range = { below?: InboxPlace | undefined; limit: number; contents: number }

/** What a scan needs, once the guide is known: how far down the log, and items by id. */
type Plan = { downTo: number | undefined; named: readonly string[] }

/**
 * `named` is undefined if it was not read. `whole`: `first` holds every item of the inbox, so hints are of no use, whatever
 * range was asked for.
 */
export type Opened = { guide: Guide; first: LogPage; named: Row[] | undefined; whole: boolean }

/**
 * The rows of inboxes: what a database has to do. The rules, lists, counts and marks are made of it in `inbox.ts`, the same
 * for every database. Every method is idempotent.
 *
 * - Two orders of the same items: by id, and by arrival (the log).
 * - An item is never without its log row. It may have more of them: a redelivery leaves one at its own time, and the first
 *   delivery decides the place, even if it turns up last. Such a *leftover* points to an item further down.
 */
export interface InboxRows {
  /**
   * Stores new items at the current time as their place. An item that exists keeps its place and state, and takes the
   * content if it was accepted later (the time in its id). Expired items are left out.
   */
  put(items: readonly NewItem[]): Promise<void>
  /**
   * Reads the log from `below` (exclusive; the newest) down to `downTo` (a place, exclusive; everything): at most `limit`
   * log rows. `rows` are their items, expired ones too; removed ones may be left out. The first `contents` of them have
   * their content.
   */
  log(owner: Owner, range: Range & { downTo?: number | undefined }): Promise<LogPage>
  /**
   * The guide, and by what `plan` makes of it, the log and items: as `guide`, `log` and `items` in as few round trips as
   * the database allows. `named` need not be read if the range of the log has not ended.
   */
  open(owner: Owner, range: Range, plan: (guide: Guide) => Plan): Promise<Opened>
  /** The items with these ids that are the owner's, in any order, expired ones too; removed ones may be left out. */
  items(owner: Owner, ids: readonly string[], content: boolean): Promise<Row[]>
  /** Cells that are not named stay. Of two writes to one cell the last wins. Items that are removed stay removed. */
  change(owner: Owner, changes: readonly RowChange[]): Promise<void>
  /** Removes the content and marks the rows as removed. */
  remove(owner: Owner, ids: readonly string[]): Promise<void>

  /** Marks in the order of their time. */
  guide(owner: Owner): Promise<Guide>
  putMark(owner: Owner, mark: Mark): Promise<void>
  removeMarks(owner: Owner, marks: readonly Mark[]): Promise<void>
  putHint(owner: Owner, kind: HintKind, hint: Hint): Promise<void>
  /** Resolves when every later read of the guide has them. Kept for as long as their items. */
  addRevivals(owner: Owner, revivals: readonly Revival[]): Promise<void>
  removeRevivals(owner: Owner, revivals: readonly Revival[]): Promise<void>

  /** A place, as high as possible, at or below which no item will be stored any more. */
  settledPlace(): number

  /**
   * Replaces the content that items of a notification share, now and when they are stored later, unless newer content was
   * accepted.
   */
  replaceShared(
    tenant: string,
    notification: string,
    content: InboxContent,
    acceptedAt: number,
  ): Promise<void>
  /** Replaces the content of an item that has its own, unless newer content was accepted. Removed items stay removed. */
  replaceOne(owner: Owner, id: string, content: InboxContent, acceptedAt: number): Promise<void>
  /** From now on, items of the notification that share content are stored as removed. */
  recalled(tenant: string, notification: string): Promise<void>
  /** Whom a notification was stored for, as far as `keepRecipient` asked for it, some at a time. */
  recipients(tenant: string, notification: string): AsyncIterable<NamedItem[]>
}
