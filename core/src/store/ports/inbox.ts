import type { Counts, InboxItem, InboxStatus, ItemContent, ItemState } from '@carillon/schemas'

/** Whose inbox. Every read and write names it; nothing crosses it. */
export type Owner = { tenant: string; user: string }

export type NewItem = Owner & { content: ItemContent; expiresAt: number }

/** State cells to write; `null` clears. `acted` adds to what is there. Times are RFC 3339. */
export type StateChange = Partial<ItemState>

/**
 * People's inboxes, newest first by item id (UUIDv7: the time the notification was accepted, then a hash).
 *
 * - `put` is an idempotent upsert of the immutable content. Putting again never undoes a change of state or a
 *   removal. No order between items is needed. Each item is gone at its `expiresAt` (epoch ms).
 * - State changes of different cells do not disturb each other; of the same cell, the last wins.
 * - Reads see every `put` and `change` that resolved before.
 */
export interface Inbox {
  put(items: readonly NewItem[]): Promise<void>
  /**
   * Items of a status older than `before` (an item id), newest first, at most `limit`; fewer only at the end.
   * `category` and `tag` narrow it.
   */
  page(
    owner: Owner,
    query: { status: InboxStatus; category?: string; tag?: string; before?: string; limit: number },
  ): Promise<InboxItem[]>
  /**
   * The notifications of items older than `before` (any UUIDv7), newest first, whatever their state, at most `limit`;
   * fewer only at the end.
   */
  arrivals(
    owner: Owner,
    query: { before?: string; limit: number },
  ): Promise<{ id: string; notification: string }[]>
  /** Always computed from the items themselves, so they cannot drift. */
  counts(owner: Owner): Promise<Counts>
  /** The items among `ids` that are the owner's; others are left out. */
  get(owner: Owner, ids: readonly string[]): Promise<InboxItem[]>
  /** Ids must come from `get` or `page`: a change to an item that is not there may linger unseen until its expiry. */
  change(owner: Owner, ids: readonly string[], change: StateChange): Promise<void>
  remove(owner: Owner, ids: readonly string[]): Promise<void>
}
