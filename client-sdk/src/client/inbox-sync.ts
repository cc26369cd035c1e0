import type { InboxItem, InboxPage } from '@carillon/schemas'
import type { FeedList } from '../feed/feed-list.ts'
import type { InboxApi } from '../http/inbox-api.ts'
import { applyLive } from '../inbox/live-message.ts'
import { applyPage, hasMissed } from '../inbox/page.ts'
import { placeOf, type Query } from '../inbox/query.ts'
import type { LiveMessage, State } from '../inbox/state.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../timing/clock.ts'
import type { Announce, createArrivals } from './arrivals.ts'

/** The page that supplies the counts while no feed lists all items. */
const BASE: Query & { limit: number } = { status: 'active', limit: 10 }
/** Maximum number of items that no feed lists. Above it, they are dropped. */
const ITEMS_MAX = 1_000

/** Reports whether the query lists every item that counts, so that its page can supply counts and position. */
const isBase = ({ status, ...labels }: Query) =>
  // JSON drops undefined labels.
  JSON.stringify(labels) === '{}' && (status === 'active' || status === 'unread')

/** Merges live messages and pages into the shared state, and fetches the pages that the open feeds need. */
export const createInboxSync = ({
  api,
  state,
  clock,
  lists,
  arrived,
  announce,
  onPage,
}: {
  api: InboxApi
  state: Store<State>
  clock: Clock
  lists: ReadonlySet<FeedList>
  arrived: ReturnType<typeof createArrivals>
  announce: Announce
  /** Called after each page, because it may have moved the live position. */
  onPage: () => void
}) => {
  /** The place of the newest item of the first page. Items above it arrived after the client started. */
  let horizon: string | undefined
  /** Whether a page of this pass contained a change that was not announced by a live message. */
  let missed = false

  const isListed = (item: InboxItem | null) => [...lists].some((list) => list.holds(item))
  const isCrowded = () =>
    [...state.getSnapshot().items.values()].filter((item) => !isListed(item)).length > ITEMS_MAX

  const absorb = (query: Query, page: InboxPage, base: boolean, above?: string): boolean => {
    const before = state.getSnapshot()
    state.set(applyPage(before, query, page, above, base, clock.now()))
    onPage()
    const isNews = (item: InboxItem) =>
      horizon !== undefined && placeOf(item) > horizon && above === undefined && !item.seenAt
    arrived(page.items.toReversed(), isNews)
    if (base) horizon ??= placeOf(page.items[0])
    const misses = hasMissed(before, page)
    missed ||= misses
    return misses
  }

  const dropUnlisted = () => {
    const known = state.getSnapshot()
    const items = new Map([...known.items].filter(([, item]) => isListed(item)))
    const unplaced = new Set([...known.unplaced].filter((id) => items.has(id)))
    state.set({ ...known, items, unplaced })
  }

  return {
    isCrowded,
    absorb,
    /**
     * Applies a live message. Returns true if the inbox has to be fetched instead, because its pages have no position. With a
     * token for several contexts, pages have none: each message has the position and counts of one of its streams.
     */
    apply(live: LiveMessage): boolean {
      const before = state.getSnapshot()
      const lost = !before.last && horizon !== undefined
      if (!lost) state.set(applyLive(before, live, clock.now()))
      const { event, message } = live
      if (event === 'inbox.added') arrived([message.item], ({ id }) => before.items.get(id) !== null)
      // Each version of the content is announced once.
      if (event === 'inbox.changed' && message.ring && message.item)
        announce(message.item, message.item.id + message.item.updatedAt)
      return lost
    },
    /** Fetches one page. With `full`, or if the page shows missed messages, it fetches the lists of all feeds. */
    async fetch(full: boolean) {
      const base = [...lists].find(({ query }) => isBase(query))
      missed = full
      const first = base ? base.load(full, true) : api.page(BASE).then((page) => absorb(BASE, page, true))
      // The position of the base page covers the other lists only if they are fetched after it, even if
      // fetching it failed.
      await Promise.allSettled([first])
      const others = [...lists].filter((list) => list !== base && (missed || !list.loaded()))
      await Promise.all([first, ...others.map((list) => list.load())])
      if (isCrowded()) dropUnlisted()
    },
  }
}
