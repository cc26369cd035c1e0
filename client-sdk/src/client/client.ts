import type { ClickSource, Counts, InboxItem } from '@carillon/schemas'
import type { CountLabel, CountsBy } from '../counts/counts-by.ts'
import { createFeed, type Feed, type FeedQuery } from '../feed/feed.ts'
import type { CarillonError } from '../http/error.ts'
import type { TokenSource } from '../http/token.ts'
import type { Connect, ConnectionState } from '../live/connection.ts'
import { lazyPreferences, type Preferences } from '../preferences/lazy.ts'
import { lazyReadable } from '../store/lazy.ts'
import { createListeners } from '../store/listeners.ts'
import type { Readable } from '../store/store.ts'
import type { Timing } from '../timing/delays.ts'
import { connectParts } from './parts.ts'

export type ClientOptions = {
  /** The URL of the hub; in a browser it may be relative to the page. */
  url: string
  /** The user's token, or a function that gets one. The function is called again when the hub refuses the last token. */
  token: TokenSource
  /**
   * Limits the client to one context: its feeds, counts, verbs and preferences. The empty string stands for items without a
   * context.
   */
  context?: string | undefined
  fetch?: typeof fetch
  /** Whether the client reports the locale and the time zone of the browser, once; true by default. */
  report?: boolean
  /** Opens the socket; `io` of socket.io-client by default. */
  connect?: Connect
  /** Replaces default waiting times. */
  timing?: Partial<Timing>
}

export type ClientEvents = {
  /** Called once for each item that arrives after the client started, live or fetched later. Not called for silent items. */
  notification: (item: InboxItem) => void
  /** Called when the user's preferences changed, in a context or in general. Fetch them again. */
  preferences: (changed: { context?: string }) => void
  connection: (state: ConnectionState) => void
  /** Called when an action is undone (the error has `action`), a fetch fails or a token is refused. */
  error: (error: CarillonError) => void
}

export type Client = {
  /** Creates a live list. Close it when it is no longer needed. All feeds share one connection and one set of counts. */
  feed(query?: FeedQuery): Feed
  /** Listeners are called only when a count changes, and once when the inbox is loaded. */
  counts: Readable<Counts>
  /**
   * Returns the counts of each category, tag or context, kept up to date while there is a subscriber. For any other label, the
   * event `error` is emitted.
   */
  countsBy(label: CountLabel): CountsBy
  /** The user's preferences. They are loaded with the first subscription. */
  preferences: Preferences
  /** Returns an item that is loaded, with the pending actions applied. */
  item(id: string): InboxItem | undefined
  /**
   * Reports that the user followed the link of an item in a toast, a banner or a push, and marks it as read. Call it before
   * navigating: the request outlives the page.
   */
  clicked(id: string, via: ClickSource): Promise<void>
  /** The number of actions that the hub has not answered yet. They are kept and retried until it answers. */
  readonly pending: number
  readonly connection: ConnectionState
  /** Returns the hub's time in epoch ms, or the device's time before the first response. Items expire and wake by it. */
  now(): number
  /**
   * Sets whether the app is in use, for apps without a `document`, such as React Native: `false` in the background, `true` when
   * the app returns. A user whose apps are all in the background does not count as reached. Pages need not call it.
   */
  setActive(active: boolean): void
  /** Returns an unsubscribe function. Throws `TypeError` for an unknown event. */
  on<Name extends keyof ClientEvents>(event: Name, listener: ClientEvents[Name]): () => void
  /** Disconnects for good. Pending actions are sent once more. */
  close(): void
}

const EVENTS: readonly string[] = ['notification', 'preferences', 'connection', 'error']

/**
 * Creates a client for the inbox of one user. It does nothing until a feed, the counts or an event is
 * subscribed to, so it may be created during server-side rendering. Throws `TypeError` if `url` is not an http or https URL.
 */
export const createClient = (options: ClientOptions): Client => {
  const events = createListeners<[keyof ClientEvents, unknown]>()
  const parts = connectParts(options, events.call)
  const { actions, connection, lists, refetch, start, state, sync, view } = parts
  const refill = (full: boolean) => refetch.request(full, parts.timing.retry)

  const on: Client['on'] = (event, listener) => {
    if (!EVENTS.includes(event)) throw new TypeError(`unknown event ${event}: must be one of ${EVENTS}`)
    if (event === 'notification' || event === 'preferences') start()
    return events.add((name, value) => {
      if (name === event) listener(value as never)
    })
  }

  return {
    feed: (query) =>
      createFeed(
        {
          ...parts,
          refill,
          absorb: sync.absorb,
          close: (list) => lists.delete(list),
        },
        query ?? {},
      ),
    counts: {
      getSnapshot: () => view.getSnapshot().counts,
      subscribe(listener) {
        start()
        let last: Counts | undefined
        return view.subscribe(() => {
          const { counts } = view.getSnapshot()
          if (counts === last) return
          last = counts
          listener()
        })
      },
    },
    clicked: actions.clicked,
    countsBy: (label) =>
      lazyReadable(new Map(), async () => {
        start()
        const { createCountsBy } = await import('../counts/counts-by.ts')
        return createCountsBy(label, parts)
      }),
    item: (id) => view.getSnapshot().items.get(id) ?? undefined,
    get pending() {
      return state.getSnapshot().pending.length
    },
    get connection() {
      return connection.state()
    },
    now: parts.clock.now,
    setActive: connection.setActive,
    preferences: lazyPreferences(async () => {
      const { createPreferences } = await import('../preferences/preferences.ts')
      return createPreferences({
        request: parts.request,
        context: options.context,
        onChanged: (run) => on('preferences', run),
      })
    }),
    on,
    close: parts.close,
  }
}
