/**
 * Once nothing changes any more, and without a poll, a client shows what the hub has:
 *
 * - A feed shows every item of its list from the newest down to its last item.
 * - `more()` leads to the end of the list, and then the feed shows exactly the list.
 * - The counts are the hub's.
 *
 * Time is virtual, so a seed gives the same run again. `SEEDS=5000` runs more of them, `SEED=17` one.
 * @module
 */

import type { InboxItem } from '@carillon/schemas'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { placeOf, type Query } from '../inbox/query.ts'
import { createClient, type Feed, type FeedQuery } from '../index.ts'
import { newItem } from '../testing/items.ts'
import { CALM, createVirtualHub, type VirtualHub } from '../testing/virtual-hub.ts'
import { during, pass, stopTime } from '../testing/virtual-time.ts'

const SEEDS = Number(process.env.SEEDS ?? 20)
const ONLY = Number(process.env.SEED ?? 0)
const STEPS = 50
const NEVER = 1_000_000_000
const QUERIES: FeedQuery[] = [
  { limit: 4 },
  { limit: 10 },
  { status: 'unread', limit: 5 },
  { status: 'read', limit: 5 },
  { status: 'archived', limit: 5 },
  { category: 'b', limit: 4 },
]

/** Mulberry32: a small generator, so that a seed gives the same steps again. */
const random = (seed: number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A redelivered item has no state. */
const fresh = ({ id, category }: Partial<InboxItem> = {}) =>
  newItem({ ...(id && { id }), ...(category && { category }) })

const step = async (hub: VirtualHub, feeds: Feed[], open: () => void, chance: () => number) => {
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(chance() * list.length)]
  const id = pick(hub.ids()) ?? ''
  const at = new Date().toISOString()
  const what = chance()
  if (what < 0.45)
    void hub.add(
      Array.from({ length: 1 + Math.floor(chance() * 4) }, () =>
        newItem({ category: chance() < 0.5 ? 'a' : 'b' }),
      ),
    )
  else if (what < 0.5) hub.announce([fresh(hub.get(id))])
  else if (what < 0.56) hub.change(id, { readAt: at, seenAt: at })
  else if (what < 0.6) hub.change(id, { archivedAt: at })
  else if (what < 0.63) hub.change(id, { archivedAt: null })
  else if (what < 0.66) hub.remove(id)
  else if (what < 0.68) hub.cut()
  else if (what < 0.69) hub.restartBus()
  else if (what < 0.92)
    void pick(feeds)
      ?.more()
      .catch(() => {})
  else if (what < 0.97) open()
  else await pass(500)
}

/** An item without its times of arrival and receipt: a live item tells when it was announced. */
const content = ({ arrivedAt: _, receivedAt: __, ...item }: InboxItem) => item
const byId = (items: readonly InboxItem[]) =>
  Object.fromEntries(items.toSorted((a, b) => (a.id < b.id ? 1 : -1)).map((item) => [item.id, content(item)]))

/** Returns the ids that the feed lacks above the oldest item whose place it knows. */
const holes = (hub: VirtualHub, feed: Feed, query: Query) => {
  const { items, hasMore } = feed.getSnapshot()
  const known = items.map(placeOf).filter((place, at) => place === placeOf(hub.get(items[at]?.id ?? '')))
  const floor = hasMore ? (known.at(-1) ?? '~') : ''
  const shown = new Set(items.map(({ id }) => id))
  return hub.all(query).flatMap((item) => (placeOf(item) > floor && !shown.has(item.id) ? item.id : []))
}

beforeEach(stopTime)
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const run = async (seed: number) => {
  const chance = random(seed)
  vi.setSystemTime(1_800_000_000_000)
  vi.spyOn(Math, 'random').mockImplementation(chance)
  const chaos = {
    latency: chance() < 0.5 ? 20 : 150,
    announcement: chance() < 0.3 ? 0 : 400,
    lost: chance() < 0.6 ? 0 : 0.1,
    refused: chance() < 0.5 ? 0 : 0.05,
    timeout: chance() < 0.5 ? 0 : 0.05,
    unknownPosition: chance() < 0.6 ? 0 : 0.1,
  }
  const hub = createVirtualHub({ chance, chaos, rows: chance() < 0.3 ? 8 : 1_000, requestTimeout: 300 })
  for (let stored = Math.floor(chance() ** 2 * 3) * 60; stored > 0; stored--)
    void hub.add([newItem({ category: stored % 2 ? 'a' : 'b' })])
  const timing = { straggler: 20, spread: 50, poll: chance() < 0.5 ? 300 : NEVER, patience: 100, retry: 100 }
  const client = createClient({
    ...{ url: 'http://hub.test', token: 'token', fetch: hub.fetch, connect: hub.connect },
    timing: { ...timing, retryMax: 400, request: 300 },
  })
  const feeds: [Feed, FeedQuery][] = []
  const open = () => {
    const query = QUERIES[Math.floor(chance() * QUERIES.length)]!
    const feed = client.feed(query)
    feed.subscribe(() => {})
    feeds.push([feed, query])
  }
  open()
  for (let i = 0; i < STEPS; i++) {
    await step(
      hub,
      feeds.map(([feed]) => feed),
      open,
      chance,
    )
    if (chance() < 0.7) await pass(Math.floor(chance() * 120))
  }
  hub.chaos = CALM
  await pass(1_000)
  // One message that arrives is enough to show whatever was lost before it.
  void hub.add([newItem()])
  await pass(5_000)

  for (const [feed, { status = 'active', limit: _, ...labels }] of feeds)
    expect(holes(hub, feed, { status, ...labels }), `seed ${seed}`).toEqual([])
  for (const [feed, { status = 'active', limit: _, ...labels }] of feeds) {
    for (let more = 0; feed.getSnapshot().hasMore && more < 200; more++) await during(feed.more())
    const { items } = feed.getSnapshot()
    expect(byId(items), `seed ${seed}`).toEqual(byId(hub.all({ status, ...labels })))
  }
  expect(client.counts.getSnapshot(), `seed ${seed}`).toEqual(hub.counts())
  client.close()
  vi.clearAllTimers()
}

it('shows what the hub has once nothing changes any more', { timeout: 600_000 }, async () => {
  const failed: [number, string][] = []
  const seeds = ONLY ? [ONLY] : Array.from({ length: SEEDS }, (_, index) => index + 1)
  for (const seed of seeds) {
    try {
      await run(seed)
    } catch (error) {
      if (ONLY) throw error
      failed.push([seed, String(error).slice(0, 100)])
    }
    vi.restoreAllMocks()
    vi.clearAllTimers()
  }
  expect(failed).toEqual([])
})
