import { floorOf } from '../inbox/page.ts'
import type { Query } from '../inbox/query.ts'
import type { FeedContext } from './feed-list.ts'

/** Maximum page size. A reload fetches everything loaded so far in one page; a longer list is truncated. */
const LIMIT_MAX = 100
/** Maximum number of pages fetched by one load. */
const PAGES_MAX = 5

/** Fetches the pages of one feed, and keeps the cursor and the place down to which the list is complete. */
export const createPages = (
  { api, absorb }: Pick<FeedContext, 'api' | 'absorb'>,
  query: Query,
  limit: number,
) => {
  let floor: string | undefined
  let next: string | null = null

  /** Fetches older pages until `wanted` items have arrived: a page with a cursor may be short or empty. */
  const older = async (wanted: number) => {
    for (let tries = PAGES_MAX, got = 0; next !== null && got < wanted && tries--; ) {
      const page = await api.page({ ...query, limit, before: next })
      absorb(query, page, false, floor)
      if (page.items[0] || !page.next) floor = floorOf(page)
      next = page.next
      got += page.items.length
    }
  }

  return {
    /** The place down to which the list is complete; undefined before the first page. */
    floor: () => floor,
    hasMore: () => next !== null,
    older,
    /**
     * Fetches the newest page, large enough for the `held` items of the list. Older pages stay valid unless
     * `full`.
     */
    async newest(held: number, full: boolean, base: boolean) {
      const page = await api.page({ ...query, limit: Math.max(limit, Math.min(held, LIMIT_MAX)) })
      const missed = absorb(query, page, base)
      if (!full && !missed && floor !== undefined && floor < floorOf(page)) return
      floor = floorOf(page)
      next = page.next
      await older(limit - page.items.length)
    },
  }
}
