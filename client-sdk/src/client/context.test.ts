import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type Client, createClient } from '../index.ts'
import { startHub, type TestHub } from '../testing/hub.ts'
import { newItem } from '../testing/items.ts'
import { FAST, until } from '../testing/until.ts'

let hub: TestHub
const clients: Client[] = []
const open = (user: string, context: string) => {
  const client = createClient({ url: hub.url, token: hub.token(user), context, timing: FAST })
  clients.push(client)
  return client
}
const titles = (items: readonly { title?: string | undefined }[]) => items.map(({ title }) => title)
beforeAll(async () => {
  hub = await startHub()
})
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
})
afterAll(() => hub.close())

it.each(['acme', '', '__proto__'])(
  'shows, counts and changes only the items of the context "%s"',
  async (context) => {
    const user = `context-${context}`
    const inside = (title: string) => newItem({ title, category: 'news', ...(context && { context }) })
    const outside = (title: string) => newItem({ title, category: 'news', context: 'other' })
    hub.put(user, inside('a'))
    hub.put(user, outside('b'))
    const client = open(user, context)
    const heard: (string | undefined)[] = []
    client.on('notification', ({ title }) => heard.push(title))
    const feed = client.feed()
    const by = client.countsBy('category')
    by.subscribe(() => {})
    await until(feed, ({ items }) => items.length === 1)
    expect(client.counts.getSnapshot()).toEqual({ unread: 1, unseen: 1 })
    await new Promise<void>((resolve) => {
      if (client.connection === 'live') resolve()
      client.on('connection', (state) => state === 'live' && resolve())
    })

    hub.add(user, outside('c'))
    hub.add(user, inside('d'))
    await until(feed, ({ items }) => items.length === 2)
    await until(client.counts, ({ unread }) => unread === 2)
    await until(by, (counts) => counts.get('news')?.unread === 2)
    expect(titles(feed.getSnapshot().items)).toEqual(['d', 'a'])
    expect(heard).toEqual(['d'])

    await feed.readAll()
    await until(client.counts, ({ unread }) => unread === 0)
    expect(hub.counts(user)).toEqual({ unread: 2, unseen: 2 })
    // A change by another device is shown.
    hub.change(user, [feed.getSnapshot().items[0]!.id], { readAt: null })
    await until(client.counts, ({ unread }) => unread === 1)
  },
)
