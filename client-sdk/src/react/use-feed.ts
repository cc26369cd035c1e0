import { useCallback, useMemo, useSyncExternalStore } from 'react'
import type { Client } from '../client/client.ts'
import type { Feed, FeedQuery, FeedSnapshot } from '../feed/feed.ts'
import { NONE } from '../inbox/counts.ts'
import { byClient } from './by-client.ts'
import { useClient } from './provider.ts'
import { createReferenceCount } from './reference-count.ts'

/** The snapshot of a feed and its verbs. */
export type UseFeed = FeedSnapshot & Omit<Feed, 'getSnapshot' | 'subscribe' | 'close'>

/** The snapshot of a server, and of the first render in the browser, which must be equal. */
const EMPTY: FeedSnapshot = { items: [], counts: NONE, status: 'loading', hasMore: false, error: null }

type Shared = { feed: Feed; add: () => () => void }

/** The feeds by query: components with equal queries share one. A feed without subscribers does nothing. */
const feeds = byClient<Shared>()

const shared = (client: Client, key: string): Shared => {
  const known = feeds(client).get(key)
  if (known) return known
  const feed = client.feed(JSON.parse(key) as FeedQuery)
  const { add } = createReferenceCount(() => {
    feeds(client).delete(key)
    feed.close()
  })
  const made = { feed, add }
  feeds(client).set(key, made)
  return made
}

/**
 * Returns a live list of items and the verbs that change them. Loading starts when the component is mounted; the list is
 * closed when no mounted component uses it.
 */
export const useFeed = (query: FeedQuery = {}): UseFeed => {
  const client = useClient()
  const key = JSON.stringify(query)
  const subscribe = useCallback(
    (listener: () => void) => {
      const { feed, add } = shared(client, key)
      const remove = add()
      const off = feed.subscribe(listener)
      return () => {
        off()
        remove()
      }
    },
    [client, key],
  )
  const { feed } = shared(client, key)
  const snapshot = useSyncExternalStore(
    subscribe,
    () => shared(client, key).feed.getSnapshot(),
    () => EMPTY,
  )
  return useMemo(() => {
    const { getSnapshot: _, subscribe: __, close: ___, ...verbs } = feed
    return { ...snapshot, ...verbs }
  }, [snapshot, feed])
}
