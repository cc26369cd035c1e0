import { setTimeout as delay } from 'node:timers/promises'
import { createClient, type FeedSnapshot } from '@carillon/client'
import { countsOf, type InboxAdded, type InboxItem } from '@carillon/schemas'
import { io } from 'socket.io-client'
import type { ClientView } from './checker.ts'
import type { Environment } from './environment.ts'
import type { AddedTenant } from './tenants.ts'

/** The maximum number of items in a feed of the client SDK. */
const FEED_MAX = 1_000

const keyOf = (item: InboxItem) => String(item.data?.key)

/** Connects the client SDK and loads the whole inbox. A `reader` marks some of the new items as read. */
const sdkClient = (options: { url: string; user: string; token: string; reader: boolean }) => {
  const { url, user, token, reader } = options
  const client = createClient({ url, token })
  const feed = client.feed({ limit: 100 })
  const announced: string[] = []
  let reading = Promise.resolve()
  feed.subscribe(() => {})
  client.on('notification', ({ id }) => {
    announced.push(id)
    if (!reader || announced.length % 5 > 0) return
    // A failed read is rolled back, so the client still agrees with the server in the end.
    reading = reading.then(() => feed.read(id)).catch(() => {})
  })

  /**
   * Loads all pages, because a resync may have reset the feed to its first page. Repeats until no read is
   * pending: otherwise the hub could have stored reads that the snapshot does not show yet.
   */
  const loadAll = async () => {
    for (let settled: unknown; settled !== reading; ) {
      settled = reading
      await reading
      while (feed.getSnapshot().hasMore && feed.getSnapshot().items.length < FEED_MAX)
        await feed.more().catch(() => delay(100))
    }
    return feed.getSnapshot()
  }
  const isComplete = ({ items, counts, hasMore }: FeedSnapshot, keys: readonly string[]) => {
    const shown = new Set(items.map(keyOf))
    const unread = items.filter(({ readAt }) => readAt === null).length
    return !hasMore && keys.every((key) => shown.has(key)) && counts.unread === countsOf(unread, 0).unread
  }
  return {
    user,
    /** Resolves with the view of the client once it shows all `keys` with consistent counts, or after `ms`. */
    settled: async (keys: readonly string[], ms: number): Promise<ClientView> => {
      const deadline = performance.now() + ms
      for (;;) {
        const snapshot = await loadAll()
        const { items, counts } = snapshot
        const settled = isComplete(snapshot, keys)
        if (settled || performance.now() > deadline)
          return { kind: 'sdk', user, ids: items.map(({ id }) => id), counts, announced, settled }
        await delay(50)
      }
    },
    close: () => client.close(),
  }
}

/** Connects a plain Socket.IO client that records live messages. */
const rawClient = async (options: { url: string; user: string; token: string }) => {
  const { url, user, token } = options
  const socket = io(url, {
    transports: ['websocket'],
    auth: { token },
    forceNew: true,
    reconnectionDelayMax: 1_000,
  })
  const received: string[] = []
  socket.on('inbox.added', ({ item }: InboxAdded) => received.push(item.id))
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('connect_error', reject)
  })
  return {
    view: (): ClientView => ({ kind: 'raw', user, received }),
    close: () => socket.disconnect(),
  }
}

const SDK_CLIENTS = 20
const RAW_CLIENTS = 60

/** Connects some users with the client SDK and others with plain Socket.IO, spread over the hubs. */
export const connectClients = async (
  { hubs }: Environment,
  tenant: AddedTenant,
  users: readonly string[],
) => {
  const credentials = (some: readonly string[]) =>
    Promise.all(
      some.map(async (user, index) => ({
        url: hubs[index % hubs.length] ?? '',
        user,
        token: await tenant.token(user),
      })),
    )
  const forSdk = await credentials(users.slice(0, SDK_CLIENTS))
  const sdk = forSdk.map((options, index) => sdkClient({ ...options, reader: index % 4 === 0 }))
  const raw = await Promise.all(
    (await credentials(users.slice(SDK_CLIENTS, SDK_CLIENTS + RAW_CLIENTS))).map(rawClient),
  )
  return {
    /** Resolves with what every client shows, SDK clients once they show the keys `due`, or after `ms`. */
    views: async (due: (user: string) => string[], ms: number): Promise<ClientView[]> => [
      ...(await Promise.all(sdk.map((client) => client.settled(due(client.user), ms)))),
      ...raw.map((client) => client.view()),
    ],
    close: () => {
      for (const client of [...sdk, ...raw]) client.close()
    },
  }
}
