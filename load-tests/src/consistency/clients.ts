import { setTimeout as delay } from 'node:timers/promises'
import { createClient, type FeedSnapshot } from '@carillon/client-sdk'
import type { InboxAdded, InboxItem } from '@carillon/schemas'
import { io } from 'socket.io-client'
import type { ClientView } from './ledger.ts'

/** The most items the client SDK holds without falling back to the first page. */
const HELD_MAX = 1_000

const keyOf = (item: InboxItem) => String(item.data?.key)

/** The real client, showing its whole inbox. A `reader` marks some of what arrives as read. */
export const sdkWatcher = (options: { url: string; user: string; token: string; reader: boolean }) => {
  const { url, user, token, reader } = options
  const client = createClient({ url, token })
  const feed = client.feed({ limit: 100 })
  const announced: string[] = []
  let reading = Promise.resolve()
  feed.subscribe(() => {})
  client.on('notification', ({ id }) => {
    announced.push(id)
    if (!reader || announced.length % 5 > 0) return
    // A read that fails is taken back on the screen, and that is what has to agree in the end.
    reading = reading.then(() => feed.read(id)).catch(() => {})
  })

  /**
   * A resync may have taken the feed back to its first page. What a page brings may be read in turn, so this repeats until
   * no read is under way: else the hub would hear of reads that the snapshot does not show yet.
   */
  const wholly = async () => {
    for (let awaited: unknown; awaited !== reading; ) {
      awaited = reading
      await reading
      while (feed.getSnapshot().hasMore && feed.getSnapshot().items.length < HELD_MAX)
        await feed.more().catch(() => delay(100))
    }
    return feed.getSnapshot()
  }
  const complete = ({ items, counts, hasMore }: FeedSnapshot, keys: readonly string[]) => {
    const shown = new Set(items.map(keyOf))
    const unread = items.filter(({ readAt }) => readAt === null).length
    return !hasMore && keys.every((key) => shown.has(key)) && counts.unread === unread
  }
  return {
    user,
    /** What it shows once it shows all `keys` and agrees with itself, or after `ms`. */
    settled: async (keys: readonly string[], ms: number): Promise<ClientView> => {
      const deadline = performance.now() + ms
      for (;;) {
        const snapshot = await wholly()
        const { items, counts } = snapshot
        if (complete(snapshot, keys) || performance.now() > deadline)
          return { kind: 'sdk', user, ids: items.map(({ id }) => id), counts, announced }
        await delay(50)
      }
    },
    close: () => client.close(),
  }
}

/** A bare socket that writes down what it hears. */
export const rawWatcher = async (options: { url: string; user: string; token: string }) => {
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
