import type { ClickSource, Counts, Display, InboxItem, InboxStatus } from '@carillon/schemas'
import type { Archived, ArchiveOption, GroupOption, UndoOption } from '../actions/actions.ts'
import { asError, type CarillonError } from '../http/error.ts'
import { collapsed, isCollapsed } from '../inbox/groups.ts'
import type { View } from '../inbox/optimistic-view.ts'
import { matches, placeOf, type Query } from '../inbox/query.ts'
import { createListeners } from '../store/listeners.ts'
import type { Readable } from '../store/store.ts'
import { createQueue } from '../timing/serial-queue.ts'
import type { FeedContext, FeedList } from './feed-list.ts'
import { createPages } from './pages.ts'

/** Selects the items of a feed: by default all that are neither archived nor snoozed. `limit` is the size of a page. */
export type FeedQuery = {
  status?: InboxStatus
  category?: string
  tag?: string
  /** The empty string selects items without a context. */
  context?: string
  /** The key of a group: its items are listed one by one. */
  group?: string
  /** With `group`: the type of its items. */
  type?: string
  /** Only announcements that are shown in one of these ways. They are listed one by one. */
  display?: readonly Display[]
  limit?: number
}

/** A snapshot of a feed. Immutable; unchanged parts keep their identity. */
export type FeedSnapshot = {
  /** In order of arrival, newest first. The newest item of a group stands for it. */
  items: readonly InboxItem[]
  /** The counts of the whole inbox, not of this feed. */
  counts: Counts
  /** `error`: nothing has been loaded yet, and the client keeps trying. */
  status: 'loading' | 'ready' | 'error'
  /** Whether `more()` has older items to load. */
  hasMore: boolean
  /** Why the last load failed; null after a successful one. */
  error: CarillonError | null
}

/**
 * A live list of items. Loading starts with the first `subscribe` or `refresh`, and ends with `close`.
 *
 * Actions are applied at once. While the hub is unreachable, an action is kept and retried. If the hub
 * refuses it, it is undone, its promise rejects, and `client.on('error')` is called with an error that names
 * the action. `readAll`, `seenAll` and `archiveAll` change every active item with the feed's category, tag
 * and context, loaded or not, whatever its `status` and `display`.
 */
export type Feed = Readable<FeedSnapshot> & {
  /** Loads the next older page, if there is one. */
  more(): Promise<void>
  refresh(): Promise<void>
  /** Marks an item as read, and thereby as seen; with `group`, all active items of its group. */
  read(id: string, options?: GroupOption): Promise<void>
  unread(id: string, options?: GroupOption): Promise<void>
  /** Marks the unseen ones of the items as seen. */
  seen(ids: readonly string[]): Promise<void>
  archive(id: string, options?: GroupOption): Promise<void>
  /** With `together`, it undoes an action on the group. */
  unarchive(id: string, options?: UndoOption): Promise<void>
  /** Hides an item until the given time; null shows it again at once, and with `together` undoes an action on the group. */
  snooze(id: string, until: Date | string | null, options?: UndoOption): Promise<void>
  /** Deletes an item permanently; with `group`, all items of its group. */
  remove(id: string, options?: GroupOption): Promise<void>
  /**
   * Reports that the user followed the item's link, in a list unless `via` says otherwise, and marks it as read. Call it
   * before navigating: the request outlives the page.
   */
  clicked(id: string, via?: ClickSource): Promise<void>
  /** Invokes one of the item's actions by name. */
  act(id: string, name: string): Promise<void>
  readAll(): Promise<void>
  seenAll(): Promise<void>
  /** With `status: 'read'`, only items that are read. Resolves with `undo`, which restores exactly those. */
  archiveAll(options?: ArchiveOption): Promise<Archived>
  close(): void
}

const LIMIT = 20

const newestFirst = (a: InboxItem, b: InboxItem) => (placeOf(a) < placeOf(b) ? 1 : -1)

/** Returns `next` with unchanged parts taken from `last`; `last` itself if nothing changed. */
const reuse = (last: FeedSnapshot, next: FeedSnapshot): FeedSnapshot => {
  const isSame =
    last.items.length === next.items.length && last.items.every((item, at) => item === next.items[at])
  const merged = isSame ? { ...next, items: last.items } : next
  const keys = Object.keys(merged) as (keyof FeedSnapshot)[]
  return keys.some((key) => merged[key] !== last[key]) ? merged : last
}

export const createFeed = (
  context: FeedContext,
  { limit = LIMIT, status = 'active', ...labels }: FeedQuery,
): Feed => {
  const { actions, view } = context
  const query: Query = { status, ...labels }
  const pages = createPages(context, query, limit)
  const listeners = createListeners<[]>()
  const queue = createQueue()
  /** The number of items after the last load. If few items match, it is less than `limit`. */
  let loaded = 0
  let error: CarillonError | null = null
  let opened = false
  let closed = false
  let unsubscribe = () => {}
  let seen: View | undefined
  let snapshot: FeedSnapshot = {
    items: [],
    counts: view.getSnapshot().counts,
    status: 'loading',
    hasMore: false,
    error,
  }

  const holds = (item: InboxItem | null): item is InboxItem =>
    matches(item, query, context.clock.now()) && placeOf(item) >= (pages.floor() ?? '')

  const isReady = () => pages.floor() !== undefined
  /** Reports whether so many items have left the list that older ones should be loaded. */
  const isShort = () => pages.hasMore() && snapshot.items.length < Math.min(limit, loaded) / 2

  const compute = () => {
    seen = view.getSnapshot()
    const held = [...seen.items.values()].filter(holds).sort(newestFirst)
    snapshot = reuse(snapshot, {
      items: isCollapsed(query) ? collapsed(held) : held,
      counts: seen.counts,
      status: isReady() ? 'ready' : error ? 'error' : 'loading',
      hasMore: pages.hasMore(),
      error,
    })
  }

  const update = () => {
    compute()
    if (isReady() && isShort()) context.refill(false)
    listeners.call()
  }

  /** Runs the loads of the feed one after the other, so that its floor and cursor stay consistent. */
  const task = (run: () => Promise<void>): Promise<void> =>
    queue(async () => {
      try {
        await run()
        error = null
      } catch (thrown) {
        error = asError(thrown)
        throw error
      } finally {
        update()
      }
    })

  const load = (full = true, base = false) =>
    task(() => pages.newest(snapshot.items.length, full, base)).finally(() => {
      loaded = snapshot.items.length
    })

  const list: FeedList = { query, load, loaded: () => isReady() && error === null && !isShort(), holds }

  const open = () => {
    if (opened || closed) return
    opened = true
    unsubscribe = view.subscribe(update)
    context.open(list)
  }

  return {
    getSnapshot() {
      if (seen !== view.getSnapshot()) compute()
      return snapshot
    },
    subscribe(listener) {
      const off = listeners.add(listener)
      open()
      return off
    },
    more: () => task(() => pages.older(1)),
    refresh() {
      open()
      context.refill(true)
      return load()
    },
    ...actions,
    readAll: () => actions.readAll(labels),
    seenAll: () => actions.seenAll(labels),
    archiveAll: (options) => actions.archiveAll(labels, options),
    close() {
      closed = true
      unsubscribe()
      context.close(list)
    },
  }
}
