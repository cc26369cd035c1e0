import type { Counts, InboxItem, InboxPage, InboxStatus } from '@carillon/schemas'
import type { Verbs } from '../actions/actions.ts'
import { asError, type CarillonError } from '../http/error.ts'
import type { Api } from '../http/inbox-api.ts'
import type { View } from '../inbox/optimistic-view.ts'
import { floorOf } from '../inbox/page.ts'
import { matches, placeOf, type Query } from '../inbox/query.ts'
import { createListeners } from '../store/listeners.ts'
import type { Readable } from '../store/store.ts'
import { createQueue } from '../timing/serial-queue.ts'

/** Which items a feed lists; left out, everything that is neither archived nor snoozed. `limit`: a page's size. */
export type FeedQuery = {
  status?: InboxStatus
  category?: string
  tag?: string
  /** The empty string stands for items without a context. */
  context?: string
  limit?: number
}

/** A feed at one moment. Never changes; parts that stay the same keep their identity. */
export type FeedSnapshot = {
  /** In order of arrival, newest first. */
  items: readonly InboxItem[]
  /** Of the whole inbox, not of this feed. */
  counts: Counts
  /** `error`: nothing could be loaded yet; the client keeps trying. */
  status: 'loading' | 'ready' | 'error'
  /** Whether `more()` has older items to load. */
  hasMore: boolean
  /** Why the last load failed; null once one succeeded. */
  error: CarillonError | null
}

/**
 * A live list of items. Loading and listening start with the first `subscribe` (or `refresh`), and end with `close`.
 *
 * Actions show at once. While the hub is unreachable, an action is kept and sent again. If the hub refuses it, it is
 * undone, its promise rejects, and `client.on('error')` is called with an error that names the action. `readAll`, `seenAll`
 * and `archiveAll` change every active item with the feed's category, tag and context, loaded or not; without them,
 * of the whole inbox.
 */
export type Feed = Readable<FeedSnapshot> & {
  /** Loads the next, older page, if there is one. */
  more(): Promise<void>
  refresh(): Promise<void>
  /** A read item is also seen. */
  read(id: string): Promise<void>
  unread(id: string): Promise<void>
  /** Those among them that are news. */
  seen(ids: readonly string[]): Promise<void>
  archive(id: string): Promise<void>
  unarchive(id: string): Promise<void>
  /** Hides it until then; null wakes it. */
  snooze(id: string, until: Date | string | null): Promise<void>
  /** Deletes it, for good. */
  remove(id: string): Promise<void>
  /** Takes one of the item's actions, by its name. */
  act(id: string, name: string): Promise<void>
  readAll(): Promise<void>
  seenAll(): Promise<void>
  archiveAll(): Promise<void>
  close(): void
}

const LIMIT = 20
/** The largest page. A reload goes down to where a person had scrolled, in one page; a longer list is cut. */
const LIMIT_MAX = 100

/** What a feed needs of its client. */
export type FeedContext = {
  api: Api
  verbs: Verbs
  view: Readable<View>
  /** Puts a page into the shared state; says whether it shows that live messages were missed. */
  absorb(query: Query, page: InboxPage, base: boolean, above?: string): boolean
  /** The feed begins to be kept up to date. */
  open(list: FeedList): void
  /** The feed, or with `full` everything, should load again, soon. */
  refill(full: boolean): void
  close(list: FeedList): void
}

/** The client's side of a feed. */
export type FeedList = {
  query: Query
  /** Fetches the list from the top; what was loaded further down stays unless `full` or something was missed. */
  load(full?: boolean, base?: boolean): Promise<void>
  /** False when a load is due. */
  loaded(): boolean
  holds(item: InboxItem | null): boolean
}

export const createFeed = (
  context: FeedContext,
  { limit = LIMIT, status = 'active', ...rest }: FeedQuery,
) => {
  const { api, verbs, view } = context
  const query: Query = { status, ...rest }
  const listeners = createListeners<[]>()
  /** The list is complete down to this place; undefined before the first page. */
  let floor: string | undefined
  let next: string | null = null
  /** How many items the last load brought: where few match, the hub's pages are short. */
  let brought = 0
  let error: CarillonError | null = null
  let opened = false
  let closed = false
  let unsubscribe = () => {}
  const queue = createQueue()
  let seen: View | undefined
  let snapshot: FeedSnapshot = {
    items: [],
    counts: view.getSnapshot().counts,
    status: 'loading',
    hasMore: false,
    error,
  }

  const holds = (item: InboxItem | null): item is InboxItem =>
    matches(item, query, Date.now()) && placeOf(item) >= (floor ?? '')

  /** Brings the snapshot up to date. It stays the same object while nothing in it is new. */
  const compute = () => {
    seen = view.getSnapshot()
    let { items } = snapshot
    const listed = [...seen.items.values()].filter(holds).sort((a, b) => (placeOf(a) < placeOf(b) ? 1 : -1))
    if (listed.length !== items.length || listed.some((item, at) => item !== items[at])) items = listed
    const current: FeedSnapshot = {
      items,
      counts: seen.counts,
      status: floor !== undefined ? 'ready' : error ? 'error' : 'loading',
      hasMore: next !== null,
      error,
    }
    const keys = Object.keys(current) as (keyof FeedSnapshot)[]
    if (keys.some((key) => current[key] !== snapshot[key])) snapshot = current
  }

  /** So many items have left the list that older ones should come up. */
  const isShort = () => next !== null && snapshot.items.length < Math.min(limit, brought) / 2

  const update = () => {
    compute()
    if (floor !== undefined && isShort()) context.refill(false)
    listeners.call()
  }

  /** Loads of one feed run one after the other, so that its floor and cursor belong together. */
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

  /** Loads older pages until so many items came: a page may be short, or empty, and go on. */
  const further = async (wanted: number) => {
    for (let tries = 5, got = 0; next !== null && got < wanted && tries--; ) {
      const page = await api.page({ ...query, limit, before: next })
      context.absorb(query, page, false, floor)
      if (page.items[0] || !page.next) floor = floorOf(page)
      next = page.next
      got += page.items.length
    }
  }

  const load = (full = true, base = false) =>
    task(async () => {
      const held = Math.min(snapshot.items.length, LIMIT_MAX)
      const page = await api.page({ ...query, limit: Math.max(limit, held) })
      const missed = context.absorb(query, page, base)
      // What lies below the page is still as it was.
      if (!full && !missed && floor !== undefined && floor < floorOf(page)) return
      floor = floorOf(page)
      next = page.next
      await further(limit - page.items.length)
    }).finally(() => {
      brought = snapshot.items.length
    })

  const list: FeedList = {
    query,
    load,
    loaded: () => floor !== undefined && error === null && !isShort(),
    holds,
  }

  const open = () => {
    if (opened || closed) return
    opened = true
    unsubscribe = view.subscribe(update)
    context.open(list)
  }

  const feed: Feed = {
    getSnapshot() {
      if (seen !== view.getSnapshot()) compute()
      return snapshot
    },
    subscribe(listener) {
      const off = listeners.add(listener)
      open()
      return off
    },
    more: () => task(() => further(1)),
    refresh() {
      open()
      context.refill(true)
      return load()
    },
    ...verbs,
    readAll: () => verbs.readAll(rest),
    seenAll: () => verbs.seenAll(rest),
    archiveAll: () => verbs.archiveAll(rest),
    close() {
      closed = true
      unsubscribe()
      context.close(list)
    },
  }
  return feed
}
