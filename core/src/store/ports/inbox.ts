import type { Counts, InboxContent, InboxItem, InboxStatus, ItemFilter, StateChange } from '@carillon/schemas'

/** Whose inbox. Every read and write names it; nothing crosses it. */
export type Owner = { tenant: string; user: string }

/**
 * An item to store. Items of one `put` that have the same `content` object are of one notification and may share one
 * stored copy. `id` is a UUIDv7 with the time the content was accepted.
 */
export type NewItem = Owner & {
  id: string
  content: InboxContent
  /** Epoch ms; the item is gone from then on. */
  expiresAt: number
  /** Set if no notification record names this user; the store then remembers whom the notification went to. */
  keepRecipient?: true
}

/** A position in an inbox: when the item was stored (epoch ms), then its id. Lists run from the highest to the lowest. */
export type InboxPlace = { place: number; id: string }

export type InboxQuery = ItemFilter & { status: InboxStatus; before?: InboxPlace; limit: number }

/** `next` is absent at the end of the list. A page may hold fewer items than its limit and still have a `next`. */
export type InboxSlice = { items: InboxItem[]; next?: InboxPlace }

/**
 * `complete` is false if the bounded search ended early: the counts are then at least what they say, with `more`. Asking
 * again goes on from there.
 */
export type Counted = { counts: Counts; complete: boolean }

/** A notification in an inbox, whatever the state of its item. */
export type Arrival = InboxPlace & { notification: string }

/** An item after a change, and what was changed; `change` is empty if the item was so already. */
export type ChangedItem = { item: InboxItem; change: StateChange }

/** What `changeAll` sets. Reading an item also sees it. */
export type AllVerb = 'read' | 'seen' | 'archived'

/**
 * Changed items, or `all`: more items than are listed have changed, in constant time, and `items` is empty.
 */
export type ChangedAll = { items: ChangedItem[]; all: boolean }

/**
 * People's inboxes, in order of arrival, newest first.
 *
 * - `put` is idempotent. Putting again never undoes a change of state or a removal, and keeps the item's place. Content
 *   is last-writer-wins by the time it was accepted. No order between items is needed.
 * - Changes of different cells do not disturb each other; of the same cell, the last wins.
 * - Reads see every `put` and `change` that resolved before.
 * - Every call reads a bounded number of rows, dead ones included, however large the inbox is.
 */
export interface Inbox {
  put(items: readonly NewItem[]): Promise<void>
  page(owner: Owner, query: InboxQuery): Promise<InboxSlice>
  /** What arrived before `before`, whatever its state. Deleted and expired items are left out. */
  arrivals(
    owner: Owner,
    query: { before?: InboxPlace; limit: number },
  ): Promise<{ arrivals: Arrival[]; next?: InboxPlace }>
  /** The first page of a list, or one further down, together with the counts, from the same rows. */
  pageWithCounts(owner: Owner, query: InboxQuery): Promise<InboxSlice & Counted>
  /** Unread and unseen items: exact up to COUNT_MAX, then COUNT_MAX with `more`. */
  counts(owner: Owner): Promise<Counted>
  /** The items among `ids` that are the owner's, in any order; others are left out. */
  get(owner: Owner, ids: readonly string[]): Promise<InboxItem[]>
  /** Changes each of the items as `changeFor` says; returns those that exist. */
  change(
    owner: Owner,
    ids: readonly string[],
    changeFor: (item: InboxItem) => StateChange,
  ): Promise<ChangedItem[]>
  /**
   * Changes every active item that matches the filter and was stored before the call. Items that arrive after `through`
   * (an item id) are left alone. Constant time. Snoozed items wake as they were; what is marked unread later stays so.
   * Exact even while items are being stored: what is stored after the call has resolved is not changed, as long as the
   * clocks of all processes agree within CLOCK_TOLERANCE_MS.
   */
  changeAll(owner: Owner, verb: AllVerb, filter: ItemFilter & { through?: string }): Promise<ChangedAll>
  remove(owner: Owner, ids: readonly string[]): Promise<void>
  /**
   * Replaces the content of every item of a notification, unless newer content was accepted. State and places stay.
   * `named`: the items of users whom the notification's record names; others are found by what `put` kept.
   */
  replace(
    tenant: string,
    notification: string,
    content: InboxContent,
    acceptedAt: number,
    named: readonly NamedItem[],
  ): Promise<void>
  /** Removes every item of a notification, from users too who left its topic since. */
  recall(tenant: string, notification: string, named: readonly NamedItem[]): Promise<void>
}

/** The item of one user. */
export type NamedItem = { user: string; id: string }
