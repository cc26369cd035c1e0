/** Tests actions that the hub does not answer, refuses or receives late. */
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { type CarillonError, type Client, createClient } from '../index.ts'
import { type Request, startHub, type TestHub } from '../testing/hub.ts'
import { newItem } from '../testing/items.ts'
import { FAST, until } from '../testing/until.ts'

let hub: TestHub
let users = 0
const clients: Client[] = []

beforeAll(async () => {
  hub = await startHub()
})
afterEach(() => {
  vi.unstubAllGlobals()
  for (const client of clients.splice(0)) client.close()
  Object.assign(hub, { intercept: () => undefined, dropsConnections: () => false })
  hub.requests.length = 0
})
afterAll(() => hub.close())

/** Opens a client with a loaded feed of `count` items, and collects the actions reported by its `error` event. */
const begin = async (count = 1, timing = {}, fetched?: typeof fetch) => {
  const user = `user${users++}`
  const ids = Array.from({ length: count }, () => newItem()).map((item) => {
    hub.put(user, item)
    return item.id
  })
  const client = createClient({
    url: hub.url,
    token: hub.token(user),
    timing: { ...FAST, ...timing },
    ...(fetched && { fetch: fetched }),
  })
  clients.push(client)
  const undone: CarillonError[] = []
  client.on('error', (error) => error.action && undone.push(error))
  const feed = client.feed()
  await until(feed, ({ status }) => status === 'ready')
  return { user, client, feed, ids, id: ids[0] ?? '', undone }
}
const writes = () => hub.requests.filter(({ method }) => method !== 'GET')
const whenTried = (times: number) => expect.poll(() => writes().length).toBeGreaterThanOrEqual(times)
const readAt = (user: string, id: string) =>
  hub.page(user, { status: 'active', limit: 1_000 }).items.find((item) => item.id === id)?.readAt

it.each([
  [
    'connections are dropped',
    () => Object.assign(hub, { dropsConnections: (method: string) => method !== 'GET' }),
  ],
  ['the hub is unavailable', () => Object.assign(hub, { intercept: refuseWrites('unavailable') })],
  ['the hub limits the rate', () => Object.assign(hub, { intercept: refuseWrites('rate_limited') })],
])('keeps an action and retries it while %s', async (_, disturb) => {
  const { user, client, feed, id, undone } = await begin()
  disturb()
  const done = feed.read(id)
  await whenTried(8)
  await feed.refresh()
  expect(feed.getSnapshot()).toMatchObject({ items: [{ readAt: expect.any(String) }], counts: { unread: 0 } })
  expect(client.pending).toBe(1)
  Object.assign(hub, { intercept: () => undefined, dropsConnections: () => false })
  await done
  expect(readAt(user, id)).not.toBeNull()
  expect(client.pending).toBe(0)
  expect(undone).toEqual([])
})

it('reports a click at once, marks the item as read, and repeats the report when the page closes', async () => {
  const { user, client, feed, ids } = await begin(2)
  const [a = '', b = ''] = ids
  await feed.clicked(a)
  hub.dropsConnections = (method) => method !== 'GET'
  const late = client.clicked(b, 'toast')
  expect(client.item(b)).toMatchObject({ readAt: expect.any(String), clickedAt: expect.any(String) })
  await whenTried(2)
  hub.dropsConnections = () => false
  client.close()
  await late
  expect(writes().at(0)).toMatchObject({ path: '/clicked', body: { ids: [a], via: 'inbox' } })
  expect(writes().at(-1)).toMatchObject({ path: '/clicked', body: { ids: [b], via: 'toast' } })
  expect(readAt(user, b)).not.toBeNull()
})

it('repeats an attempt that fails while the client is closed', async () => {
  const { user, client, ids } = await begin(1)
  const [a = ''] = ids
  hub.dropsConnections = (method) => {
    if (method === 'GET') return false
    hub.dropsConnections = () => false
    client.close()
    return true
  }
  await client.clicked(a, 'toast')
  expect(readAt(user, a)).not.toBeNull()
})

it('sends queued actions in order', async () => {
  const { user, feed, ids } = await begin(2)
  hub.dropsConnections = (method) => method !== 'GET'
  const [a = '', b = ''] = ids
  const done = [
    feed.read(a),
    feed.archive(b),
    feed.unread(a),
    feed.unarchive(b),
    feed.read(a),
    feed.remove(b),
  ]
  await whenTried(3)
  hub.requests.length = 0
  hub.dropsConnections = () => false
  await Promise.all(done)
  const sent = writes().map(({ method, path, body }) => [
    method,
    path.slice(1),
    ...(Object.entries(body ?? {})[0] ?? []),
  ])
  expect(sent).toEqual([
    ['PATCH', a, 'read', true],
    ['PATCH', b, 'archived', true],
    ['PATCH', a, 'read', false],
    ['PATCH', b, 'archived', false],
    ['PATCH', a, 'read', true],
    ['DELETE', b],
  ])
  expect(readAt(user, a)).not.toBeNull()
})

it('undoes an action that is permanently refused, and reports the action and the reason', async () => {
  const { feed, ids, undone } = await begin(2)
  const [refused = '', other = ''] = ids
  hub.intercept = ({ path, method }) =>
    method === 'PATCH' && path.includes(refused) ? { code: 'forbidden' } : undefined
  const rejected = expect(feed.archive(refused)).rejects.toMatchObject({ code: 'forbidden', status: 403 })
  const done = feed.archive(other)
  await Promise.all([rejected, done])
  expect(feed.getSnapshot().items.map(({ id }) => id)).toEqual([refused])
  expect(undone).toHaveLength(1)
  expect(undone[0]).toMatchObject({
    action: { verb: 'archive', ids: [refused], problem: 'refused: forbidden' },
    message: `archive ${refused} failed: refused: forbidden`,
  })
})

it('names no item in the message of an action on all of them', async () => {
  const { feed, undone } = await begin(1)
  hub.intercept = refuseWrites('forbidden')
  await expect(feed.readAll()).rejects.toMatchObject({ code: 'forbidden' })
  expect(undone[0]?.message).toBe('read-all failed: refused: forbidden')
})

it('does not let one failing action block the others forever', async () => {
  const { feed, ids, undone } = await begin(2)
  const [bad = '', good = ''] = ids
  hub.intercept = ({ path, method }) =>
    method === 'PATCH' && path.includes(bad) ? { code: 'internal' } : undefined
  const rejected = expect(feed.read(bad)).rejects.toMatchObject({ code: 'internal' })
  await feed.read(good)
  await rejected
  expect(undone).toMatchObject([{ action: { verb: 'read', ids: [bad] } }])
})

it('rejects an action at once when too many are queued', async () => {
  const { client, feed, id, undone } = await begin()
  hub.dropsConnections = (method) => method !== 'GET'
  const waiting = Array.from({ length: 500 }, (_, n) => (n % 2 ? feed.unread(id) : feed.read(id)))
  await expect(feed.archive(id)).rejects.toMatchObject({ code: 'not_sent' })
  expect(feed.getSnapshot().items).toHaveLength(1)
  expect(client.pending).toBe(500)
  expect(undone).toMatchObject([{ action: { verb: 'archive', ids: [id] } }])
  hub.dropsConnections = () => false
  await Promise.all(waiting)
})

it('a delayed "mark all read" does not change items that arrived after it, and still counts them', async () => {
  const { user, client, feed, ids } = await begin(2)
  hub.dropsConnections = (method) => method !== 'GET'
  const done = feed.readAll()
  await whenTried(1)
  const late = hub.add(user, newItem({ id: `f${newItem().id.slice(1)}` }))
  await until(feed, ({ items }) => items.length === 3)
  expect(client.counts.getSnapshot()).toEqual({ unread: 1, unseen: 1 })
  hub.dropsConnections = () => false
  await done
  expect(ids.map((id) => readAt(user, id))).not.toContain(null)
  expect(readAt(user, late.id)).toBeNull()
  await until(client.counts, ({ unread }) => unread === 1)
})

/** Replaces the page that browser events come from. */
const inPage = () => {
  const page = new EventTarget()
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  vi.stubGlobal('document', { visibilityState: 'visible' })
  return page
}
const PATIENT = { retry: 3_600_000, retryMax: 3_600_000 }

it('retries at once when the network returns', async () => {
  const page = inPage()
  const { user, feed, id } = await begin(1, PATIENT)
  hub.dropsConnections = (method) => method !== 'GET'
  const done = feed.read(id)
  await whenTried(1)
  hub.dropsConnections = () => false
  // The attempt fails some time after the hub has seen it.
  const online = setInterval(() => page.dispatchEvent(new Event('online')), 10)
  await done
  clearInterval(online)
  expect(readAt(user, id)).not.toBeNull()
})

it('sends queued actions at once, with keepalive, when the page is hidden', async () => {
  const page = inPage()
  const kept = new Set<boolean | undefined>()
  const { user, feed, ids } = await begin(2, PATIENT, (input, init) => {
    if (init?.method !== 'GET') kept.add(init?.keepalive)
    return fetch(input, init)
  })
  hub.dropsConnections = (method) => method !== 'GET'
  const failures = ids.map((id) => feed.read(id))
  await whenTried(1)
  hub.dropsConnections = () => false
  vi.stubGlobal('document', { visibilityState: 'hidden' })
  page.dispatchEvent(new Event('visibilitychange'))
  await expect.poll(() => ids.map((id) => readAt(user, id))).not.toContain(null)
  expect([...kept]).toEqual([true])
  clients.pop()?.close()
  await Promise.all(failures)
})

it('sends queued actions once more, in order, when the client is closed', async () => {
  const { user, client, feed, ids } = await begin(2, PATIENT)
  hub.dropsConnections = (method) => method !== 'GET'
  const done = ids.map((id) => feed.read(id))
  await whenTried(1)
  hub.dropsConnections = () => false
  client.close()
  await Promise.allSettled(done)
  expect(readAt(user, ids[1] ?? '')).not.toBeNull()
  await expect(feed.read(ids[0] ?? '')).rejects.toMatchObject({ code: 'not_sent' })
})

function refuseWrites(code: 'unavailable' | 'rate_limited' | 'forbidden') {
  return ({ method }: Request) => (method === 'GET' ? undefined : { code })
}
