import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Client, createClient } from '../index.ts'
import { startHub, type TestHub } from '../testing/hub.ts'
import { newItem } from '../testing/items.ts'
import { FAST, until } from '../testing/until.ts'

let hub: TestHub
const clients: Client[] = []
const open = (user: string) => {
  const client = createClient({ url: hub.url, token: hub.token(user), timing: FAST })
  clients.push(client)
  return client
}
beforeAll(async () => {
  hub = await startHub()
})
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
  hub.intercept = () => undefined
})
afterAll(() => hub.close())

const countRequests = () => hub.requests.filter(({ path }) => path === '/counts').length

describe('counts by category', () => {
  it('follow the inbox while there is a subscriber, for any name of a category', async () => {
    const user = 'counts-1'
    const item = hub.put(user, newItem({ category: '__proto__' }))
    const client = open(user)
    const by = client.countsBy('category')
    expect(by.getSnapshot().size).toBe(0)
    const first = await until(by, (counts) => counts.size === 1)
    expect(first.get('__proto__')).toEqual({ unread: 1, unseen: 1 })
    hub.add(user, newItem({ category: 'constructor' }))
    const second = await until(by, (counts) => counts.size === 2)
    expect(second.get('constructor')).toEqual({ unread: 1, unseen: 1 })
    await client.feed().read(item.id)
    await until(by, (counts) => counts.get('__proto__')?.unread === 0)
    const before = countRequests()
    // `until` has unsubscribed.
    hub.add(user, newItem({ category: 'constructor' }))
    await until(client.counts, ({ unread }) => unread === 2)
    expect(countRequests()).toBe(before)
  })

  it('follow a pending action at once, but do not count items that are only loaded', async () => {
    const user = 'counts-3'
    for (let n = 0; n < 3; n++) hub.put(user, newItem({ category: 'news' }))
    const client = open(user)
    const feed = client.feed({ limit: 2 })
    const { items } = await until(feed, ({ status }) => status === 'ready')
    const by = client.countsBy('category')
    const off = by.subscribe(() => {})
    const news = () => by.getSnapshot().get('news')?.unread
    await until(by, (counts) => counts.get('news')?.unread === 3)
    hub.intercept = ({ path, method }) =>
      path === '/counts' || method !== 'GET' ? { code: 'unavailable' } : undefined
    await feed.more()
    expect([news(), feed.getSnapshot().items.length]).toEqual([3, 3])
    void feed.read(items[0]!.id).catch(() => {})
    expect([news(), client.counts.getSnapshot().unread]).toEqual([2, 2])
    void feed.remove(items[1]!.id).catch(() => {})
    expect([news(), client.counts.getSnapshot().unread]).toEqual([1, 1])
    off()
  })

  it('are fetched again after a failure', async () => {
    const user = 'counts-2'
    hub.put(user, newItem({ category: 'news' }))
    let failures = 0
    hub.intercept = ({ path }) => (path === '/counts' && failures++ < 2 ? { code: 'unavailable' } : undefined)
    const by = open(user).countsBy('category')
    await until(by, (counts) => counts.get('news')?.unread === 1)
    expect(failures).toBeGreaterThan(2)
  })
})
