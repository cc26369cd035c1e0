/**
 * Checks convergence: whatever happens to live messages, requests and connections, every feed and the counts
 * finally match a fresh fetch, and each item was announced at most once.
 * @module
 */

import { isDeepStrictEqual } from 'node:util'
import type { InboxItem } from '@carillon/schemas'
import { expect, it } from 'vitest'
import { createClient, type Feed, type FeedQuery, type InboxStatus } from '../index.ts'
import { startHub, type TestHub } from '../testing/hub.ts'
import { newItem, newItemId } from '../testing/items.ts'
import { FAST } from '../testing/until.ts'

const STEPS = 40
const TOLD_AFTER_MS = 20
const SEEDS = Array.from({ length: Number(process.env.SEEDS ?? 6) }, (_, index) => index + 1)
const QUERIES: FeedQuery[] = [
  { limit: 10 },
  { status: 'unread', limit: 10 },
  { status: 'read' },
  { status: 'archived', limit: 5 },
  { status: 'snoozed' },
  { category: 'b', limit: 5 },
  { tag: 'x', limit: 5 },
]

/** Mulberry32, a small generator: a seed always gives the same steps. */
const random = (seed: number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Formats an item in one line, without its time of receipt, which the hub does not announce. */
const line = ({ receivedAt: _, id, ...item }: InboxItem) =>
  `${id.slice(-5)} ${JSON.stringify({ ...item, notification: undefined })}`

const disturb = (hub: TestHub, chance: () => number) => {
  hub.carry = (_, deliver) => {
    const fate = chance()
    if (fate < 0.12) return
    if (fate < 0.25) deliver()
    if (fate < 0.5) setTimeout(deliver, chance() * 50)
    else deliver()
  }
  hub.intercept = async () => {
    const fate = chance()
    if (fate < 0.1) return { code: 'unavailable' }
    if (fate < 0.6) await sleep(chance() * 30)
    return undefined
  }
  hub.pause = () => (chance() < 0.5 ? sleep(chance() * 15) : undefined)
}
const calm = (hub: TestHub) =>
  Object.assign(hub, {
    carry: (_: unknown, deliver: () => void) => deliver(),
    intercept: () => undefined,
    pause: () => undefined,
  })

const step = (hub: TestHub, user: string, feeds: Feed[], chance: () => number): Promise<void> | undefined => {
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(chance() * list.length)]
  const stored = hub.active(user)
  const id = pick(stored)?.id ?? ''
  const feed = pick(feeds)
  const shown = pick(feed?.getSnapshot().items ?? [])?.id
  const at = new Date().toISOString()
  const what = chance()
  if (what < 0.4 || !feed) {
    // Some arrive late, behind items that were accepted after them.
    const late = newItemId(Date.now() - (chance() < 0.2 ? 5_000 : 0))
    const category = pick(['a', 'b'])
    const tags = chance() < 0.3 ? { tags: ['x'] } : {}
    const group = chance() < 0.3 ? { group: { key: pick(['g1', 'g2']) ?? '' } } : {}
    const item = newItem({ id: late, ...(category ? { category } : {}), ...tags, ...group })
    if (chance() < 0.5) hub.add(user, item)
    else {
      // A dispatcher announces an item some time after it stored it.
      hub.put(user, item)
      return sleep(chance() * TOLD_AFTER_MS).then(() => {
        if (hub.holds(user, item.id)) hub.add(user, item)
      })
    }
  } else if (what < 0.45) {
    const again = pick(stored)
    if (again)
      hub.add(
        user,
        newItem({ ...again, receivedAt: null, seenAt: null, readAt: null, snoozedUntil: null, acted: {} }),
      )
  } else if (what < 0.5) hub.change(user, [id], { readAt: at, seenAt: at })
  else if (what < 0.53) hub.change(user, [id], { archivedAt: at })
  else if (what < 0.56) {
    const archived = pick(hub.page(user, { status: 'archived', limit: 1_000 }).items)
    if (archived) hub.change(user, [archived.id], { archivedAt: null })
  } else if (what < 0.6) hub.remove(user, id)
  else if (what < 0.63)
    for (const socket of hub.io.sockets.sockets.values()) {
      if (socket.data.user === user) socket.conn.close()
    }
  else if (what < 0.65) hub.restartBus(user)
  else if (what < 0.67) void feed.more().catch(() => {})
  else if (what < 0.69) return feed.readAll()
  else if (what < 0.7) return feed.archiveAll(what < 0.695 ? { status: 'read' } : {}).then(() => {})
  else if (what < 0.72) return feed.seenAll()
  else if (shown && what < 0.8) return feed.read(shown)
  else if (shown && what < 0.84) return feed.unread(shown)
  else if (shown && what < 0.88) return feed.archive(shown)
  else if (shown && what < 0.91) return feed.snooze(shown, new Date(Date.now() + 3_600_000))
  else if (shown && what < 0.94) return feed.remove(shown)
  else if (shown && what < 0.97) return feed.act(shown, 'accept')
  else if (shown) return feed.seen(feed.getSnapshot().items.map((item) => item.id))
  return undefined
}

/** Returns how a feed differs from the hub's own list; undefined once they agree. */
const difference = (hub: TestHub, user: string, feed: Feed, query: FeedQuery) => {
  const status: InboxStatus = query.status ?? 'active'
  const all = hub.page(user, { ...query, status, limit: 1_000 })
  const { items, counts, hasMore, status: state } = feed.getSnapshot()
  const enough = hasMore ? items.length >= (query.limit ?? 20) / 2 : items.length === all.items.length
  return {
    got: { state, counts, enough, items: items.map(line) },
    wanted: {
      state: 'ready',
      counts: all.counts,
      enough: true,
      items: all.items.slice(0, items.length).map(line),
    },
  }
}

it.each(SEEDS)('converges with seed %i', async (seed) => {
  const chance = random(seed)
  const user = 'ann'
  const hub = await startHub()
  for (let i = 0; i < 25; i++) hub.put(user, newItem({ category: i % 2 ? 'a' : 'b' }))
  disturb(hub, chance)
  const client = createClient({ url: hub.url, token: () => hub.token(user), timing: FAST })
  const announced: string[] = []
  client.on('notification', ({ id }) => announced.push(id))
  const feeds = QUERIES.map((query) => client.feed(query))
  for (const feed of feeds) feed.subscribe(() => {})

  const verbs: Promise<unknown>[] = []
  for (let i = 0; i < STEPS; i++) {
    verbs.push(Promise.resolve(step(hub, user, feeds, chance)).catch(() => {}))
    if (chance() < 0.5) await sleep(chance() * 20)
  }
  await Promise.all(verbs)
  await sleep(0)
  calm(hub)
  // One delivered message reveals whatever was lost before it.
  hub.add(user)
  const differences = () =>
    QUERIES.map((query, index) => difference(hub, user, feeds[index] ?? client.feed(), query)).filter(
      ({ got, wanted }) => !isDeepStrictEqual(got, wanted),
    )
  await expect.poll(differences, { timeout: 10_000, interval: 20 }).toEqual([])
  expect(client.counts.getSnapshot()).toEqual(hub.counts(user))
  expect(new Set(announced).size).toBe(announced.length)
  client.close()
  await hub.close()
})
