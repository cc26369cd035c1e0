import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { CarillonError, type Client, type ClientOptions, createClient, type InboxItem } from '../index.ts'
import { createPush } from '../push/push.ts'
import { startHub, type TestHub } from '../testing/hub.ts'
import { newItem, newItemId } from '../testing/items.ts'
import { FAST, until } from '../testing/until.ts'

let hub: TestHub
let users = 0
const clients: Client[] = []
const open = (user: string, options: Partial<ClientOptions> = {}): Client => {
  const client = createClient({ url: hub.url, token: hub.token(user), timing: FAST, ...options })
  clients.push(client)
  return client
}
const newUser = () => `user${users++}`
const titles = (items: readonly InboxItem[]) => items.map(({ title }) => title)

beforeAll(async () => {
  hub = await startHub()
})
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
  const carry = (_: unknown, deliver: () => void) => deliver()
  Object.assign(hub, {
    carry,
    intercept: () => undefined,
    pause: () => undefined,
    refuse: undefined,
    isPlaced: true,
  })
})
afterAll(() => hub.close())

/** Opens a client with a loaded feed. */
const begin = async (user = newUser(), options: Partial<ClientOptions> = {}) => {
  const client = open(user, options)
  const feed = client.feed()
  await until(feed, ({ status }) => status === 'ready')
  return { user, client, feed }
}
const live = (client: Client) =>
  new Promise<void>((resolve) => {
    const off = client.on('connection', (state) => {
      if (state !== 'live') return
      off()
      resolve()
    })
  })

describe('feed', () => {
  it('lists existing items, then arriving ones, newest first', async () => {
    const user = newUser()
    hub.put(user, newItem({ title: 'old' }))
    const { client, feed } = await begin(user)
    expect(titles(feed.getSnapshot().items)).toEqual(['old'])
    const heard = new Promise<InboxItem>((resolve) => client.on('notification', resolve))
    hub.add(user, newItem({ title: 'new' }))
    expect((await heard).title).toBe('new')
    expect(titles(feed.getSnapshot().items)).toEqual(['new', 'old'])
    expect(client.counts.getSnapshot()).toEqual({ unread: 2, unseen: 2 })
    expect(client.connection).toBe('live')
  })

  it('keeps its snapshot and every part of it identical while nothing changes', async () => {
    const { user, client, feed } = await begin()
    hub.add(user)
    const before = await until(feed, ({ items }) => items.length === 1)
    expect(feed.getSnapshot()).toBe(before)
    await feed.refresh()
    expect(feed.getSnapshot().counts).toBe(before.counts)
    expect(client.counts.getSnapshot()).toBe(before.counts)
    hub.add(user)
    const after = await until(feed, ({ items }) => items.length === 2)
    expect(before.items).toHaveLength(1)
    expect(after.items[1]?.id).toBe(before.items[0]?.id)
  })

  it('fetches after each live message if pages have no position, as for a token with several contexts', async () => {
    hub.isPlaced = false
    const { user, client, feed } = await begin()
    if (client.connection !== 'live') await live(client)
    const heard: string[] = []
    client.on('notification', ({ title }) => heard.push(title ?? ''))
    const [item] = [hub.add(user, newItem({ title: 'one' })), hub.add(user, newItem({ title: 'two' }))]
    await until(feed, ({ items }) => titles(items).join() === 'two,one')
    expect(heard).toEqual(['one', 'two'])
    hub.change(user, [item.id], { readAt: new Date().toISOString() })
    await until(feed, ({ counts }) => counts.unread === 1)
    hub.remove(user, item.id)
    await until(feed, ({ items }) => titles(items).join() === 'two')
    const late = client.feed({ tag: 'none' })
    await until(late, ({ status }) => status === 'ready')
  })

  it('takes null for the query of all items, and refuses a token of another kind', async () => {
    const client = createClient({ url: hub.url, token: 'x' })
    expect(client.feed(null as never).getSnapshot().status).toBe('loading')
    expect(() => createClient({ url: hub.url, token: 5 as never })).toThrow(/token must be a string/)
  })

  it('sends no request before it is subscribed to', async () => {
    const user = newUser()
    const client = open(user)
    const feed = client.feed()
    expect(feed.getSnapshot()).toMatchObject({ items: [], status: 'loading', hasMore: false, error: null })
    expect(hub.requests.filter(({ token }) => hub.tokens.get(token) === user)).toEqual([])
    expect(client.connection).toBe('connecting')
  })

  it('loads older pages', async () => {
    const user = newUser()
    for (let i = 0; i < 25; i++) hub.put(user, newItem({ title: `${i}` }))
    const client = open(user)
    const feed = client.feed({ limit: 10 })
    await until(feed, ({ status }) => status === 'ready')
    expect(feed.getSnapshot()).toMatchObject({ hasMore: true, counts: { unread: 25 } })
    await feed.more()
    await feed.more()
    expect(feed.getSnapshot().items).toHaveLength(25)
    expect(feed.getSnapshot().hasMore).toBe(false)
    await feed.refresh()
    expect(feed.getSnapshot().items).toHaveLength(25)
  })

  it('shares one connection and one set of counts with other feeds, but has its own filter', async () => {
    const { user, client, feed } = await begin()
    const unread = client.feed({ status: 'unread' })
    const archived = client.feed({ status: 'archived' })
    const billing = client.feed({ category: 'billing' })
    for (const each of [unread, archived, billing]) await until(each, ({ status }) => status === 'ready')
    const first = hub.add(user, newItem({ title: 'first', category: 'billing' }))
    const second = hub.add(user, newItem({ title: 'second' }))
    await until(feed, ({ items }) => items.length === 2)
    expect(titles(billing.getSnapshot().items)).toEqual(['first'])
    const read = feed.read(first.id)
    expect(titles(unread.getSnapshot().items)).toEqual(['second'])
    expect(unread.getSnapshot().counts).toEqual({ unread: 1, unseen: 1 })
    const archive = feed.archive(second.id)
    expect(titles(archived.getSnapshot().items)).toEqual(['second'])
    expect(titles(feed.getSnapshot().items)).toEqual(['first'])
    await Promise.all([read, archive])
    expect(client.counts.getSnapshot()).toEqual({ unread: 0, unseen: 0 })
    expect(hub.io.sockets.adapter.rooms.get(user)?.size).toBe(1)
  })

  it('lists announcements of any age, and updates them', async () => {
    const user = newUser()
    const old = hub.put(user, newItem({ title: 'old', display: 'banner' }))
    for (let n = 0; n < 40; n++) hub.put(user, newItem())
    const { client, feed } = await begin(user)
    const announced = client.feed({ display: ['banner', 'modal'] })
    await until(announced, ({ status }) => status === 'ready')
    expect(titles(announced.getSnapshot().items)).toEqual(['old'])
    hub.add(user, newItem({ title: 'new', display: 'modal' }))
    hub.add(user, newItem({ title: 'card', display: 'inline' }))
    await until(feed, ({ items }) => items[0]?.title === 'card')
    expect(titles(announced.getSnapshot().items)).toEqual(['new', 'old'])
    await announced.archive(old.id)
    expect(titles(announced.getSnapshot().items)).toEqual(['new'])
    await announced.readAll()
    expect(feed.getSnapshot().counts).toEqual({ unread: 0, unseen: 0 })
    expect(titles(feed.getSnapshot().items)).not.toContain('old')
  })

  it('reports an error until the hub responds', async () => {
    hub.intercept = () => ({ code: 'unavailable' })
    const client = open(newUser())
    const feed = client.feed()
    const { error } = await until(feed, ({ status }) => status === 'error')
    expect(error).toBeInstanceOf(CarillonError)
    expect(error).toMatchObject({ code: 'unavailable', status: 503, temporary: true })
    hub.intercept = () => undefined
    expect(await until(feed, ({ status }) => status === 'ready')).toMatchObject({ error: null })
  })
})

describe('counts', () => {
  it('call their listeners only when a count changes', async () => {
    const user = newUser()
    const item = hub.put(user, newItem())
    hub.put(user, newItem({ category: 'news' }))
    const { client, feed } = await begin(user)
    if (client.connection !== 'live') await live(client)
    const heard: number[] = []
    client.counts.subscribe(() => heard.push(client.counts.getSnapshot().unread))
    await feed.read(item.id)
    await feed.refresh()
    await feed.archive(item.id)
    hub.add(user)
    await until(client.counts, ({ unread }) => unread === 2)
    await feed.refresh()
    expect(heard).toEqual([1, 2])
  })
})

describe('incorrect use', () => {
  it.each([undefined, 'localhost:4472', 'ftp://hub.example', 'hub', '', 'http://'])(
    'is refused: the URL %s',
    (url) => {
      const options = { url: url as string, token: 'x' }
      const message = 'url must look like https://hub.example'
      expect(() => createClient(options)).toThrow(new TypeError(message))
      expect(() => createPush(options)).toThrow(new TypeError(message))
    },
  )

  it('is refused on a page, although the page resolves relative URLs', () => {
    vi.stubGlobal('location', { href: 'https://app.example/page' })
    const create = (url?: string) => createClient({ url: url!, token: 'x', report: false })
    expect(() => create()).toThrow(/^url must look/)
    expect(() => create('localhost:4472')).toThrow(/^url must look/)
    clients.push(create('/hub'))
    vi.unstubAllGlobals()
  })

  it('is refused: an event that does not exist', () => {
    const client = open(newUser())
    for (const event of ['notificaton', 'toString', '__proto__'])
      expect(() => client.on(event as 'error', () => {})).toThrow(
        new TypeError(`unknown event ${event}: must be one of notification,preferences,connection,error`),
      )
  })

  it('is reported: a label that the hub does not know', async () => {
    hub.intercept = ({ path }) => (path === '/counts' ? { code: 'invalid_request' } : undefined)
    const { client } = await begin()
    const error = new Promise<CarillonError>((resolve) => client.on('error', resolve))
    client.countsBy('colour' as 'tag').subscribe(() => {})
    expect(await error).toMatchObject({ code: 'invalid_request', message: 'refused: invalid_request' })
  })
})

describe('actions', () => {
  const cases: [string, (feed: ReturnType<Client['feed']>, id: string) => Promise<unknown>, object][] = [
    ['read', (feed, id) => feed.read(id), { unread: 0, unseen: 0 }],
    ['seen', (feed, id) => feed.seen([id]), { unread: 1, unseen: 0 }],
    ['archive', (feed, id) => feed.archive(id), { unread: 0, unseen: 0 }],
    ['snooze', (feed, id) => feed.snooze(id, new Date(Date.now() + 60_000)), { unread: 0, unseen: 0 }],
    ['remove', (feed, id) => feed.remove(id), { unread: 0, unseen: 0 }],
    ['act', (feed, id) => feed.act(id, 'accept'), { unread: 0, unseen: 0 }],
    ['readAll', (feed) => feed.readAll(), { unread: 0, unseen: 0 }],
    ['seenAll', (feed) => feed.seenAll(), { unread: 1, unseen: 0 }],
    ['archiveAll', (feed) => feed.archiveAll(), { unread: 0, unseen: 0 }],
  ]
  it.each(cases)('%s is applied at once and matches the result of the hub', async (_, verb, counts) => {
    const { user, client, feed } = await begin()
    const { id } = hub.add(user)
    await until(feed, ({ items }) => items.length === 1)
    const done = verb(feed, id)
    expect(client.counts.getSnapshot()).toEqual(counts)
    const items = feed.getSnapshot().items.length
    await done
    expect(hub.counts(user)).toEqual(counts)
    expect(client.counts.getSnapshot()).toEqual(counts)
    expect(feed.getSnapshot().items).toHaveLength(items)
  })

  it('archiveAll with status read archives only items that are read', async () => {
    const { user, client, feed } = await begin()
    const [a, b] = [hub.add(user), hub.add(user)]
    await until(feed, ({ items }) => items.length === 2)
    await feed.read(a.id)
    const done = feed.archiveAll({ status: 'read' })
    expect(feed.getSnapshot().items.map(({ id }) => id)).toEqual([b.id])
    expect(client.counts.getSnapshot()).toEqual({ unread: 1, unseen: 1 })
    await done
    expect(hub.page(user, { status: 'archived' }).items.map(({ id }) => id)).toEqual([a.id])
    expect(hub.counts(user)).toEqual({ unread: 1, unseen: 1 })
    expect(client.counts.getSnapshot()).toEqual({ unread: 1, unseen: 1 })
  })

  it('undoing archiveAll restores exactly the items that it archived, in any number of requests', async () => {
    const { user, client, feed } = await begin()
    const old = hub.add(user)
    await until(feed, ({ items }) => items.length === 1)
    await feed.archive(old.id)
    const ids = [hub.add(user), hub.add(user), hub.add(user)].map(({ id }) => id)
    await until(feed, ({ items }) => items.length === 3)
    const { undo } = await feed.archiveAll()
    expect(feed.getSnapshot().items).toEqual([])
    await undo()
    await until(feed, ({ items }) => items.length === 3)
    expect(new Set(feed.getSnapshot().items.map(({ id }) => id))).toEqual(new Set(ids))
    expect(hub.page(user, { status: 'archived' }).items.map(({ id }) => id)).toEqual([old.id])
    expect(client.counts.getSnapshot()).toEqual({ unread: 3, unseen: 3 })
  })

  it.each(cases)('%s is undone when the hub refuses it', async (_, verb) => {
    const { user, client, feed } = await begin()
    const { id } = hub.add(user)
    const { items } = await until(feed, ({ items }) => items.length === 1)
    hub.intercept = ({ method }) => (method === 'GET' ? undefined : { code: 'invalid_request' })
    const failures: CarillonError[] = []
    client.on('error', (error) => failures.push(error))
    await expect(verb(feed, id)).rejects.toMatchObject({ code: 'invalid_request', status: 422 })
    expect(feed.getSnapshot()).toMatchObject({ items, counts: { unread: 1, unseen: 1 } })
    expect(failures).toHaveLength(1)
  })

  it('applies opposite actions in order', async () => {
    const { user, client, feed } = await begin()
    const { id } = hub.add(user)
    await until(feed, ({ items }) => items.length === 1)
    let requests = 0
    hub.intercept = async ({ method }) => {
      if (method === 'PATCH' && requests++ === 0) await new Promise((resolve) => setTimeout(resolve, 30))
      return undefined
    }
    void feed.read(id)
    void feed.unread(id)
    void feed.archive(id)
    await feed.unarchive(id)
    expect(feed.getSnapshot().items[0]).toMatchObject({ readAt: null, archivedAt: null })
    expect(client.counts.getSnapshot()).toEqual(hub.counts(user))
    expect(hub.counts(user)).toEqual({ unread: 1, unseen: 0 })
  })

  it('retries temporary failures, no earlier than the hub asks', async () => {
    const { user, feed } = await begin()
    const { id } = hub.add(user)
    await until(feed, ({ items }) => items.length === 1)
    const tries: number[] = []
    hub.intercept = ({ method }) => {
      if (method !== 'PATCH') return
      tries.push(performance.now())
      if (tries.length === 1) return { code: 'unavailable', headers: { 'retry-after': '1' } }
      return tries.length === 2 ? { code: 'rate_limited' } : undefined
    }
    await feed.read(id)
    expect(tries).toHaveLength(3)
    expect((tries[1] ?? 0) - (tries[0] ?? 0)).toBeGreaterThan(950)
    expect(hub.counts(user)).toEqual({ unread: 0, unseen: 0 })
  })

  it('keeps a pending action when a refetch does not include it yet', async () => {
    const { user, client, feed } = await begin()
    const { id } = hub.add(user)
    await until(feed, ({ items }) => items.length === 1)
    let proceed = () => {}
    const held = new Promise<undefined>((resolve) => {
      proceed = () => resolve(undefined)
    })
    hub.intercept = ({ method }) => (method === 'PATCH' ? held : undefined)
    const done = feed.read(id)
    await feed.refresh()
    expect(feed.getSnapshot().items[0]?.readAt).not.toBeNull()
    expect(client.counts.getSnapshot().unread).toBe(0)
    proceed()
    await done
    expect(client.counts.getSnapshot().unread).toBe(0)
  })

  it('changes items that are not loaded', async () => {
    const user = newUser()
    for (let i = 0; i < 30; i++) hub.put(user, newItem({ category: i % 2 ? 'odd' : 'even' }))
    const { client, feed } = await begin(user)
    const odd = client.feed({ category: 'odd', limit: 5 })
    await until(odd, ({ status }) => status === 'ready')
    await odd.readAll()
    await until(client.counts, ({ unread }) => unread === 15)
    const all = feed.readAll()
    expect(client.counts.getSnapshot()).toEqual({ unread: 0, unseen: 0 })
    await all
    expect(hub.counts(user)).toEqual({ unread: 0, unseen: 0 })
    expect(client.counts.getSnapshot()).toEqual({ unread: 0, unseen: 0 })
  })

  it('treats removing a missing item as done', async () => {
    const { user, feed } = await begin()
    const item = newItem()
    await feed.remove(item.id)
    hub.add(user, newItem({ title: 'next' }))
    await until(feed, ({ items }) => items.length === 1)
  })

  it('sends no request for items that are already seen', async () => {
    const { user, feed } = await begin()
    const { id } = hub.add(user)
    await until(feed, ({ items }) => items.length === 1)
    await feed.seen([id])
    const before = hub.requests.length
    await feed.seen([id])
    expect(hub.requests).toHaveLength(before)
  })

  it('a bulk action on a tag changes the items with that tag', async () => {
    const { user, client } = await begin()
    hub.add(user, newItem({ tags: ['a'] }))
    hub.add(user, newItem({ tags: ['b'] }))
    const feed = client.feed({ tag: 'a' })
    feed.subscribe(() => {})
    await until(feed, ({ items, counts }) => items.length === 1 && counts.unread === 2)
    await feed.readAll()
    expect(feed.getSnapshot()).toMatchObject({ items: [{ tags: ['a'], readAt: expect.any(String) }] })
    await until(client.counts, ({ unread }) => unread === 1)
  })
})

describe('live messages', () => {
  it('counts a repeated message or a redelivered item once', async () => {
    const { user, client, feed } = await begin()
    hub.carry = (_, deliver) => {
      deliver()
      deliver()
    }
    const heard: string[] = []
    client.on('notification', ({ id }) => heard.push(id))
    const item = hub.add(user)
    await until(feed, ({ items }) => items.length === 1)
    await feed.read(item.id)
    hub.add(user, { ...item })
    const last = hub.add(user)
    await until(feed, ({ items }) => items.length === 2)
    expect(client.counts.getSnapshot()).toEqual({ unread: 1, unseen: 1 })
    expect(feed.getSnapshot().items[1]?.readAt).not.toBeNull()
    expect(heard).toEqual([item.id, last.id])
  })

  it('counts silent items but does not announce them', async () => {
    const { user, client, feed } = await begin()
    const heard: string[] = []
    client.on('notification', ({ id }) => heard.push(id))
    hub.add(user, newItem({ silent: true }))
    hub.put(user, newItem({ silent: true }))
    const last = hub.add(user)
    await feed.refresh()
    await until(feed, ({ items }) => items.length === 3)
    await expect.poll(() => client.counts.getSnapshot()).toEqual({ unread: 3, unseen: 3 })
    expect(heard).toEqual([last.id])
  })

  it('reorders messages that overtook each other, without a fetch', async () => {
    const { user, client, feed } = await begin()
    const held: (() => void)[] = []
    hub.carry = (_, deliver) => held.push(deliver)
    for (const title of ['a', 'b', 'c']) hub.add(user, newItem({ title }))
    hub.carry = (_, deliver) => deliver()
    const before = hub.requests.length
    for (const deliver of held.reverse()) deliver()
    await until(feed, ({ items }) => items.length === 3)
    expect(client.counts.getSnapshot().unread).toBe(3)
    expect(hub.requests).toHaveLength(before)
  })

  // A page is read in three steps: the live position, the counts, the items.
  it.each([
    { stored: 1, told: 'before the page' },
    { stored: 2, told: 'before the page' },
    { stored: 1, told: 'after the page' },
    { stored: 2, told: 'after the page' },
  ])(
    'counts an item once if it is stored after step $stored of a page and announced $told',
    async ({ stored, told }) => {
      const user = newUser()
      const client = open(user)
      const item = newItem()
      let steps = 0
      hub.pause = async () => {
        if (++steps !== stored) return
        if (told === 'after the page') return void hub.put(user, item)
        hub.add(user, item)
        await until(client.counts, ({ unread }) => unread === 1)
      }
      const feed = client.feed()
      await until(feed, ({ status }) => status === 'ready')
      if (told === 'after the page') hub.add(user, item)
      await expect.poll(() => client.counts.getSnapshot()).toEqual({ unread: 1, unseen: 1 })
      expect(feed.getSnapshot().items.map(({ id }) => id)).toEqual([item.id])
      // It stays so after a refetch.
      hub.pause = () => undefined
      await feed.refresh()
      expect(client.counts.getSnapshot()).toEqual({ unread: 1, unseen: 1 })
    },
  )

  it('fetches lost messages once the next message shows the gap', async () => {
    const { user, client, feed } = await begin()
    hub.carry = () => {}
    const lost = hub.add(user)
    const heard = new Promise<void>((resolve) => {
      client.on('notification', ({ id }) => {
        if (id === lost.id) resolve()
      })
    })
    hub.carry = (_, deliver) => deliver()
    hub.add(user)
    await heard
    await until(feed, ({ items }) => items.length === 2)
    expect(client.counts.getSnapshot()).toEqual({ unread: 2, unseen: 2 })
  })

  it('refetches when the epoch changes', async () => {
    const { user, feed } = await begin()
    hub.add(user)
    await until(feed, ({ items }) => items.length === 1)
    hub.restartBus(user)
    hub.put(user, newItem())
    hub.add(user)
    await until(feed, ({ items, counts }) => items.length === 3 && counts.unread === 3)
  })

  it.each([
    [
      'a reconnect',
      (user: string) =>
        hub.io
          .in(user)
          .fetchSockets()
          .then(() => hub.cut()),
    ],
    ['inbox.resync', (user: string) => hub.io.to(user).emit('inbox.resync')],
  ])('fetches missed items after %s', async (_, happen) => {
    const { user, feed } = await begin()
    hub.put(user, newItem())
    await happen(user)
    await until(feed, ({ items, counts }) => items.length === 1 && counts.unread === 1)
  })

  it('applies changes made in other tabs, including to items that are not loaded', async () => {
    const { user, client, feed } = await begin()
    const archived = hub.put(user, newItem({ archivedAt: new Date().toISOString() }))
    const item = hub.add(user)
    await until(feed, ({ items }) => items.length === 1)
    hub.change(user, [item.id], { readAt: new Date().toISOString() })
    await until(client.counts, ({ unread }) => unread === 0)
    hub.change(user, [archived.id], { archivedAt: null })
    await until(feed, ({ items, counts }) => items.length === 2 && counts.unread === 1)
    hub.remove(user, item.id)
    await until(feed, ({ items }) => items.length === 1)
  })

  it('is idle while an app without a document is in the background', async () => {
    const user = newUser()
    const client = open(user)
    client.setActive(false)
    const connected = live(client)
    const feed = client.feed()
    await until(feed, ({ status }) => status === 'ready')
    await connected
    await expect.poll(() => hub.presence.at(-1)).toBe(false)
    const { id } = hub.add(user)
    await until(feed, ({ items }) => items.length === 1)
    expect(hub.received.flat()).not.toContain(id)
    client.setActive(true)
    await expect.poll(() => hub.received.flat()).toContain(id)
    expect(hub.presence.at(-1)).toBe(true)
  })

  it('acknowledges live and fetched items together, once', async () => {
    const user = newUser()
    const old = newItem()
    hub.put(user, old)
    const { feed } = await begin(user)
    const ids = [old.id]
    for (let i = 0; i < 5; i++) ids.push(hub.add(user).id)
    await until(feed, ({ items }) => items.length === 6)
    await feed.refresh()
    while (
      !ids.every(
        (id) => hub.page(user, { status: 'active' }).items.find((item) => item.id === id)?.receivedAt,
      )
    )
      await new Promise((resolve) => setTimeout(resolve, 5))
    const mine = hub.received.filter((some) => some.some((id) => ids.includes(id)))
    expect(mine.flat().sort()).toEqual([...ids].sort())
    expect(mine.length).toBeLessThan(6)
  })

  it('shows items that wake or expire without a live message', async () => {
    const user = newUser()
    const soon = new Date(Date.now() + 1_500).toISOString()
    hub.put(user, newItem({ title: 'wakes', snoozedUntil: soon }))
    hub.put(user, newItem({ title: 'expires', expiresAt: soon }))
    const { client, feed } = await begin(user)
    const snoozed = client.feed({ status: 'snoozed' })
    await until(snoozed, ({ items }) => items.length === 1)
    const { items } = await until(feed, ({ items }) => items[0]?.title === 'wakes')
    expect(items).toHaveLength(1)
    await until(client.counts, ({ unread }) => unread === 1)
  })
})

describe('the event preferences', () => {
  it('reports changes in general or of a context, with and without a position', async () => {
    const user = newUser()
    const client = open(user)
    const changes: object[] = []
    client.on('preferences', (changed) => changes.push(changed))
    await live(client)
    hub.changePreferences(user)
    hub.changePreferences(user, { context: '' })
    hub.changePreferences(user, { placed: false })
    await expect.poll(() => changes).toEqual([{}, { context: '' }, {}])
  })
})

describe('connection', () => {
  it('reconnects forever', async () => {
    const { user, client, feed } = await begin()
    for (let i = 0; i < 3; i++) {
      const back = live(client)
      hub.refuse = 'unavailable'
      hub.cut()
      await new Promise<void>((resolve) => {
        const off = client.on('connection', () => {
          off()
          resolve()
        })
      })
      expect(client.connection).toBe('offline')
      hub.refuse = undefined
      await back
    }
    hub.add(user)
    await until(feed, ({ items }) => items.length === 1)
  })

  it('is not required for fetching', async () => {
    const user = newUser()
    hub.put(user, newItem())
    hub.refuse = 'unavailable'
    const { client, feed } = await begin(user, { timing: { ...FAST, patience: 10 } })
    expect(feed.getSnapshot().items).toHaveLength(1)
    expect(client.connection).not.toBe('live')
  })

  it('requests one fresh token for the socket and HTTP when the old one has expired', async () => {
    const user = newUser()
    let asked = 0
    const token = () => {
      asked++
      return asked === 1 ? 'expired' : hub.token(user)
    }
    const { client, feed } = await begin(user, { token, timing: { ...FAST, patience: 0 } })
    if (client.connection !== 'live') await live(client)
    await feed.refresh()
    expect(asked).toBe(2)
    hub.tokens.clear()
    await Promise.all([feed.refresh(), feed.refresh(), client.feed({ status: 'archived' }).refresh()])
    expect(asked).toBe(3)
  })

  it('reports a refused fresh token, and still recovers', async () => {
    const user = newUser()
    let good = false
    const client = open(user, { token: () => (good ? hub.token(user) : 'bad') })
    const error = new Promise<CarillonError>((resolve) => client.on('error', resolve))
    const feed = client.feed()
    feed.subscribe(() => {})
    expect(await error).toMatchObject({ code: 'token_expired' })
    expect(client.connection).toBe('offline')
    good = true
    await until(feed, ({ status }) => status === 'ready')
  })

  it('stops and reports an error when a fixed token is refused', async () => {
    const client = open(newUser(), { token: 'bad' })
    const error = new Promise<CarillonError>((resolve) => client.on('error', resolve))
    const stopped = new Promise<void>((resolve) =>
      client.on('connection', (state) => {
        if (state === 'stopped') resolve()
      }),
    )
    client.feed().subscribe(() => {})
    expect(await error).toMatchObject({ code: 'token_expired', message: 'refused: token_expired' })
    await stopped
  })

  it('reports a failing token function, and calls it again', async () => {
    const user = newUser()
    let asked = 0
    const token = () => (asked++ === 0 ? Promise.reject(new Error('no')) : hub.token(user))
    const client = open(user, { token })
    const error = new Promise<CarillonError>((resolve) => client.on('error', resolve))
    const feed = client.feed()
    await until(feed, ({ status }) => status === 'ready')
    expect(await error).toMatchObject({ code: 'network', temporary: true })
  })

  it('ends with the client, and does nothing afterwards', async () => {
    const { user, client, feed } = await begin()
    const states: string[] = []
    client.on('connection', (state) => states.push(state))
    client.close()
    client.close()
    expect(states).toEqual(['stopped'])
    const snapshot = feed.getSnapshot()
    hub.add(user)
    await expect(feed.read(newItemId(Date.now()))).rejects.toMatchObject({
      ...{ code: 'not_sent', message: expect.stringMatching(/^read .* failed: the client is closed$/) },
    })
    expect(feed.getSnapshot().items).toEqual(snapshot.items)
  })
})
