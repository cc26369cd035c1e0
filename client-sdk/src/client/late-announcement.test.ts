/**
 * A live item tells when it was announced, which is later than it was stored. So a page may lack an item that the client
 * holds at a place within the page. Such a page is no proof that the item was removed.
 * @module
 */

import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createClient, type Feed, type FeedQuery } from '../index.ts'
import { newItem } from '../testing/items.ts'
import { CALM, createVirtualHub } from '../testing/virtual-hub.ts'
import { during, pass, stopTime } from '../testing/virtual-time.ts'

const POLL_MS = 60_000
const POLLED_MS = 2 * POLL_MS + 10_000

const start = async (...queries: FeedQuery[]) => {
  const hub = createVirtualHub({ chance: () => 0.5, chaos: CALM, rows: 1_000, requestTimeout: 1_000 })
  const client = createClient({
    ...{ url: 'http://hub.test', token: 'token', fetch: hub.fetch, connect: hub.connect },
    timing: { poll: POLL_MS },
  })
  const open = (query: FeedQuery) => {
    const feed = client.feed(query)
    feed.subscribe(() => {})
    return feed
  }
  const feeds = queries.map(open)
  await pass(1_000)
  /** Stores an item, then stores and announces others, and announces the item last. */
  const announceLate = async (others: number) => {
    const late = newItem({ category: 'b' })
    hub.put([late])
    for (let i = 0; i < others; i++) await hub.add([newItem({ category: 'b' })])
    hub.announce([late])
    await pass(100)
    return late.id
  }
  return { hub, client, open, feeds, announceLate }
}
const shows = (feed: Feed | undefined, id: string) =>
  !!feed?.getSnapshot().items.some((item) => item.id === id)
const loadAll = async (feed: Feed) => {
  while (feed.getSnapshot().hasMore) await during(feed.more())
}

beforeEach(stopTime)
afterEach(() => {
  vi.clearAllTimers()
  vi.useRealTimers()
})

/** Starts with an empty inbox, which the client knows to the end, so that it trusts every message. */
const lateIn = async (...parameters: Parameters<typeof start>) => {
  const started = await start(...parameters)
  const { hub } = started
  const announcing = started.announceLate(5)
  await during(announcing)
  const id = await announcing
  /** Adds items, of which the newest page of `limit` ends between the place of the late item and its announcement. */
  const fill = async (limit: number) => {
    for (let i = 0; i < limit - 3; i++) await during(hub.add([newItem({ category: 'b' })]))
    await pass(100)
  }
  return { ...started, id, fill }
}

it('a poll of the newest hundred does not lose it from a longer list', async () => {
  const { hub, client, feeds, id, fill } = await lateIn({ limit: 100 })
  const feed = feeds[0]!
  await fill(100)
  expect(shows(feed, id)).toBe(true)
  await pass(POLLED_MS)
  await loadAll(feed)
  expect(shows(feed, id)).toBe(true)
  expect(feed.getSnapshot().items).toHaveLength(hub.ids().length)
  client.close()
})

it('a poll of the counts does not lose it from a list of a category', async () => {
  const { client, feeds, id, fill } = await lateIn({ category: 'b' })
  await fill(10)
  expect(shows(feeds[0], id)).toBe(true)
  await pass(POLLED_MS)
  await loadAll(feeds[0]!)
  expect(shows(feeds[0], id)).toBe(true)
  client.close()
})

it('the first page of another list does not lose it', async () => {
  const { client, feeds, id, fill, open } = await lateIn({ category: 'b' })
  await fill(100)
  open({ category: 'b', status: 'unread' })
  await pass(5_000)
  await loadAll(feeds[0]!)
  expect(shows(feeds[0], id)).toBe(true)
  client.close()
})

it('an older page of another list does not lose it', async () => {
  const { client, feeds, id, fill, open } = await lateIn({ category: 'b' })
  await fill(110)
  const other = open({ category: 'b', status: 'unread', limit: 10 })
  await pass(5_000)
  await during(other.more())
  await pass(5_000)
  await loadAll(feeds[0]!)
  expect(shows(feeds[0], id)).toBe(true)
  client.close()
})
