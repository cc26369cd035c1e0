import { labelsOf } from '@carillon/core/items/labels'
import { OperationWork } from '@carillon/core/items/operation-work'
import { itemId, unreadKey } from '@carillon/core/notification/ids'
import type { NotificationRecord } from '@carillon/core/store/ports/notifications'
import type { DeliveredItem, ItemsOperation, OperationReceipt } from '@carillon/schemas'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openHub, type TestHub, type TestTenant } from '../testing/hub.ts'

let test: TestHub
let tenant: TestTenant
beforeAll(async () => {
  test = await openHub()
})
afterAll(() => test.close())
beforeEach(async () => {
  tenant = await test.tenant()
})

const ENTITY = 'gid://shop/Order/7?ü'

/** Stores what a dispatcher stores of a notification, `age` ms ago. */
const delivered = async (
  notification: string,
  users: readonly string[],
  {
    age = 1_000,
    context,
    entity = ENTITY,
    tags,
  }: { age?: number; context?: string; entity?: string; tags?: string[] } = {},
) => {
  const { store } = test.ports
  const content = { entity, ...(context ? { context } : {}), ...(tags ? { tags } : {}) }
  const at = Date.now() - age
  for (const user of users)
    await tenant.item(user, { notification, id: itemId(tenant.id, notification, user, at), ...content }, age)
  const labels = labelsOf({ entity, tags })
  await store.labelled.enter(
    tenant.id,
    labels.map((label) => ({ label, context: context ?? '', notification, at, dueAt: at })),
  )
  const record: NotificationRecord = {
    ...{
      tenant: tenant.id,
      id: notification,
      type: 'test',
      priority: 'normal',
      acceptedAt: at,
      fingerprint: 'f',
    },
    ...{ chains: 0, direct: users.length, users: [...users], ...(context ? { context } : {}) },
  }
  await store.notifications.put([record])
}

type Page = { items: DeliveredItem[]; next: string | null }
const list = (query: Record<string, string>, token = tenant.key) =>
  test.call<Page>('GET', `/v1/items?${new URLSearchParams(query)}`, { token })
const found = async (query: Record<string, string>) =>
  (await list(query)).json.items.map(({ user, notification }) => `${user} ${notification}`)
const post = (verb: string, body: unknown, headers = {}, token = tenant.key) =>
  test.call<OperationReceipt>('POST', `/v1/items/${verb}`, { token, body, headers })
const works = async () =>
  (await test.taken('work-normal'))
    .filter(({ subject }) => subject === `work.operation.normal.${tenant.id}`)
    .map(({ data }) => OperationWork.parse(JSON.parse(Buffer.from(data).toString())))

describe('GET /v1/items', () => {
  it('lists the items of an entity, a tag, a notification or a user, newest notification first', async () => {
    await delivered('first', ['ann', 'bob'], { age: 3_000 })
    await delivered('second', ['ann'], { age: 2_000, context: 'org-7', tags: ['urgent'] })
    await delivered('third', ['ann'], { age: 1_000, entity: 'order-8' })
    expect(await found({ entity: ENTITY })).toEqual(['ann second', 'ann first', 'bob first'])
    expect(await found({ entity: ENTITY, context: 'org-7' })).toEqual(['ann second'])
    expect(await found({ tag: 'urgent' })).toEqual(['ann second'])
    expect(await found({ notification: 'first' })).toEqual(['ann first', 'bob first'])
    expect(await found({ user: 'ann' })).toEqual(['ann third', 'ann second', 'ann first'])
    expect(await found({ user: 'ann', entity: ENTITY, notification: 'first' })).toEqual(['ann first'])
    expect(await found({})).toEqual(['ann third', 'ann second', 'ann first', 'bob first'])
    expect(await found({ entity: 'nothing' })).toEqual([])
  })

  it('has pages, with cursors that belong to their filters', async () => {
    const users = Array.from({ length: 7 }, (_, n) => `user-${n}`)
    await delivered('first', users, { age: 2_000 })
    await delivered('second', users, { age: 1_000 })
    for (const query of [{ entity: ENTITY }, {}] as Record<string, string>[]) {
      const all: string[] = []
      let before: string | null = ''
      while (before !== null) {
        const { json }: Awaited<ReturnType<typeof list>> = await list({ ...query, limit: '3', before })
        expect(json.items.length).toBeLessThanOrEqual(3)
        all.push(...json.items.map(({ user, notification }) => `${user} ${notification}`))
        before = json.next
      }
      expect(all).toEqual(['second', 'first'].flatMap((id) => users.map((user) => `${user} ${id}`)))
    }
    const { next } = (await list({ entity: ENTITY, limit: '3' })).json
    expect((await list({ limit: '3', before: next ?? '' })).json.code).toBe('cursor_invalid')
  })

  it('shows no other tenant', async () => {
    await delivered('first', ['ann'])
    const other = await test.tenant()
    for (const query of [{ entity: ENTITY }, { user: 'ann' }, { notification: 'first' }, {}] as Record<
      string,
      string
    >[])
      expect((await list(query, other.key)).json.items).toEqual([])
  })
})

describe('POST /v1/items/…', () => {
  it('accepts an operation, which can be followed', async () => {
    const bodies = {
      recall: { entity: ENTITY },
      mark: { tag: 'urgent', read: true, user: 'ann' },
      replace: { entity: ENTITY, context: 'org-7', data: { status: 'sent' }, ring: true },
    }
    for (const [kind, body] of Object.entries(bodies)) {
      const { status, json } = await post(kind, body)
      expect(status).toBe(202)
      const path = `/v1/operations/${json.operation}`
      const operation = await test.call<ItemsOperation>('GET', path, { token: tenant.key })
      expect(operation.json).toEqual({
        ...{ id: json.operation, kind, state: 'running', done: 0, total: 0 },
        createdAt: expect.any(String),
      })
      const other = await test.tenant()
      expect((await test.call('GET', path, { token: other.key })).status).toBe(404)
    }
    expect(await works()).toMatchObject([
      { verb: { kind: 'recall' }, target: { entity: ENTITY } },
      { verb: { kind: 'mark', marks: { read: true } }, target: { tag: 'urgent', user: 'ann' } },
      { verb: { kind: 'replace', data: { status: 'sent' }, ring: true }, target: { context: 'org-7' } },
    ])
  })

  it('recalls at once what no dispatcher has read', async () => {
    const { store, stream } = test.ports
    const at = await stream.now(tenant.id)
    await post('recall', { entity: ENTITY, context: 'org-7' })
    const [label = ''] = labelsOf({ entity: ENTITY })
    const entered = [
      { label, context: 'org-7', notification: 'before', at: at - 1, dueAt: at },
      { label, context: 'org-7', notification: 'after', at: at + 1_000, dueAt: at },
      { label, context: '', notification: 'elsewhere', at: at - 1, dueAt: at },
    ]
    expect(await store.labelled.enter(tenant.id, entered)).toEqual([true, false, false])
    const { json } = await test.call<{ id: string }>('POST', '/v1/notifications', {
      token: tenant.key,
      body: { to: 'ann', type: 'test', title: 'Hi' },
    })
    expect((await post('recall', { notification: json.id })).status).toBe(202)
    const keyed = { key: unreadKey(json.id), notification: json.id, at, dueAt: at }
    expect(await store.cancelKeys.enter(tenant.id, [keyed])).toEqual([true])
    // One user's recall leaves the others.
    await post('recall', { entity: 'order-8', user: 'ann' })
    const [other = ''] = labelsOf({ entity: 'order-8' })
    const later = { label: other, context: '', notification: 'x', at: at - 1, dueAt: at }
    expect(await store.labelled.enter(tenant.id, [later])).toEqual([false])
  })

  it('with the same idempotency key is one operation', async () => {
    const headers = { 'idempotency-key': 'recall-7' }
    const [one, two] = [
      await post('recall', { entity: ENTITY }, headers),
      await post('recall', { entity: ENTITY }, headers),
    ]
    expect(two.json).toEqual(one.json)
    expect(two.headers.get('idempotency-replayed')).toBe('true')
    expect((await post('mark', { entity: ENTITY, read: true }, headers)).json.code).toBe(
      'idempotency_key_reused',
    )
    expect(await works()).toHaveLength(1)
  })

  it('is 404 for a notification that was never accepted', async () => {
    for (const [verb, more] of Object.entries({ recall: {}, mark: { read: true }, replace: { data: {} } }))
      expect((await post(verb, { notification: 'nothing', ...more })).json.code, verb).toBe('not_found')
    expect(await works()).toEqual([])
  })

  it.each([
    ['recall', {}, 'name one of'],
    ['recall', { user: 'ann' }, 'name one of'],
    ['recall', { entity: 'a', tag: 'b' }, 'name one of'],
    ['recall', { entity: '' }, '/entity'],
    ['recall', { entity: 'x'.repeat(129) }, '/entity'],
    ['recall', { entity: 7 }, '/entity'],
    ['recall', { entity: 'a\u202eb' }, '/entity'],
    ['recall', { entity: 'a', __proto__: {}, everything: true }, '/everything'],
    ['recall', '[]', ''],
    ['mark', { entity: 'a' }, 'at least one'],
    ['mark', { entity: 'a', read: true, seen: false }, '/seen'],
    ['mark', { entity: 'a', read: 'yes' }, '/read'],
    ['mark', { entity: 'a', snoozedUntil: null }, '/snoozedUntil'],
    ['replace', { entity: 'a' }, 'either data or content'],
    ['replace', { entity: 'a', data: {}, content: { title: 'x' } }, 'either data or content'],
    ['replace', { entity: 'a', data: 'x' }, '/data'],
    ['replace', { entity: 'a', content: {} }, '/content'],
    ['replace', { entity: 'a', content: { url: 'javascript:alert(1)' } }, '/content/url'],
    ['replace', { entity: 'a', content: { title: 'x'.repeat(513) } }, '/content/title'],
    ['replace', { entity: 'a', content: { data: {} } }, '/content'],
  ])('refuses %s %j', async (verb, body, where) => {
    const { status, json } = await post(verb, body)
    expect([status, json.code]).toEqual([422, 'invalid_request'])
    expect(JSON.stringify(json)).toContain(where)
    expect(await works()).toEqual([])
  })

  it('refuses a body that is too large', async () => {
    const data = { text: 'x'.repeat(70_000) }
    expect((await post('replace', { entity: 'a', data })).json.code).toBe('payload_too_large')
    expect(await works()).toEqual([])
  })

  it('by a key without the right changes nothing', async () => {
    await delivered('first', ['ann'])
    const token = await tenant.keyWith('notifications:write', 'items:read')
    for (const [verb, more] of Object.entries({ recall: {}, mark: { read: true }, replace: { data: {} } }))
      expect((await post(verb, { entity: ENTITY, ...more }, {}, token)).status, verb).toBe(403)
    expect(await works()).toEqual([])
    expect((await list({}, await tenant.keyWith('items:write'))).status).toBe(403)
    expect(await found({ entity: ENTITY })).toEqual(['ann first'])
  })
})
