import type { InboxItem, InboxPage } from '@carillon/schemas'
import type { Actions } from '../actions/actions.ts'
import type { InboxApi } from '../http/inbox-api.ts'
import type { View } from '../inbox/optimistic-view.ts'
import type { Query } from '../inbox/query.ts'
import type { Readable } from '../store/store.ts'
import type { Clock } from '../timing/clock.ts'

/** The parts of the client that a feed uses. */
export type FeedContext = {
  api: InboxApi
  actions: Actions
  view: Readable<View>
  clock: Clock
  /** Merges a page into the shared state. Returns whether the page shows that live messages were missed. */
  absorb(query: Query, page: InboxPage, base: boolean, above?: string): boolean
  /** Starts to keep the feed up to date. */
  open(list: FeedList): void
  /** Requests a fetch of the feeds that need one; with `full`, of all feeds. */
  refill(full: boolean): void
  close(list: FeedList): void
}

/** A feed from the client's point of view. */
export type FeedList = {
  query: Query
  /** Fetches the newest page. Older pages stay, unless `full` is set or messages were missed. */
  load(full?: boolean, base?: boolean): Promise<void>
  /** Returns false if the list has to be fetched. */
  loaded(): boolean
  holds(item: InboxItem | null): boolean
}
