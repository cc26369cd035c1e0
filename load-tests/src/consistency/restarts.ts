import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Client, createClient, type Feed } from '@carillon/client-sdk'
import { type Cluster, runCarillon, startCluster } from '../rig/carillon.ts'
import type { Server } from '../rig/child.ts'
import { startCaddy } from '../rig/servers.ts'
import { raiseWorld, type World } from '../rig/world.ts'

const TENANT = 'restarts'
const SENDERS = 16
/** Between two requests of one sender. */
const PAUSE_MS = 40
const READERS = 4
const USERS = 40
/** Within this long of the last request, every client shows what is there. */
const AGREED_WITHIN_MS = 30_000
/** The most items that the client SDK holds. */
const HELD_MAX = 1_000

/** The delay exceeds the proxy's health check interval, as it has to. */
const RESTART_SETTINGS = {
  CARILLON_UNKNOWN_TYPES: 'accept',
  CARILLON_DRAIN_DELAY_SECONDS: '3',
  CARILLON_DRAIN_SECONDS: '10',
}

export type RestartProof = {
  restarts: number
  /** Requests of senders, readers and client SDKs. */
  requests: number
  /** How often a client SDK connected again. */
  reconnections: number
  /** What a caller saw that was no success, with how often: a status or an error. Empty if the promise held. */
  failed: Record<string, number>
  /** Processes that did not end with 0. */
  unclean: string[]
  /** Items that were accepted but are not shown, or are shown twice. */
  misplaced: string[]
  seconds: number
}

type Tally = { requests: number; failed: Record<string, number> }

/** `fetch`, with everything but a success counted as a failure. */
const counted = (tally: Tally): typeof fetch => {
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

const wholeOf = async (feed: Feed) => {
  while (feed.getSnapshot().hasMore && feed.getSnapshot().items.length < HELD_MAX) await feed.more()
  return feed.getSnapshot()
}

/** Titles that the feed lacks, or shows more than once, after at most AGREED_WITHIN_MS. */
const misplacedIn = async (feed: Feed, sent: readonly string[]): Promise<string[]> => {
  const deadline = performance.now() + AGREED_WITHIN_MS
  for (;;) {
    const { items } = await wholeOf(feed)
    const shown = new Map<string | undefined, number>()
    for (const { title } of items) shown.set(title, (shown.get(title) ?? 0) + 1)
    const misplaced = sent.filter((title) => shown.get(title) !== 1)
    if (misplaced.length === 0 && items.length === sent.length) return []
    if (performance.now() > deadline) return misplaced.length > 0 ? misplaced : ['items nobody sent']
    await delay(100)
  }
}

/**
 * Restarts hubs and dispatchers of a cluster in turn while senders, readers and client SDKs use it through the proxy.
 * Every restart of a hub is one of `restarts`; a dispatcher is restarted after every second one.
 */
const proveRestarts = async (options: {
  cluster: Cluster
  proxy: Server
  restarts: number
  note?: (line: string) => void
}): Promise<RestartProof> => {
  const { cluster, proxy, restarts, note = () => {} } = options
  const carillon = async (...args: string[]) => (await runCarillon(args, cluster.settings)).stdout.trim()
  await carillon('tenant', '--add', TENANT)
  const key = await carillon('token', '--tenant', TENANT, '--sender', 'proof')

  const began = performance.now()
  const tally: Tally = { requests: 0, failed: {} }
  const get = counted(tally)
  const asSender = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const tokenOf = async (user: string) => {
    const response = await get(`${proxy.url}/v1/users/${user}/token`, { method: 'POST', headers: asSender })
    return ((await response.json()) as { token: string }).token
  }

  const users = Array.from({ length: USERS }, (_, number) => `user-${number}`)
  const sent = new Map<string, string[]>(users.map((user) => [user, []]))
  const feeds = new Map<string, Feed>()
  const clients: Client[] = []
  let connected = 0
  for (const user of users) {
    const client = createClient({ url: proxy.url, token: await tokenOf(user), fetch: get })
    client.on('connection', (state) => {
      if (state === 'live') connected++
    })
    const feed = client.feed({ limit: 100 })
    feed.subscribe(() => {})
    clients.push(client)
    feeds.set(user, feed)
  }
  while (connected < USERS) await delay(50)

  let going = true
  let count = 0
  const sender = async () => {
    while (going) {
      const number = count++
      const user = users[number % USERS]!
      const title = `${number}`
      const body = JSON.stringify({ to: user, type: 'tick', title })
      const response = await get(`${proxy.url}/v1/notifications`, { method: 'POST', headers: asSender, body })
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
    while (going) {
      await get(`${proxy.url}/v1/inbox?limit=5`, { headers })
        .then((answer) => answer.text())
        .catch(() => {})
      await delay(PAUSE_MS)
    }
  }
  const load = [
    ...Array.from({ length: SENDERS }, sender),
    ...Array.from({ length: READERS }, (_, number) => reader(users[number]!)),
  ]

  const unclean: string[] = []
  const restart = async (server: Server) => {
    note(`restarting ${server.name} on port ${server.port}`)
    const code = await server.stop()
    if (code !== 0) unclean.push(`${server.name} ended with ${code}: ${server.logs().at(-1)}`)
    await server.restart()
  }
  try {
    const { hubs, dispatchers } = cluster
    for (let done = 0; done < restarts; done++) {
      await restart(hubs[done % hubs.length]!)
      if (done % 2 === 1) await restart(dispatchers[((done - 1) / 2) % dispatchers.length]!)
    }
    going = false
    await Promise.all(load)
    note('waiting for clients')
    const misplaced: string[] = []
    for (const [user, feed] of feeds)
      for (const title of await misplacedIn(feed, sent.get(user)!)) misplaced.push(`${user}: ${title}`)
    return {
      restarts,
      ...tally,
      reconnections: connected - USERS,
      unclean,
      misplaced,
      seconds: Math.round((performance.now() - began) / 1_000),
    }
  } finally {
    going = false
    for (const client of clients) client.close()
  }
}

/** The same on servers of its own, raised for it, or on those of `urls`. */
export const restartsOfCluster = async (options: {
  restarts: number
  urls?: World['urls']
  note?: (line: string) => void
}): Promise<RestartProof> => {
  const dir = await mkdtemp(join(tmpdir(), 'carillon-restarts-'))
  const world = options.urls === undefined ? await raiseWorld() : undefined
  const closers = [() => rm(dir, { recursive: true, force: true }), async () => world?.stop()]
  try {
    const urls = options.urls ?? world!.urls
    const cluster = await startCluster({ hubs: 2, dispatchers: 2, urls, settings: RESTART_SETTINGS })
    closers.push(() => cluster.stop())
    const proxy = await startCaddy({ dir, hubs: cluster.hubs })
    closers.push(async () => void (await proxy.stop()))
    return await proveRestarts({ ...options, cluster, proxy })
  } finally {
    for (const close of closers.reverse()) await close()
  }
}
