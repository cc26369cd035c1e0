import type {
  CountLabel,
  Counts,
  InboxContent,
  InboxItem,
  InboxStatus,
  ItemFilter,
  ListFilter,
  StateChange,
} from '@carillon/schemas'

/** The owner of an inbox. Every read and write names one, and affects no other inbox. */
export type Owner = { tenant: string; user: string }

/**
 * An item to store. Items of one `put` that have the same `content` object are of one notification and rendering, and may
 * share one stored copy. `id` is a UUIDv7 with the time the content was accepted.
 */
export type NewItem = Owner & {
  id: string
  content: InboxContent
  /** Names the content among those of its notification, such as that of a locale; '' if absent. */
  rendering?: string
  /** The content is for this person alone, so it is stored with the item. */
  personal?: true
  /** When the item expires, epoch ms. */
  expiresAt: number
  /**
   * Set if no notification record names this user; the store then stores the user as a recipient of the
   * notification.
   */
  keepRecipient?: true
}

/** A position in an inbox: when the item was stored (epoch ms), then its id. Lists run from the highest to the lowest. */
export type InboxPlace = { place: number; id: string }

/** Restricts a call to items of these contexts; `''` stands for items without one. If absent, there is no restriction. */
export type Seen = { contexts?: readonly string[] | undefined }

/**
 * Where a page starts: below a place. In a grouped list, also `top`, the place of the list's first item, and how far the
 * search for a newer item of a group has come (`searched`, for the item `of`).
 */
export type InboxCursor = InboxPlace & { top?: number; searched?: InboxPlace & { of: string } }

/**
 * `grouped`: the newest item of a group that is in the list stands for all of them. A group consists of the items of one
 * context, type and key. `display`: only announcements that apps show in one of these ways, listed individually. They are found
 * without reading other items.
 */
export type InboxQuery = ListFilter &
  Seen & { status: InboxStatus; before?: InboxCursor; limit: number; grouped?: true }

/**
 * `next` is absent at the end of the list. A page may contain fewer items than its limit and still have a
 * `next`.
 */
export type InboxSlice = { items: InboxItem[]; next?: InboxCursor }

/**
 * `complete` is false if the bounded search ended early: the counts are then lower bounds, with `more`. The next call
 * continues the search.
 */
export type Counted = { counts: Counts; complete: boolean }

/** The counts of every value of some labels that an unread item has. */
export type CountedBy = Counted & { by: ReadonlyMap<CountLabel, ReadonlyMap<string, Counts>> }

/** A notification in an inbox, whatever the state of its item. */
export type Arrival = InboxPlace & { notification: string }

/**
 * The outcome of `evolve` for an item. `added`: it was stored. `replaced`: its content replaced that of the entity's newest
 * item, which is returned as `item`. `superseded`: the inbox has a newer version, and nothing changed. `recalled`: its
 * notification was recalled.
 */
export type Evolution =
  | { outcome: 'added' }
  | { outcome: 'replaced'; item: InboxItem }
  | { outcome: 'superseded' | 'recalled' }

/** An item after a change, and its changes; `change` is empty if the item was already in that state. */
export type ChangedItem = { item: InboxItem; change: StateChange }

/** The state that `changeAll` sets. A read item is also seen. */
export type AllVerb = 'read' | 'seen' | 'archived'

/** The active items that `changeAll` changes. `status`: only read ones; with the verb `archived` only. */
export type BulkFilter = ItemFilter & { status?: 'read' | undefined }

/**
 * Changed items. With `all`, too many items to list have changed, in constant time, and `items` is empty.
 */
export type ChangedAll = { items: ChangedItem[]; all: boolean }

/**
 * The inboxes of users, in order of arrival, newest first.
 *
 * - `put` is idempotent. Repeating it never undoes a change of state or a removal, and keeps the item's place. Content
 *   is last-writer-wins by its time of acceptance. Items can be put in any order. It returns those that are removed again,
 *   because their notification was recalled.
 * - Changes of different cells are independent; of the same cell, the last one wins.
 * - Reads see every `put` and `change` that resolved before.
 * - Every call reads a bounded number of rows, dead ones included, however large the inbox is.
 */
export interface Inbox {
  put(items: readonly NewItem[]): Promise<readonly NewItem[]>
  /**
   * Stores items with an entity. Each replaces the content of the user's newest item of the same context, type and entity, in
   * place: id, place, `createdAt` and state stay. It is added if there is none. Of concurrent versions, in any number of
   * processes, the one accepted last stays, in one item. Idempotent: a repetition of an `added` item is `added`.
   */
  evolve(items: readonly NewItem[]): Promise<Evolution[]>
  page(owner: Owner, query: InboxQuery): Promise<InboxSlice>
  /** Returns the items that arrived before `before`, whatever their state, except deleted and expired ones. */
  arrivals(
    owner: Owner,
    query: { before?: InboxPlace; limit: number },
  ): Promise<{ arrivals: Arrival[]; next?: InboxPlace }>
  /** Returns a page of a list together with the counts of its `contexts`, from the same rows. */
  pageWithCounts(owner: Owner, query: InboxQuery): Promise<InboxSlice & Counted>
  /** Counts unread and unseen items that match the filter: exact up to COUNT_MAX, then COUNT_MAX with `more`. */
  counts(owner: Owner, filter?: ItemFilter & Seen): Promise<Counted>
  /** Counts unread and unseen items that match the filter, in all and by the values of these labels. */
  countsBy(owner: Owner, labels: readonly CountLabel[], filter?: ItemFilter & Seen): Promise<CountedBy>
  /** Returns the items of the owner among `ids`, in any order. */
  get(owner: Owner, ids: readonly string[]): Promise<InboxItem[]>
  /** Applies `changeFor` to each item. Returns the items that exist. */
  change(
    owner: Owner,
    ids: readonly string[],
    changeFor: (item: InboxItem) => StateChange,
  ): Promise<ChangedItem[]>
  /**
   * Changes every active item that matches the filter and was stored before the call. Items that arrive after `through`
   * (an item id) stay unchanged. Constant time. Snoozed items wake with their earlier state; items marked unread later stay
   * unread. Exact even while items are being stored: items stored after the call has resolved are not changed, as long as
   * the clocks of all processes agree within CLOCK_TOLERANCE_MS. `at` (epoch ms, now by default) is the time of the change
   * in every changed item, unless the inbox has later changes of this kind.
   */
  changeAll(
    owner: Owner,
    verb: AllVerb,
    filter: BulkFilter & { through?: string; at?: number },
  ): Promise<ChangedAll>
  remove(owner: Owner, ids: readonly string[]): Promise<void>
  /**
   * Reports whether a notification was stored for a user whom its record does not name, even if the item has been removed.
   * Undefined if it has too many recipients to look through.
   */
  received(owner: Owner, notification: string): Promise<boolean | undefined>
  /**
   * Recalls a notification: its items that are stored from now on are removed again, if `put` stored their recipients. Those
   * that exist are removed by `recall`.
   */
  recalled(tenant: string, notification: string): Promise<void>
  /** Removes the items among `named` that belong to the notification. Returns those that existed. Repeatable. */
  recall(tenant: string, notification: string, named: readonly NamedItem[]): Promise<NamedItem[]>
  /**
   * Returns some of the recipients of a notification that `put` stored, also those who have since left its topic, and where
   * the next ones are. A recipient may be returned twice. `next` is absent at the end.
   */
  recipients(
    tenant: string,
    notification: string,
    after?: string,
  ): Promise<{ named: NamedItem[]; next?: string }>
  /** Returns the owner's items of an entity, newest first: all but very old ones. */
  ofEntity(owner: Owner, entity: Pick<InboxContent, 'context' | 'type' | 'entity'>): Promise<InboxItem[]>
  /**
   * Replaces contents in place, unless newer content was written. `contentFor` returns the new content of an item; undefined
   * leaves it. Place and state stay. `at`: the version, epoch ms. Returns the items that have it; a repetition returns the
   * same ones.
   */
  rewrite(
    owner: Owner,
    ids: readonly string[],
    contentFor: (content: InboxContent, id: string) => InboxContent | undefined,
    at: number,
  ): Promise<InboxItem[]>
}

/** The item of one user. */
export type NamedItem = { user: string; id: string }
