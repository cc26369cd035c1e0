import type { Counts, InboxItem, InboxPage } from '@carillon/schemas'
import { io as connect, type Socket } from 'socket.io-client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Call, openHub, type TestHub, type TestTenant } from '../testing/hub.ts'

let test: TestHub
let tenant: TestTenant
let url: string
beforeAll(async () => {
  test = await openHub()
  url = `http://127.0.0.1:${(await test.hub.listen(0, '127.0.0.1')).port}`
})
afterAll(() => test.close())
beforeEach(async () => {
  tenant = await test.tenant()
})

const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.disconnect()
})

/** The inbox as the holder of a token sees it; without contexts, the token is not limited. */
const as = async (...contexts: string[]) => {
  const token = await tenant.userToken('ann', 60, contexts.length > 0 ? contexts : undefined)
  const call = <T>(method: string, path: string, more: Call = {}) =>
    test.call<T>(method, `/v1/inbox${path}`, { token, ...more })
  const listen = async () => {
    const socket = connect(url, { transports: ['websocket'], forceNew: true, auth: { token } })
    sockets.push(socket)
    const frames: [string, { stream?: string; seq?: number; ids?: string[]; counts?: Counts }][] = []
    socket.onAny((event, message) => frames.push([event, message ?? {}]))
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('connect_error', reject)
    })
    const until = (count: number) =>
      vi.waitFor(() => expect(frames.length).toBeGreaterThanOrEqual(count), { timeout: 10_000 })
    return { socket, frames, until }
  }
  return {
    call,
    listen,
    page: async (query = '') => (await call<InboxPage>('GET', query)).json,
    counts: async (query = '') => (await call<Counts>('GET', `/counts${query}`)).json,
  }
}

/** One item of each context, and one without a context. */
const fill = async () => ({
  a: await tenant.item('ann', { context: 'a' }, 3),
  b: await tenant.item('ann', { context: 'b' }, 2),
  proto: await tenant.item('ann', { context: '__proto__' }, 1),
  none: await tenant.item('ann'),
})
const ids = ({ items }: { items: readonly InboxItem[] }) => items.map(({ id }) => id)

describe('a token limited to contexts', () => {
  it('lists and counts only their items', async () => {
    const { a, b, proto, none } = await fill()
    const several = await as('', '__proto__')
    const found = await several.page()
    expect(ids(found)).toEqual([none.id, proto.id])
    expect(found.counts).toEqual({ unread: 2, unseen: 2 })
    expect(found.position).toBeNull()
    expect(found.positions).toMatchObject([
      { stream: '', seq: 0 },
      { stream: '__proto__', seq: 0 },
    ])
    expect(ids(await several.page('?context='))).toEqual([none.id])
    expect(await several.counts('?context=__proto__')).toEqual({ unread: 1, unseen: 1 })
    const one = await (await as('a')).page()
    expect([ids(one), one.counts, one.position?.seq]).toEqual([[a.id], { unread: 1, unseen: 1 }, 0])
    expect(one.positions).toBeUndefined()
    const all = await as()
    expect(ids(await all.page())).toEqual([none.id, proto.id, b.id, a.id])
    expect(await all.counts()).toEqual({ unread: 4, unseen: 4 })
    expect(await all.counts('?context=b')).toEqual({ unread: 1, unseen: 1 })
    expect(await all.counts('?context=nothing')).toEqual({ unread: 0, unseen: 0 })
  })

  it('is refused other contexts by name', async () => {
    const { call } = await as('a')
    for (const [method, path, body] of [
      ['GET', '?context=b'],
      ['GET', '?context='],
      ['GET', '/counts?context=constructor'],
      ['POST', '/read-all', { context: 'b' }],
      ['POST', '/seen-all', { context: '' }],
      ['POST', '/archive-all', { context: '__proto__' }],
    ] as const) {
      const { status, json } = await call<{ code: string }>(method, path, { body })
      expect([status, json.code], path).toEqual([403, 'forbidden'])
    }
    expect((await call('GET', `?context=${'x'.repeat(129)}`)).status).toBe(422)
  })

  it('does not find other items', async () => {
    const { a, b, none } = await fill()
    const { call } = await as('a')
    for (const { id } of [b, none]) {
      expect((await call('PATCH', `/${id}`, { body: { read: true } })).status).toBe(404)
      expect(
        (await call('PATCH', `/${id}`, { body: { snoozedUntil: new Date(Date.now() + 60_000) } })).status,
      ).toBe(404)
      expect((await call('DELETE', `/${id}`)).status).toBe(404)
      expect((await call('POST', `/${id}/actions/x`)).status).toBe(404)
    }
    const seen = await call<{ ids: string[] }>('POST', '/seen', { body: { ids: [a.id, b.id, none.id] } })
    expect(seen.json.ids).toEqual([a.id])
    expect(await (await as()).counts()).toEqual({ unread: 4, unseen: 3 })
    const changed = await call<{ counts: Counts }>('PATCH', `/${a.id}`, { body: { read: true } })
    expect([changed.status, changed.json.counts]).toEqual([200, { unread: 0, unseen: 0 }])
    expect((await call('DELETE', `/${a.id}`)).status).toBe(200)
  })

  it.each(['few', 'many'])('changes all of its items, and no others (%s)', async (amount) => {
    for (let n = 0; n < (amount === 'few' ? 2 : 120); n++)
      for (const context of ['a', 'b', undefined])
        await tenant.item('ann', context === undefined ? {} : { context }, 10_000 + n)
    const all = await as()
    const { call } = await as('a', '')
    const { json } = await call<{ counts: Counts }>('POST', '/read-all')
    expect(json.counts).toEqual({ unread: 0, unseen: 0 })
    expect(await all.counts('?context=a')).toEqual({ unread: 0, unseen: 0 })
    expect(await all.counts('?context=')).toEqual({ unread: 0, unseen: 0 })
    expect((await all.counts('?context=b')).unread).toBe(amount === 'few' ? 2 : 100)
  })
})

describe('two sockets of one user, one limited and one not', () => {
  it('get the frames of their streams, with the counts of the stream', async () => {
    const items = await fill()
    const [all, limited] = [await as(), await as('a')]
    const [whole, a, both] = [await all.listen(), await limited.listen(), await (await as('b', '')).listen()]
    await all.call('PATCH', `/${items.b.id}`, { body: { seen: true } })
    await limited.call('PATCH', `/${items.a.id}`, { body: { read: true } })
    await all.call('PATCH', `/${items.none.id}`, { body: { read: true } })
    await all.call('DELETE', `/${items.a.id}`)
    await Promise.all([whole.until(4), a.until(2), both.until(2)])
    const told = ({ frames }: typeof whole) =>
      frames.map(([event, { stream, seq, ids, counts }]) => [event, stream, seq, ids, counts])
    expect(told(whole)).toEqual([
      ['inbox.changed', undefined, 1, [items.b.id], { unread: 4, unseen: 3 }],
      ['inbox.changed', undefined, 2, [items.a.id], { unread: 3, unseen: 2 }],
      ['inbox.changed', undefined, 3, [items.none.id], { unread: 2, unseen: 1 }],
      ['inbox.removed', undefined, 4, [items.a.id], { unread: 2, unseen: 1 }],
    ])
    expect(told(a)).toEqual([
      ['inbox.changed', 'a', 1, [items.a.id], { unread: 0, unseen: 0 }],
      ['inbox.removed', 'a', 2, [items.a.id], { unread: 0, unseen: 0 }],
    ])
    expect(told(both)).toEqual([
      ['inbox.changed', 'b', 1, [items.b.id], { unread: 1, unseen: 0 }],
      ['inbox.changed', '', 1, [items.none.id], { unread: 0, unseen: 0 }],
    ])
    expect((await all.page()).position?.seq).toBe(4)
    expect((await limited.page()).position?.seq).toBe(2)
  })

  it('are told of changes to items of several contexts, each of its own', async () => {
    const items = await fill()
    const all = await as()
    const [whole, a, b] = [
      await all.listen(),
      await (await as('a')).listen(),
      await (await as('b', 'c')).listen(),
    ]
    await all.call('POST', '/seen', { body: { ids: Object.values(items).map(({ id }) => id) } })
    await Promise.all([whole.until(1), a.until(1), b.until(1)])
    expect(whole.frames[0]?.[1]).toMatchObject({ seq: 1, counts: { unread: 4, unseen: 0 } })
    expect(whole.frames[0]?.[1].ids).toHaveLength(4)
    expect(a.frames).toMatchObject([
      ['inbox.changed', { stream: 'a', ids: [items.a.id], counts: { unread: 1, unseen: 0 } }],
    ])
    expect(b.frames).toMatchObject([
      ['inbox.changed', { stream: 'b', ids: [items.b.id], counts: { unread: 1, unseen: 0 } }],
    ])
  })

  it('fetch after everything was changed at once, or get the change of their context', async () => {
    for (let n = 0; n < 120; n++) await tenant.item('ann', { context: 'a' }, 10_000 + n)
    const [all, limited] = [await as(), await as('a')]
    const [whole, a] = [await all.listen(), await limited.listen()]
    await limited.call('POST', '/seen-all')
    await Promise.all([whole.until(1), a.until(1)])
    await all.call('POST', '/read-all')
    await Promise.all([whole.until(2), a.until(2)])
    expect(whole.frames).toMatchObject([
      ['inbox.changed', { all: true, context: 'a', seq: 1, counts: { unread: 100, unseen: 0 } }],
      ['inbox.changed', { all: true, seq: 2, counts: { unread: 0, unseen: 0 } }],
    ])
    expect(a.frames).toMatchObject([
      ['inbox.changed', { all: true, context: 'a', stream: 'a', seq: 1, counts: { unseen: 0 } }],
      ['inbox.resync', {}],
    ])
  })

  it('acknowledge only items that they see', async () => {
    const items = await fill()
    const a = await (await as('a')).listen()
    a.socket.emit('inbox.received', { ids: Object.values(items).map(({ id }) => id) })
    const all = await as()
    const received = async () =>
      (await all.page()).items.filter(({ receivedAt }) => receivedAt !== null).map(({ id }) => id)
    await vi.waitFor(async () => expect(await received()).toEqual([items.a.id]), { timeout: 10_000 })
  })

  it('are both told of changed preferences', async () => {
    const token = await tenant.userToken('ann')
    const [whole, a] = [await (await as()).listen(), await (await as('a')).listen()]
    await test.call('PATCH', '/v1/preferences', { token, body: { channels: { sms: false } } })
    await Promise.all([whole.until(1), a.until(1)])
    expect(whole.frames).toMatchObject([['preferences.changed', { via: 'app', seq: 1 }]])
    expect(a.frames).toEqual([['preferences.changed', { via: 'app' }]])
  })
})

it('a backend issues limited tokens', async () => {
  await fill()
  const issue = (contexts: unknown) =>
    test.call<{ token: string }>('POST', '/v1/users/ann/token', { token: tenant.key, body: { contexts } })
  const { json } = await issue(['a', '', 'a'])
  expect((await test.call<InboxPage>('GET', '/v1/inbox', { token: json.token })).json.items).toHaveLength(2)
  for (const bad of [[], 'a', [7], ['a\n'], Array.from({ length: 17 }, (_, n) => `c${n}`)])
    expect((await issue(bad)).status, JSON.stringify(bad)).toBe(422)
})
