import { randomUUID } from 'node:crypto'
import { UnavailableError } from '@carillon/core/errors'
import type { LiveMessage } from '@carillon/core/live/port'
import type { OutgoingMessage } from '@carillon/core/stream/port'
import type { Counts, InboxCounts, InboxItem, InboxPage, LifecycleEvent } from '@carillon/schemas'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Call, openHub, type TestHub, type TestTenant } from '../testing/hub.ts'

/** The messages sent to apps and to the event log, recorded at the ports. */
const live: LiveMessage[] = []
const log: OutgoingMessage[] = []
let liveAway = false
/** Whether the store refuses to change or remove these items. */
let refusesChange = (_ids: readonly string[]) => false
/** The reads of a page, in order of completion. */
const readings: string[] = []

let test: TestHub
let tenant: TestTenant
let token: string

beforeAll(async () => {
  test = await openHub({}, (ports) => ({
    live: {
      ...ports.live,
      deliver: async (messages) => {
        if (liveAway) throw new UnavailableError('live', new Error('gone'))
        live.push(...messages)
        return ports.live.deliver(messages)
      },
      position: async (of, user) => {
        if (liveAway) throw new UnavailableError('live', new Error('gone'))
        readings.push('position')
        return ports.live.position(of, user)
      },
    },
    store: {
      ...ports.store,
      inbox: {
        ...ports.store.inbox,
        change: async (owner, ids, changeFor) => {
          if (refusesChange(ids)) throw new UnavailableError('store', new Error('gone'))
          return ports.store.inbox.change(owner, ids, changeFor)
        },
        remove: async (owner, ids) => {
          if (refusesChange(ids)) throw new UnavailableError('store', new Error('gone'))
          return ports.store.inbox.remove(owner, ids)
        },
        pageWithCounts: async (...given) => {
          await new Promise(setImmediate)
          readings.push('page')
          return ports.store.inbox.pageWithCounts(...given)
        },
      },
    },
    stream: {
      ...ports.stream,
      publish: async (messages) => {
        log.push(...messages)
        return ports.stream.publish(messages)
      },
    },
  }))
})
afterAll(() => test.close())
beforeEach(async () => {
  tenant = await test.tenant()
  token = await tenant.userToken('ann')
  live.length = 0
  log.length = 0
  liveAway = false
})

type Changed = { item: InboxItem; counts: Counts }
type ChangedMany = { ids: string[]; counts: Counts }
type ChangedAll = { counts: Counts }

const call = <T>(method: string, path: string, more: Call = {}) =>
  test.call<T>(method, `/v1/inbox${path}`, { token, ...more })
const page = async (query = '', more: Call = {}) => (await call<InboxPage>('GET', query, more)).json
const patch = (id: string, body: object) => call<Changed>('PATCH', `/${id}`, { body })
const events = (): LifecycleEvent[] =>
  log
    .filter(({ subject }) => subject.startsWith('event.'))
    .map(({ data }) => JSON.parse(Buffer.from(data).toString()))

/** Checks that `work` writes and publishes nothing. */
const untouched = async (work: () => Promise<unknown>) => {
  const before = await page('?limit=100')
  await work()
  expect((await page('?limit=100')).items).toEqual(before.items)
  expect([live, log]).toEqual([[], []])
}

describe('a list by display', () => {
  it('returns the announcements with these displays, without collapsing groups', async () => {
    const POST = { group: { key: 'post-7' } }
    const { id: banner } = await tenant.item('ann', { display: 'banner', ...POST } as object)
    const { id: modal } = await tenant.item('ann', { display: 'modal', ...POST } as object)
    const { id: inline } = await tenant.item('ann', { display: 'inline' } as object)
    await tenant.item('ann')
    const found = async (query: string) => new Set((await page(query)).items.map(({ id }) => id))
    expect(await found('?display=banner,modal')).toEqual(new Set([banner, modal]))
    expect(await found('?display=inline')).toEqual(new Set([inline]))
    const { next } = await page('?display=modal,banner&limit=1')
    expect((await page(`?display=banner,modal&limit=1&before=${next}`)).items).toHaveLength(1)
    for (const query of [`?display=modal&before=${next}`, `?before=${next}`])
      expect((await call('GET', query)).json).toMatchObject({ code: 'cursor_invalid' })
  })

  it.each(['toast', 'banner,', '__proto__', 'banner,modal,inline,banner'])('refuses %s', async (value) => {
    expect((await call('GET', `?display=${value}`)).json).toMatchObject({ errors: [{ pointer: '/display' }] })
  })
})

describe('a group', () => {
  const POST = { group: { key: 'post-7' } }
  const inOrder = async (count: number, more: Partial<InboxItem> = POST) => {
    const ids: string[] = []
    for (let n = 0; n < count; n++) {
      ids.unshift((await tenant.item('ann', more as object)).id)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    return ids
  }
  const found = async (query: string) => (await page(query)).items.map(({ id }) => id)

  it('is one item of the list, with its numbers; its items are listed by its key or flat', async () => {
    const comments = await inOrder(3)
    const [alone] = await inOrder(1, {})
    const likes = await inOrder(2, { ...POST, type: 'like.added' })
    const { items, counts } = await page('')
    expect(items.map(({ id, group }) => [id, group?.count, group?.unread])).toEqual([
      [likes[0], 2, 2],
      [alone, undefined, undefined],
      [comments[0], 3, 3],
    ])
    expect(items[2]?.group?.newest?.map(({ id }) => id)).toEqual(comments)
    expect(counts).toEqual({ unread: 6, unseen: 6 })
    expect(await found('?flat=true')).toEqual([...likes, alone, ...comments])
    expect(await found('?group=post-7')).toEqual([...likes, ...comments])
    expect(await found('?group=post-7&type=like.added')).toEqual(likes)
    // Cleaned as when it was stored.
    expect(await found('?group=%20post-%E2%80%8B7%20&type=like.added')).toEqual(likes)
    expect(await found('?group=post-7&type=like.added&context=')).toEqual(likes)
    expect((await call('GET', '?type=like.added')).json).toMatchObject({
      code: 'invalid_request',
      errors: [{ pointer: '/type' }],
    })
  })

  it('appears once over all pages, and a cursor belongs to its list', async () => {
    for (let n = 0; n < 12; n++) await inOrder(1, { group: { key: `k${n % 5}` } })
    const keys: (string | undefined)[] = []
    let next: string | null = ''
    while (next !== null) {
      const got: InboxPage = await page(`?limit=2${next && `&before=${next}`}`)
      keys.push(...got.items.map(({ group }) => group?.key))
      if (got.next)
        expect((await call('GET', `?limit=2&flat=true&before=${got.next}`)).json).toMatchObject({
          code: 'cursor_invalid',
        })
      next = got.next
    }
    expect(keys).toEqual(['k1', 'k0', 'k4', 'k3', 'k2'])
  })

  it.each([3, 130])('of %i items is read, archived, snoozed and deleted at once', async (count) => {
    const other = await tenant.item('ann', { group: { key: 'post-8' } })
    for (let n = 0; n < count; n++) await tenant.item('ann', POST)
    const [first, second] = (await page('')).items.find(({ group }) => group?.key === 'post-7')!.group!
      .newest!
    const id = second!.id
    expect((await patch(id, { read: true, group: true })).json.counts).toEqual({ unread: 1, unseen: 1 })
    expect(live.map(({ event }) => event)).toContain('inbox.changed')
    expect((await patch(id, { read: false, group: true })).json.counts.unread).toBe(Math.min(100, count + 1))
    const until = new Date(Date.now() + 60_000).toISOString()
    await patch(first!.id, { snoozedUntil: until, group: true })
    expect(await found('')).toEqual([other.id])
    await patch(id, { snoozedUntil: null, group: true })
    await patch(id, { archived: true, group: true })
    expect(await found('')).toEqual([other.id])
    expect((await page('?status=archived')).items[0]?.group?.count).toBe(Math.min(100, count))
    await patch(id, { archived: false, group: true })
    await patch(id, { archived: true })
    live.length = 0
    log.length = 0
    expect((await call<ChangedAll>('DELETE', `/${id}?group=true`)).json.counts).toEqual({
      unread: 1,
      unseen: 1,
    })
    for (const status of ['active', 'archived', 'snoozed'])
      expect(await found(`?status=${status}`)).toEqual(status === 'active' ? [other.id] : [])
    const removed = live.flatMap(({ payload }) => (payload as { ids?: string[] }).ids ?? [])
    expect(new Set(removed).size).toBe(count)
    expect(events().filter(({ kind }) => kind === 'deleted')).toHaveLength(1)
  })

  it.each([3, 130])(
    'of %i items: undoing restores what the action changed, and nothing else',
    async (count) => {
      const [old = '', snoozed = ''] = await inOrder(2)
      const until = (ms: number) => new Date(Date.now() + ms).toISOString()
      await patch(old, { archived: true })
      await patch(snoozed, { snoozedUntil: until(60_000) })
      for (let n = 0; n < count; n++) await tenant.item('ann', POST)
      const shown = async () => (await page('')).items.map(({ group }) => group?.count)
      const undo = { group: true, together: true }
      const [{ id } = { id: '' }] = (await page('')).items
      const all = Math.min(100, count)
      await patch(id, { archived: true, group: true })
      expect(await shown()).toEqual([])
      await patch(id, { archived: false, ...undo })
      expect(await shown()).toEqual([all])
      expect(await found('?status=archived&flat=true')).toEqual([old])
      await patch(id, { snoozedUntil: until(120_000), group: true })
      expect(await shown()).toEqual([])
      await patch(id, { snoozedUntil: null, ...undo })
      expect(await shown()).toEqual([all])
      expect(await found('?status=snoozed&flat=true')).toEqual([snoozed])
    },
  )

  it('is repeatable: after a failure, a second attempt completes it', async () => {
    for (let n = 0; n < 3; n++) await tenant.item('ann', POST)
    const [{ id } = { id: '' }] = (await page('')).items
    await patch(id, { archived: true, group: true })
    const undo = { archived: false, group: true, together: true }
    refusesChange = (ids) => ids.length > 1
    expect((await patch(id, undo)).status).toBe(503)
    refusesChange = () => false
    expect((await patch(id, undo)).status).toBe(200)
    expect((await page('')).items).toMatchObject([{ group: { count: 3 } }])
    expect((await page('?status=archived')).items).toEqual([])
    const remove = async () => (await call('DELETE', `/${id}?group=true`)).status
    refusesChange = (ids) => ids.length > 1
    expect(await remove()).toBe(503)
    refusesChange = () => false
    expect(await remove()).toBe(200)
    expect((await page('')).items).toEqual([])
  })

  it.each([
    { archived: false, together: true },
    { archived: true, group: true, together: true },
    { read: false, group: true, together: true },
  ])('refuses %j', async (body) => {
    const { id } = await tenant.item('ann', POST)
    expect((await patch(id, body)).json).toMatchObject({
      code: 'invalid_request',
      errors: [{ pointer: '/together' }],
    })
  })

  it('of a single item without a group is the item', async () => {
    const [one, other] = await inOrder(2, {})
    await patch(one!, { archived: true, group: true })
    expect(await found('')).toEqual([other])
    expect((await call('PATCH', `/${other}`, { body: { group: true } })).json).toMatchObject({
      code: 'invalid_request',
    })
  })
})

describe('GET /v1/inbox', () => {
  it('pages through all items, newest first', async () => {
    const ids = []
    for (let age = 5; age > 0; age--) ids.unshift((await tenant.item('ann', {}, age * 1_000)).id)
    const found: string[] = []
    let next: string | null = ''
    let pages = 0
    while (next !== null) {
      const got: InboxPage = await page(`?limit=2${next && `&before=${next}`}`)
      found.push(...got.items.map(({ id }) => id))
      expect(got.counts).toEqual({ unread: 5, unseen: 5 })
      next = got.next
      pages++
    }
    expect(found).toEqual(ids)
    expect(pages).toBe(3)
  })

  it('returns no cursor when the last page is full', async () => {
    for (let n = 0; n < 2; n++) await tenant.item('ann')
    expect((await page('?limit=2')).next).toBeNull()
  })

  it('filters by status, category and tag', async () => {
    const news = await tenant.item('ann', { category: 'news', tags: ['a', 'b'] })
    const mail = await tenant.item('ann', { category: 'mail', tags: ['b'] })
    await patch(mail.id, { read: true })
    const ids = async (query: string) => (await page(query)).items.map(({ id }) => id)
    expect(await ids('?category=news')).toEqual([news.id])
    expect(await ids('?tag=a')).toEqual([news.id])
    expect(new Set(await ids('?tag=b'))).toEqual(new Set([news.id, mail.id]))
    expect(await ids('?status=unread')).toEqual([news.id])
    expect(await ids('?status=read')).toEqual([mail.id])
    expect(await ids('?status=archived')).toEqual([])
  })

  it('returns nothing of other users', async () => {
    await tenant.item('ann')
    const bob = await tenant.userToken('bob')
    const stranger = await (await test.tenant()).userToken('ann')
    for (const other of [bob, stranger])
      expect(await page('', { token: other })).toMatchObject({ items: [], counts: { unread: 0, unseen: 0 } })
  })

  it('reads the live position before the page, because the client relies on that order', async () => {
    readings.length = 0
    await page()
    expect(readings).toEqual(['position', 'page'])
  })

  it('returns the live position, if it is known', async () => {
    expect((await page()).position).toMatchObject({ seq: 0 })
    liveAway = true
    expect((await page()).position).toBeNull()
  })

  it('rejects cursors of other users and lists, and forged ones', async () => {
    for (let n = 0; n < 3; n++) {
      await tenant.item('ann')
      await tenant.item('bob')
    }
    const bob = await tenant.userToken('bob')
    const { next } = await page('?limit=1')
    expect((await page(`?limit=2&before=${next}`)).items).toHaveLength(2)
    const wrong: [string, string][] = [
      [`?before=${next}`, bob],
      [`?status=unread&before=${next}`, token],
      [`?category=news&before=${next}`, token],
      [`?before=${next}x`, token],
      ['?before=garbage', token],
      [`?before=${(await tenant.item('ann')).id}`, token],
    ]
    for (const [query, by] of wrong) {
      const reply = await call('GET', query, { token: by })
      expect([query, reply.status, reply.json.code]).toEqual([query, 400, 'cursor_invalid'])
    }
  })

  it('rejects unknown filters', async () => {
    for (const query of ['?limit=0', '?limit=101', '?limit=x', '?status=new', '?stat=unread', '?tag=a&tag=b'])
      expect((await call('GET', query)).json.code, query).toBe('invalid_request')
  })
})

describe('GET /v1/inbox/counts', () => {
  it('counts by labels, also of some contexts only, whatever they are called', async () => {
    await tenant.item('ann', { category: '__proto__', tags: ['a', 'b'] })
    await tenant.item('ann', { category: 'constructor', context: '__proto__' })
    await tenant.item('ann')
    const one = { unread: 1, unseen: 1 }
    const counts = async (query: string, more: Call = {}) => {
      const { json } = await call<InboxCounts>('GET', `/counts${query}`, more)
      const by = Object.entries(json.by ?? {}).map(([label, values]) => [label, Object.entries(values ?? {})])
      return { ...json, by: Object.fromEntries(by) }
    }
    expect(await counts('?by=category,tag,context,')).toMatchObject({ code: 'invalid_request' })
    const all = await counts('?by=category,tag,context')
    expect(all).toMatchObject({ unread: 3, unseen: 3 })
    expect(new Map(all.by.category)).toEqual(
      new Map([
        ['__proto__', one],
        ['constructor', one],
      ]),
    )
    expect(new Map(all.by.tag)).toEqual(
      new Map([
        ['a', one],
        ['b', one],
      ]),
    )
    expect(new Map(all.by.context)).toEqual(
      new Map([
        ['', { unread: 2, unseen: 2 }],
        ['__proto__', one],
      ]),
    )
    const limited = await tenant.userToken('ann', undefined, ['__proto__'])
    expect(await counts('?by=category', { token: limited })).toEqual({
      ...one,
      by: { category: [['constructor', one]] },
    })
    expect((await call('GET', '/counts')).json).toEqual({ unread: 3, unseen: 3 })
  })

  it('rejects unknown labels', async () => {
    for (const by of ['type', 'category,type', 'category,category,tag,context', 'x'.repeat(10_000)])
      expect((await call('GET', `/counts?by=${by}`)).json.code, by).toBe('invalid_request')
  })
})

describe('PATCH /v1/inbox/{id}', () => {
  it('changes the item, notifies the apps and the event log, and returns the counts', async () => {
    const { id, notification } = await tenant.item('ann')
    await tenant.item('ann')
    const { json, status } = await patch(id, { read: true })
    expect(status).toBe(200)
    expect(json.counts).toEqual({ unread: 1, unseen: 1 })
    expect(json.item.readAt).toBe(json.item.seenAt)
    expect((await page('?status=read')).items).toEqual([json.item])
    const { readAt, seenAt } = json.item
    expect(live).toEqual([
      {
        tenant: tenant.id,
        user: 'ann',
        event: 'inbox.changed',
        to: 'whole',
        ask: '',
        payload: { ids: [id], patch: { readAt, seenAt }, counts: { unread: 1, unseen: 1 } },
      },
    ])
    expect(log.map(({ subject }) => subject)).toEqual([`event.${tenant.id}.inbox.read`])
    expect(events()).toMatchObject([
      { kind: 'read', tenant: tenant.id, user: 'ann', items: [{ id, notification }] },
    ])
  })

  it('writes and publishes nothing when nothing changes', async () => {
    const { id } = await tenant.item('ann')
    const first = await patch(id, { read: true })
    live.length = log.length = 0
    await untouched(async () => {
      const again = await patch(id, { read: true, seen: true, archived: false })
      expect(again.json).toEqual(first.json)
    })
  })

  it('undoes a change', async () => {
    const { id } = await tenant.item('ann')
    await patch(id, { read: true, archived: true })
    expect((await patch(id, { read: false, archived: false })).json).toMatchObject({
      item: { readAt: null, archivedAt: null },
      counts: { unread: 1, unseen: 0 },
    })
    expect(events().map(({ kind }) => kind)).toEqual(['read', 'archived', 'unread', 'unarchived'])
  })

  it('schedules the end of a snooze first, and cancels it when the item wakes, is archived or is deleted', async () => {
    const until = new Date(Date.now() + 3_600_000).toISOString()
    const cancelled: string[] = []
    const cancel = test.ports.stream.cancel
    test.ports.stream.cancel = async (keys) => {
      cancelled.push(...keys)
      return cancel(keys)
    }
    const endings: ((id: string) => Promise<unknown>)[] = [
      (id) => patch(id, { snoozedUntil: null }),
      (id) => patch(id, { archived: true }),
      (id) => call('DELETE', `/${id}`),
    ]
    for (const end of endings) {
      const { id } = await tenant.item('ann')
      const key = `schedule.${tenant.id}.snooze.${id.replaceAll('-', '')}`
      log.length = 0
      const { json } = await patch(id, { snoozedUntil: until })
      expect(json.item.snoozedUntil).toBe(until)
      expect((await page('?status=snoozed')).items).toEqual([json.item])
      expect(log[0]).toMatchObject({
        subject: `work.wake.normal.${tenant.id}`,
        schedule: { at: Date.parse(until), key },
      })
      expect(JSON.parse(Buffer.from(log[0]?.data ?? []).toString())).toEqual({ user: 'ann', id })
      expect(events().map(({ kind }) => kind)).toEqual(['snoozed'])
      await end(id)
      expect(cancelled.splice(0)).toEqual([key])
    }
    test.ports.stream.cancel = cancel
  })

  it('rejects contradictory patches', async () => {
    const { id } = await tenant.item('ann')
    const bad = [
      {},
      { read: 'yes' },
      { readAt: new Date().toISOString() },
      { read: true, seen: false },
      { snoozedUntil: 'tomorrow' },
      { archived: true, snoozedUntil: new Date(Date.now() + 60_000).toISOString() },
    ]
    await untouched(async () => {
      for (const body of bad)
        expect((await patch(id, body)).json.code, JSON.stringify(body)).toBe('invalid_request')
      expect((await patch(id, { snoozedUntil: '2020-01-01T00:00:00Z' })).json.code).toBe('time_passed')
    })
  })

  it.each([
    '2100-01-01T00:00:00Z',
    '9999-12-31T23:59:59-23:59',
    new Date(Date.now() + 367 * 86_400_000).toISOString(),
  ])('rejects a snooze until %s as too far ahead', async (snoozedUntil) => {
    const { id } = await tenant.item('ann')
    await untouched(async () => {
      const { status, json } = await patch(id, { snoozedUntil })
      expect([status, json.code, json.errors?.[0]?.pointer]).toEqual([422, 'too_far', '/snoozedUntil'])
    })
  })

  it('succeeds when nobody can be notified', async () => {
    liveAway = true
    const { id } = await tenant.item('ann')
    expect((await patch(id, { read: true })).status).toBe(200)
    expect(await test.ports.metrics.live.get()).toMatchObject({
      values: expect.arrayContaining([expect.objectContaining({ labels: { outcome: 'lost' } })]),
    })
  })
})

describe('a missing item', () => {
  it("returns the same 404 whatever the id, and if it is another user's", async () => {
    const { id } = await tenant.item('bob')
    const foreign = (await (await test.tenant()).item('ann', { actions: [{ name: 'ok', label: 'OK' }] })).id
    const gone = (await tenant.item('ann')).id
    await call('DELETE', `/${gone}`)
    live.length = log.length = 0
    const answers = new Set<string>()
    await untouched(async () => {
      for (const each of [
        id,
        foreign,
        gone,
        randomUUID(),
        id.toUpperCase(),
        'x',
        '%00',
        "'--",
        '__proto__',
        '%F0%9F%94%94',
      ])
        for (const reply of [
          await patch(each, { read: true }),
          await call('DELETE', `/${each}`),
          await call('POST', `/${each}/actions/ok`),
        ]) {
          expect(reply.status, each).toBe(404)
          answers.add(reply.text)
        }
    })
    expect(answers.size).toBe(1)
    const bob = await tenant.userToken('bob')
    expect((await page('', { token: bob })).items[0]).toMatchObject({ id, readAt: null })
  })
})

describe('DELETE /v1/inbox/{id}', () => {
  it('removes the item everywhere', async () => {
    const { id } = await tenant.item('ann')
    expect((await call('DELETE', `/${id}`)).json).toEqual({ counts: { unread: 0, unseen: 0 } })
    expect((await page()).items).toEqual([])
    expect(live).toMatchObject([{ event: 'inbox.removed', payload: { ids: [id], counts: { unread: 0 } } }])
    expect(events()).toMatchObject([{ kind: 'deleted', items: [{ id }] }])
  })
})

describe('POST /v1/inbox/{id}/actions/{name}', () => {
  const actions = [
    { name: 'accept', label: 'Accept' },
    { name: 'deny', label: 'Deny' },
  ]

  it('records an action once and marks the item as read', async () => {
    const { id } = await tenant.item('ann', { actions })
    const first = await call<Changed>('POST', `/${id}/actions/accept`)
    expect(first.json.item.acted).toEqual({ accept: first.json.item.readAt })
    expect(first.json.counts).toEqual({ unread: 0, unseen: 0 })
    expect(events()).toMatchObject([{ kind: 'acted', action: 'accept', items: [{ id }] }])
    live.length = log.length = 0
    await untouched(() => call('POST', `/${id}/actions/accept`))
    const both = await call<Changed>('POST', `/${id}/actions/deny`)
    expect(Object.keys(both.json.item.acted)).toEqual(['accept', 'deny'])
    expect(live[0]?.payload).toMatchObject({ patch: { acted: both.json.item.acted } })
    expect((await page()).items).toEqual([both.json.item])
  })

  it('accepts only actions of the item', async () => {
    const { id } = await tenant.item('ann', { actions })
    const plain = await tenant.item('ann')
    await untouched(async () => {
      for (const path of [`/${id}/actions/other`, `/${id}/actions/toString`, `/${plain.id}/actions/accept`])
        expect((await call('POST', path)).status, path).toBe(404)
    })
  })

  it('lists the actions of the item if it has no action of this name', async () => {
    const detailOf = async (id: string, name = 'other') =>
      (await call<{ code: string; detail: string }>('POST', `/${id}/actions/${encodeURIComponent(name)}`))
        .json
    const { id } = await tenant.item('ann', { actions })
    expect(await detailOf(id)).toMatchObject({
      ...{ code: 'not_found', detail: 'the item has no action `other`; it has `accept`, `deny`' },
    })
    const hostile = 'the item has no such action; it has `accept`, `deny`'
    expect((await detailOf(id, '\u202e<script>')).detail).toBe(hostile)
    const plain = await tenant.item('ann')
    expect((await detailOf(plain.id)).detail).toBe('the item has no action `other`; it has none')
    const others = await tenant.item('bob', { actions })
    expect((await detailOf(others.id)).detail).toBe('there is no such item in this inbox')
  })
})

describe('POST /v1/inbox/seen', () => {
  it('marks existing unseen items', async () => {
    const [a, b] = [await tenant.item('ann'), await tenant.item('ann')]
    const bobs = await tenant.item('bob')
    await patch(b.id, { seen: true })
    live.length = log.length = 0
    const ids = [a.id, a.id, b.id, bobs.id, randomUUID()]
    const { json } = await call<ChangedMany>('POST', '/seen', { body: { ids } })
    expect(json).toEqual({ ids: [a.id], counts: { unread: 2, unseen: 0 } })
    expect(live).toHaveLength(1)
    expect(events()).toMatchObject([{ kind: 'seen', items: [{ id: a.id }] }])
  })

  it('accepts at most 100 ids', async () => {
    const ids = Array.from({ length: 101 }, () => randomUUID())
    for (const bad of [ids, [], ['x'], 'x', null])
      expect((await call('POST', '/seen', { body: { ids: bad } })).status).toBe(422)
  })
})

describe('POST /v1/inbox/clicked', () => {
  const clicked = (body: object) => call<ChangedMany>('POST', '/clicked', { body })

  it('records the first click on an item, marks it as read, and says where', async () => {
    const [a, b] = [await tenant.item('ann'), await tenant.item('ann')]
    const bobs = await tenant.item('bob')
    const ids = [a.id, a.id, bobs.id, randomUUID()]
    expect((await clicked({ ids, via: 'toast' })).json).toEqual({
      ids: [a.id],
      counts: { unread: 1, unseen: 1 },
    })
    const item = (await page()).items.find(({ id }) => id === a.id)
    expect(item).toMatchObject({ readAt: item?.clickedAt, clickedAt: expect.any(String) })
    expect(events()).toMatchObject([{ kind: 'clicked', via: 'toast', items: [{ id: a.id }] }])
    expect(live).toMatchObject([{ payload: { ids: [a.id], patch: { clickedAt: item?.clickedAt } } }])
    await patch(a.id, { read: false })
    live.length = log.length = 0
    const again = await clicked({ ids: [a.id, b.id], via: 'inbox' })
    expect(again.json).toEqual({ ids: [b.id], counts: { unread: 0, unseen: 0 } })
    expect(events().map(({ kind, items }) => [kind, items.map(({ id }) => id)])).toEqual([
      ['clicked', [b.id]],
      ['read', [a.id]],
    ])
    live.length = log.length = 0
    await untouched(() => clicked({ ids: [a.id, b.id], via: 'banner' }))
    expect(
      (await test.ports.store.inbox.get({ tenant: tenant.id, user: 'bob' }, [bobs.id]))[0],
    ).toMatchObject({ readAt: null })
  })

  it('records clicks on pushes in the ledger: on that device, or else the latest', async () => {
    const { id, notification } = await tenant.item('ann')
    const place = { notification, user: 'ann', channel: 'push', toAudience: false, state: 'sent' } as const
    await test.ports.store.deliveries.record(tenant.id, [
      { ...place, step: 0, device: 'laptop', at: Date.now() - 2_000 },
      { ...place, step: 0, device: 'phone', at: Date.now() - 1_000 },
      { ...place, step: 1, device: '', channel: 'email', at: Date.now() },
    ])
    const states = async () =>
      Object.fromEntries(
        (
          await test.ports.store.deliveries.list(
            tenant.id,
            { id: notification, toAudience: false },
            { limit: 9 },
          )
        ).deliveries.map(({ device, state }) => [device, state]),
      )
    await clicked({ ids: [id], via: 'push' })
    expect(await states()).toEqual({ laptop: 'sent', phone: 'clicked', null: 'sent' })
    await clicked({ ids: [id], via: 'push', device: 'laptop' })
    await clicked({ ids: [id], via: 'push', device: 'laptop' })
    await clicked({ ids: [id], via: 'push', device: 'unknown' })
    expect(await states()).toEqual({ laptop: 'clicked', phone: 'clicked', null: 'sent' })
    const told = log.filter(({ subject }) => subject.endsWith('.delivery.clicked'))
    expect(told).toHaveLength(2)
  })

  it('rejects clicks without a known place', async () => {
    const ids = [(await tenant.item('ann')).id]
    const many = Array.from({ length: 101 }, () => randomUUID())
    for (const bad of [
      { ids },
      { ids, via: 'sms' },
      { ids, via: '__proto__' },
      { ids: many, via: 'push' },
      { ids, via: 'push', device: 'a b' },
      { ids, via: 'push', at: '2020-01-01T00:00:00Z' },
    ])
      expect((await clicked(bad)).status).toBe(422)
  })
})

describe('bulk verbs', () => {
  it('change a few items one by one, and name them in the message', async () => {
    const items = await Promise.all(Array.from({ length: 40 }, (_, n) => tenant.item('ann', {}, n)))
    live.length = log.length = 0
    expect((await call<ChangedAll>('POST', '/read-all')).json).toEqual({ counts: { unread: 0, unseen: 0 } })
    const told = live.flatMap(({ payload }) => (payload && 'ids' in payload ? (payload.ids ?? []) : []))
    expect(told.sort()).toEqual(items.map(({ id }) => id).sort())
    expect(events()).toMatchObject([{ kind: 'read' }])
    expect(events()[0]?.items).toHaveLength(40)
    live.length = log.length = 0
    await call('POST', '/read-all')
    expect([live, log]).toEqual([[], []])
  })

  it('change many items at once, and say so in the message', async () => {
    await Promise.all(
      Array.from({ length: 903 }, (_, n) =>
        tenant.item('ann', { category: n % 3 === 0 ? 'news' : 'mail' }, n),
      ),
    )
    const seen = await call<ChangedAll>('POST', '/seen-all', { body: { category: 'news' } })
    expect(seen.json.counts).toEqual({ unread: 100, unseen: 100, more: true })
    expect((await page('?status=unseen&category=news')).items).toEqual([])
    expect((await page('?status=unseen&category=mail&limit=100')).items).toHaveLength(100)
    live.length = log.length = 0
    const read = await call<ChangedAll>('POST', '/read-all')
    expect(read.json.counts).toEqual({ unread: 0, unseen: 0 })
    expect(live).toMatchObject([
      {
        event: 'inbox.changed',
        payload: { all: true, patch: { readAt: expect.any(String) }, counts: { unread: 0 } },
      },
      { event: 'inbox.resync', to: 'limited' },
    ])
    expect(events()).toMatchObject([{ kind: 'read', items: [], all: {} }])
    expect((await page()).items[0]?.readAt).not.toBeNull()
    expect((await call<ChangedAll>('POST', '/archive-all', { body: {} })).status).toBe(200)
    expect((await page()).items).toEqual([])
    expect((await page('?status=archived&limit=100')).items).toHaveLength(100)
  })

  it('do not change items newer than `through`, even if the request is late', async () => {
    const old = await tenant.item('ann', {}, 2)
    const known = await tenant.item('ann', {}, 1)
    const late = await tenant.item('ann', {}, 0)
    const { json } = await call<ChangedAll>('POST', '/read-all', { body: { through: known.id } })
    expect(json.counts).toEqual({ unread: 1, unseen: 1 })
    const owner = { tenant: tenant.id, user: 'ann' }
    const items = await test.ports.store.inbox.get(owner, [old.id, known.id, late.id])
    expect(new Map(items.map(({ id, readAt }) => [id, readAt === null]))).toEqual(
      new Map([
        [old.id, false],
        [known.id, false],
        [late.id, true],
      ]),
    )
    expect((await call('POST', '/read-all', { body: { through: 'x' } })).status).toBe(422)
  })

  it.each([3, 130])('archive only what is read of %i items, and tell the apps so', async (count) => {
    await Promise.all(Array.from({ length: count }, (_, n) => tenant.item('ann', {}, 60_000 + n)))
    const before = (await page('?limit=100')).items
    const unread = before.slice(0, 2).map(({ id }) => id)
    await call('POST', '/read-all', { body: {} })
    for (const id of unread) await patch(id, { read: false })
    live.length = log.length = 0
    const { json } = await call<ChangedAll>('POST', '/archive-all', { body: { status: 'read' } })
    expect(json.counts.unread).toBe(2)
    if (count > 100) expect(live[0]).toMatchObject({ payload: { all: true, status: 'read' } })
    expect((await page('?limit=100')).items.map(({ id }) => id).toSorted()).toEqual(unread.toSorted())
    // What is read later stays.
    await patch(unread[0]!, { read: true })
    expect((await page('?limit=100')).items).toHaveLength(2)
    expect((await call('POST', '/archive-all', { body: { status: 'unread' } })).status).toBe(422)
    expect((await call('POST', '/read-all', { body: { status: 'read' } })).status).toBe(422)
  })

  it.each([
    [3, 1],
    [130, 1],
    [2_010, 2],
  ])('archiving %i items is undone exactly, in %i requests', async (count, requests) => {
    const { id: old } = await tenant.item('ann', {}, 90_000)
    await patch(old, { archived: true })
    for (let n = 0; n < count; n++) await tenant.item('ann', {}, 60_000 + n)
    await call('POST', '/read-all', { body: {} })
    const { id: unread } = await tenant.item('ann')
    type Archived = ChangedAll & { archivedAt: string }
    const { archivedAt } = (await call<Archived>('POST', '/archive-all', { body: { status: 'read' } })).json
    const list = async (query: string) => (await page(`?limit=100${query}`)).items.map(({ id }) => id)
    expect(await list('')).toEqual([unread])
    type Restored = ChangedAll & { ids: string[]; after: string | null }
    const restore = (body: object) => call<Restored>('POST', '/unarchive-all', { body })
    expect((await restore({ archivedAt: '2026-01-01T00:00:00Z' })).json.ids).toEqual([])
    live.length = 0
    const ids: string[] = []
    let [after, sent]: [string | null | undefined, number] = [undefined, 0]
    for (; after !== null; sent++) {
      const { json } = await restore({ archivedAt, ...(after && { after }) })
      ids.push(...json.ids)
      after = json.after
    }
    expect([new Set(ids).size, ids.length, sent]).toEqual([count, count, requests])
    expect(live.map(({ event }) => event)).toContain('inbox.changed')
    expect(await list('&status=archived')).toEqual([old])
    expect((await page('?status=unread')).items.map(({ id }) => id)).toEqual([unread])
    expect((await restore({ archivedAt })).json.ids).toEqual([])
    for (const body of [
      {},
      { archivedAt: 'now' },
      { archivedAt, after: 'x' },
      { archivedAt, status: 'read' },
    ])
      expect((await restore(body)).status, JSON.stringify(body)).toBe('after' in body ? 400 : 422)
  })

  it('can be limited to a tag or a context', async () => {
    await tenant.item('ann', { tags: ['a', 'b'], context: 'acme' })
    await tenant.item('ann', { tags: ['b'] })
    const read = async (body: object) => (await call<ChangedAll>('POST', '/read-all', { body })).json.counts
    expect(await read({ tag: 'c' })).toEqual({ unread: 2, unseen: 2 })
    expect(await read({ tag: 'a' })).toEqual({ unread: 1, unseen: 1 })
    expect(await read({ context: 'acme' })).toEqual({ unread: 1, unseen: 1 })
    expect(await read({ context: '' })).toEqual({ unread: 0, unseen: 0 })
    expect((await page('?context=acme')).items).toHaveLength(1)
    const without = (await page('?context=')).items
    expect(without.every(({ context }) => context === undefined)).toBe(true)
    expect(without).toHaveLength((await page('')).items.length - 1)
  })

  it('do not change archived or snoozed items, or items of other users', async () => {
    const [archived, asleep, bobs] = [
      await tenant.item('ann'),
      await tenant.item('ann'),
      await tenant.item('bob'),
    ]
    await patch(archived.id, { archived: true })
    await patch(asleep.id, { snoozedUntil: new Date(Date.now() + 60_000).toISOString() })
    await call('POST', '/read-all')
    const ann = { tenant: tenant.id, user: 'ann' }
    for (const { readAt } of await test.ports.store.inbox.get(ann, [archived.id, asleep.id]))
      expect(readAt).toBeNull()
    expect((await test.ports.store.inbox.get({ ...ann, user: 'bob' }, [bobs.id]))[0]?.readAt).toBeNull()
  })

  it('reject unknown parameters', async () => {
    for (const body of [{ categories: 'x' }, { category: 'no spaces' }, [], 'x'])
      expect((await call('POST', '/read-all', { body })).status, JSON.stringify(body)).toBeGreaterThanOrEqual(
        400,
      )
  })
})
