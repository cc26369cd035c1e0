import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Client, createClient, type Feed } from '@carillon/client'
import { type Cluster, runCarillon, startCluster } from '../rig/carillon.ts'
import type { Server } from '../rig/child.ts'
import { startCaddy } from '../rig/servers.ts'
import { raiseWorld, type World } from '../rig/world.ts'

const TENANT = 'restarts'
const SENDERS = 16
/** The delay between two requests of a sender. */
const PAUSE_MS = 40
const READERS = 4
const USERS = 40
/** Clients must show the stored items within this time after the last request. */
const AGREE_WITHIN_MS = 30_000
/** The maximum number of items in a feed of the client SDK. */
const FEED_MAX = 1_000

/** The drain delay must exceed the health check interval of the proxy. */
const RESTART_SETTINGS = {
  CARILLON_UNKNOWN_TYPES: 'accept',
  CARILLON_DRAIN_DELAY_SECONDS: '3',
  CARILLON_DRAIN_SECONDS: '10',
}

export type RestartResult = {
  restarts: number
  /** Requests of senders, readers and client SDKs. */
  requests: number
  /** The number of reconnections of client SDKs. */
  reconnections: number
  /** Failed requests: status or error, and how often it occurred. Expected to be empty. */
  failed: Record<string, number>
  /** Processes that did not exit with 0. */
  unclean: string[]
  /** Accepted items that are not shown, or shown more than once. */
  misplaced: string[]
  seconds: number
}

type Tally = { requests: number; failed: Record<string, number> }

/** Wraps `fetch` and counts requests and failures. */
const countingFetch = (tally: Tally): typeof fetch => {
  const fail = (what: string) => {
    tally.failed[what] = (tally.failed[what] ?? 0) + 1
  }
  return async (input, init) => {
    tally.requests++
    try {
      const response = await fetch(input, init)
      if (!response.ok) fail(`${response.status}`)
      return response
    } catch (error) {
      if (!init?.signal?.aborted) fail(String(error instanceof Error ? (error.cause ?? error) : error))
      throw error
    }
  }
}

const loadAll = async (feed: Feed) => {
  while (feed.getSnapshot().hasMore && feed.getSnapshot().items.length < FEED_MAX) await feed.more()
  return feed.getSnapshot()
}

/** Returns the titles that the feed lacks or shows more than once, after at most AGREE_WITHIN_MS. */
const findMisplaced = async (feed: Feed, sent: readonly string[]): Promise<string[]> => {
  const deadline = performance.now() + AGREE_WITHIN_MS
  for (;;) {
    const { items } = await loadAll(feed)
    const shown = new Map<string | undefined, number>()
    for (const { title } of items) shown.set(title, (shown.get(title) ?? 0) + 1)
    const misplaced = sent.filter((title) => shown.get(title) !== 1)
    if (misplaced.length === 0 && items.length === sent.length) return []
    if (performance.now() > deadline) return misplaced.length > 0 ? misplaced : ['items that were not sent']
    await delay(100)
  }
}

/** Connects one client SDK per user, then starts senders and readers that run until `stop`. */
const startLoad = async (url: string, key: string, tally: Tally) => {
  const get = countingFetch(tally)
  const asSender = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const tokenOf = async (user: string) => {
    const response = await get(`${url}/v1/users/${user}/token`, { method: 'POST', headers: asSender })
    return ((await response.json()) as { token: string }).token
  }
  const users = Array.from({ length: USERS }, (_, number) => `user-${number}`)
  const sent = new Map<string, string[]>(users.map((user) => [user, []]))
  const feeds = new Map<string, Feed>()
  const clients: Client[] = []
  let connected = 0
  for (const user of users) {
    const client = createClient({ url, token: await tokenOf(user), fetch: get })
    client.on('connection', (state) => {
      if (state === 'live') connected++
    })
    const feed = client.feed({ limit: 100 })
    feed.subscribe(() => {})
    clients.push(client)
    feeds.set(user, feed)
  }
  while (connected < USERS) await delay(50)

  let running = true
  let count = 0
  const sender = async () => {
    while (running) {
      const number = count++
      const user = users[number % USERS]!
      const title = `${number}`
      const body = JSON.stringify({ to: user, type: 'tick', title })
      const response = await get(`${url}/v1/notifications`, { method: 'POST', headers: asSender, body })
        .then(async (answer) => {
          await answer.text()
          return answer
        })
        .catch(() => undefined)
      if (response?.ok) sent.get(user)!.push(title)
      await delay(PAUSE_MS)
    }
  }
  const reader = async (user: string) => {
    const headers = { authorization: `Bearer ${await tokenOf(user)}` }
    while (running) {
      await get(`${url}/v1/inbox?limit=5`, { headers })
        .then((answer) => answer.text())
        .catch(() => {})
      await delay(PAUSE_MS)
    }
  }
  const work = [
    ...Array.from({ length: SENDERS }, sender),
    ...Array.from({ length: READERS }, (_, number) => reader(users[number]!)),
  ]
  return {
    feeds,
    /** The titles of accepted notifications, by user. */
    sent,
    reconnections: () => connected - USERS,
    stop: async () => {
      running = false
      await Promise.all(work)
    },
    close: () => {
      running = false
      for (const client of clients) client.close()
    },
  }
}

/**
 * Restarts the hubs of a cluster in turn, `restarts` times, and a dispatcher after every second restart. Meanwhile senders,
 * readers and client SDKs use the cluster through the proxy.
 */
const restartUnderLoad = async (options: {
  cluster: Cluster
  proxy: Server
  restarts: number
  note?: (line: string) => void
}): Promise<RestartResult> => {
  const { cluster, proxy, restarts, note = () => {} } = options
  const carillon = async (...args: string[]) => (await runCarillon(args, cluster.settings)).stdout.trim()
  await carillon('tenant', '--add', TENANT)
  const key = await carillon('token', '--tenant', TENANT, '--sender', 'backend')

  const began = performance.now()
  const tally: Tally = { requests: 0, failed: {} }
  const load = await startLoad(proxy.url, key, tally)
  const unclean: string[] = []
  const restart = async (server: Server) => {
    note(`restarting ${server.name} on port ${server.port}`)
    const code = await server.stop()
    if (code !== 0) unclean.push(`${server.name} exited with ${code}: ${server.logs().at(-1)}`)
    await server.restart()
  }
  try {
    const { hubs, dispatchers } = cluster
    for (let done = 0; done < restarts; done++) {
      await restart(hubs[done % hubs.length]!)
      if (done % 2 === 1) await restart(dispatchers[((done - 1) / 2) % dispatchers.length]!)
    }
    await load.stop()
    note('waiting for clients')
    const misplaced: string[] = []
    for (const [user, feed] of load.feeds)
      for (const title of await findMisplaced(feed, load.sent.get(user)!)) misplaced.push(`${user}: ${title}`)
    return {
      restarts,
      ...tally,
      reconnections: load.reconnections(),
      unclean,
      misplaced,
      seconds: Math.round((performance.now() - began) / 1_000),
    }
  } finally {
    load.close()
  }
}

/** Runs rolling restarts on a new cluster, with its own servers or those of `urls`. */
export const runRestarts = async (options: {
  restarts: number
  urls?: World['urls']
  note?: (line: string) => void
}): Promise<RestartResult> => {
  const dir = await mkdtemp(join(tmpdir(), 'carillon-restarts-'))
  const world = options.urls === undefined ? await raiseWorld() : undefined
  const closers = [() => rm(dir, { recursive: true, force: true }), async () => world?.stop()]
  try {
    const urls = options.urls ?? world!.urls
    const cluster = await startCluster({ hubs: 2, dispatchers: 2, urls, settings: RESTART_SETTINGS })
    closers.push(() => cluster.stop())
    const proxy = await startCaddy({ dir, hubs: cluster.hubs })
    closers.push(async () => void (await proxy.stop()))
    return await restartUnderLoad({ ...options, cluster, proxy })
  } finally {
    for (const close of closers.reverse()) await close()
  }
}
