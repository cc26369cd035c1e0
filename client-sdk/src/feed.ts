import type { Counts, InboxItem, InboxPage, InboxStatus } from '@carillon/schemas'
import type { Api } from './api.ts'
import { asError, CarillonError, handled } from './error.ts'
import { matches, type Query } from './items.ts'
import { floorOf } from './state.ts'
import { createListeners, type Readable } from './store.ts'
import type { Verbs } from './verbs.ts'

/** Which items a feed lists; left out, everything that is neither archived nor snoozed. `limit`: a page's size. */
export type FeedQuery = { status?: InboxStatus; category?: string; tag?: string; limit?: number }

/** A feed at one moment. Never changes; parts that stay the same keep their identity. */
export type FeedSnapshot = {
  /** Newest first. */
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
 * A live list of items. Loading and listening start with the first `subscribe` (or `refresh`), and end with
 * `close`. The verbs show at once and reject, after taking it back, when the hub does not agree; `client.on('error')`
 * hears of it too. `readAll`, `seenAll` and `archiveAll` reach every active item of the feed's category, else of
 * the whole inbox, loaded or not; a feed narrowed by a tag refuses them.
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

/** Pages that a reload goes down to where a person had scrolled; further down, they load again themselves. */
const RELOADED_PAGES = 5
const LIMIT = 20

export type View = { items: ReadonlyMap<string, InboxItem>; counts: Counts }

/** What a feed needs of its client. */
export type FeedContext = {
  api: Api
  verbs: Verbs
  view: Readable<View>
  /** Puts a page into the shared state; says whether it shows that live messages were missed. */
  absorb(query: Query, page: InboxPage, above?: string): boolean
  /** The feed begins to be kept up to date. */
  open(list: FeedList): void
  close(list: FeedList): void
}

/** The client's side of a feed. */
export type FeedList = {
  query: Query
  /** Fetches the first page, and further ones where needed. `trim`: forgets what lies below it. */
  load(trim?: boolean): Promise<boolean>
  /** A fetch for all feeds failed. */
  failed(error: CarillonError): void
  loaded(): boolean
  holds(item: InboxItem): boolean
}

export const createFeed = (
  context: FeedContext,
  { limit = LIMIT, status = 'active', ...rest }: FeedQuery,
) => {
  const { api, verbs, view } = context
  const query: Query = { status, ...rest }
  const listeners = createListeners<[]>()
  /** The list is complete down to this id; undefined before the first page. */
  let floor: string | undefined
  let next: string | null = null
  let error: CarillonError | null = null
  let opened = false
  let closed = false
  let unsubscribe = () => {}
  let tasks: Promise<unknown> = Promise.resolve()
  let seen: View | undefined
  let snapshot: FeedSnapshot = {
    items: [],
    counts: view.getSnapshot().counts,
    status: 'loading',
    hasMore: false,
    error,
  }
  let told = snapshot

  const holds = (item: InboxItem) => item.id >= (floor ?? '') && matches(item, query, Date.now())

  /** Brings the snapshot up to date. It stays the same object while nothing in it is new. */
  const compute = () => {
    seen = view.getSnapshot()
    let { items } = snapshot
    const listed = [...seen.items.values()].filter(holds).sort((a, b) => (a.id < b.id ? 1 : -1))
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

  const update = () => {
    compute()
    if (told === snapshot) return
    told = snapshot
    listeners.call()
  }

  /** Loads of one feed run one after the other, so that its floor and cursor belong together. */
  const task = <T>(run: () => Promise<T>): Promise<T> => {
    const done = tasks.then(async () => {
      if (closed) throw new CarillonError('closed', 'The feed was closed')
      try {
        const result = await run()
        error = null
        return result
      } catch (thrown) {
        error = asError(thrown)
        throw error
      } finally {
        update()
      }
    })
    tasks = done.catch(() => {})
    return done
  }

  const load = (trim = false) =>
    task(async () => {
      const goal = floor
      let page = await api.page({ ...query, limit })
      const missed = context.absorb(query, page)
      if (goal !== undefined && goal < floorOf(page) && !trim) {
        if (!missed) return missed
        for (let pages = 1; page.next !== null && goal < floorOf(page) && pages < RELOADED_PAGES; pages++) {
          const above = floorOf(page)
          page = await api.page({ ...query, limit, before: page.next })
          context.absorb(query, page, above)
        }
      }
      floor = floorOf(page)
      next = page.next
      return missed
    })

  const list: FeedList = {
    query,
    load,
    failed(reason) {
      error = reason
      update()
    },
    loaded: () => floor !== undefined && error === null,
    holds,
  }

  const open = () => {
    if (opened || closed) return
    opened = true
    unsubscribe = view.subscribe(update)
    context.open(list)
  }

  const whole = (run: (category?: string) => Promise<void>) => () =>
    query.tag === undefined
      ? run(query.category)
      : handled(Promise.reject(new CarillonError('invalid_request', 'A feed of a tag has no *All verbs')))

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
    more: () =>
      task(async () => {
        if (next === null || floor === undefined) return
        const page = await api.page({ ...query, limit, before: next })
        context.absorb(query, page, floor)
        floor = floorOf(page)
        next = page.next
      }),
    refresh() {
      open()
      return handled(load().then(() => {}))
    },
    read: verbs.read,
    unread: verbs.unread,
    seen: verbs.seen,
    archive: verbs.archive,
    unarchive: verbs.unarchive,
    snooze: verbs.snooze,
    remove: verbs.remove,
    act: verbs.act,
    readAll: whole(verbs.readAll),
    seenAll: whole(verbs.seenAll),
    archiveAll: whole(verbs.archiveAll),
    close() {
      closed = true
      unsubscribe()
      context.close(list)
    },
  }
  return feed
}
