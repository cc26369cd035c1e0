import { UnavailableError } from '@carillon/core/errors'
import { labelsOf } from '@carillon/core/items/labels'
import { firstPart, operationMessage } from '@carillon/core/items/operation-work'
import { itemId } from '@carillon/core/notification/ids'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { closeMessage } from '../digests/window-work.ts'
import { type OperationWorld, openOperationWorld, until, uuidv7 } from './testing/operation-world.ts'

let world: OperationWorld
afterEach(() => world.close())

const open = async (options: Parameters<typeof openOperationWorld>[0] = {}) => {
  world = await openOperationWorld(options)
  return world
}

describe('recall', () => {
  test('removes the items of an entity from every inbox, sends live messages, and leaves other items', async () => {
    const { inbox, live, operate, order, quiet } = await open()
    await order('first', { to: ['ada', 'bob'] })
    await order('second', { context: 'org-7' })
    await order('another', { entity: 'order-8', tags: ['x'] })
    await quiet()
    live.length = 0
    const operation = await operate({ kind: 'recall' }, { entity: 'order-7' })
    expect(operation).toMatchObject({ kind: 'recall', done: 3, total: 3, skipped: 0 })
    expect((await inbox('ada')).map(({ title }) => title)).toEqual(['another'])
    expect(await inbox('bob')).toEqual([])
    const frames = live.filter(({ event }) => event === 'inbox.removed')
    expect(frames.map(({ user }) => user).sort()).toEqual(['ada', 'ada', 'bob'])
    expect(frames[0]).toMatchObject({ payload: { ids: [expect.any(String)] } })
  })

  test('devices that show an item are updated once it is recalled, or marked as read', async () => {
    const { inbox, operate, order, quiet, store, stream, tenant } = await open()
    const publish = vi.spyOn(stream, 'publish')
    await order('first', { to: ['ada', 'bob'] })
    await order('second', { entity: 'order-8' })
    await quiet()
    const [second, first] = await inbox('ada')
    for (const { id } of [first!, second!])
      await store.shownPushes.put(tenant, [
        { user: 'ada', device: 'phone', key: id, items: [id], account: 'fcm', sentAt: Date.now() },
      ])
    const updates = () =>
      publish.mock.calls
        .flatMap(([messages]) => messages)
        .filter(({ subject }) => subject === `work.step.push.low.${tenant}`)
        .map(({ data }) => JSON.parse(Buffer.from(data).toString()).update.user)
    await operate({ kind: 'mark', marks: { seen: true } }, { entity: 'order-7' })
    expect(updates()).toEqual([])
    await operate({ kind: 'mark', marks: { read: true } }, { entity: 'order-8' })
    await until(() => expect(updates()).toEqual(['ada']))
    await operate({ kind: 'recall' }, { entity: 'order-7' })
    await until(() => expect(updates()).toEqual(['ada', 'ada']))
  })

  test('of one user, context or notification leaves the others', async () => {
    const { inbox, operate, order, quiet } = await open()
    await order('first', { to: ['ada', 'bob'], id: 'first', tags: ['t'] })
    await order('second', { to: ['ada', 'bob'], context: 'org-7', tags: ['t'] })
    await order('third', { to: ['ada', 'bob'], context: 'org-8', tags: ['t'] })
    await quiet()
    await operate({ kind: 'recall' }, { entity: 'order-7', user: 'bob', context: 'org-8' })
    expect((await inbox('bob')).map(({ title }) => title).sort()).toEqual(['first', 'second'])
    await operate({ kind: 'recall' }, { tag: 't', context: 'org-7' })
    expect((await inbox('ada')).map(({ title }) => title).sort()).toEqual(['first', 'third'])
    await operate({ kind: 'recall' }, { notification: 'first' })
    expect((await inbox('ada')).map(({ title }) => title)).toEqual(['third'])
    expect(await inbox('bob')).toEqual([])
  })

  test('ends pending steps, those in digests too', async () => {
    const { ledger, mail, operate, order, person, quiet, store, stream, tenant } = await open()
    await person('ada', { email: 'ada@example.org' })
    const later = { channel: 'email', when: 'always', after: 3_600 } as const
    await store.types.put(tenant, {
      key: 'order',
      plan: [{ channel: 'email', when: 'always', after: 0, digest: { window: 3_600 } }],
    })
    await order('in a digest', { id: 'digested' })
    await order('later', { id: 'delayed', plan: [later] })
    await order('without an item', { id: 'bare', inbox: 'none', plan: [later] })
    const deliverAt = new Date(Date.now() + 3_600_000).toISOString()
    await order('scheduled', { id: 'scheduled', deliverAt })
    await quiet()
    const waiting = async () => {
      const { scheduled } = await stream.waiting()
      return [scheduled.get('delay'), scheduled.get('deliver_at')]
    }
    expect(await waiting()).toEqual([2, 1])
    await operate({ kind: 'recall' }, { entity: 'order-7' })
    expect(await waiting()).toEqual([0, 0])
    for (const id of ['digested', 'delayed', 'bare', 'scheduled'])
      expect(await store.notifications.get(tenant, id)).toMatchObject({ state: 'cancelled' })
    const [window] = await store.digests.open(tenant, ['ada'])
    const now = { kind: 'digest', priority: 'normal', at: Date.now(), apart: true } as const
    await stream.publish([closeMessage(tenant, window!, now)])
    await until(async () =>
      expect(await ledger('digested', 'ada')).toMatchObject([{ state: 'skipped', reason: 'cancelled' }]),
    )
    await quiet()
    expect(mail.got).toEqual([])
  })

  test('handles an audience part by part, in any number of dispatchers, and after a crash', async () => {
    const { inbox, live, operate, order, quiet, store, stream, tenant } = await open()
    const users = Array.from({ length: 1_200 }, (_, n) => `user-${n}`)
    await store.topics.add(tenant, 'team', users)
    await order('to all', { to: { topic: 'team' }, id: 'broadcast' })
    await quiet()
    live.length = 0
    const publish = vi.spyOn(stream, 'publish')
    const recalled = vi.spyOn(store.inbox, 'recalled')
    const recipients = vi.spyOn(store.inbox, 'recipients')
    const operation = await operate({ kind: 'recall' }, { notification: 'broadcast' })
    expect(operation).toMatchObject({ done: 1_200, total: 1_200 })
    // Items that are stored after the recipients were read are removed, because the notification is recalled.
    const [first] = recalled.mock.invocationCallOrder
    expect(first).toBeLessThan(recipients.mock.invocationCallOrder[0] ?? 0)
    for (const user of ['user-0', 'user-700', 'user-1199']) expect(await inbox(user)).toEqual([])
    expect(live.filter(({ event }) => event === 'inbox.removed')).toHaveLength(1_200)
    // Every part is repeated, as after a crash.
    const parts = publish.mock.calls
      .flatMap(([messages]) => messages)
      .filter(({ subject }) => subject.startsWith('work.operation.'))
    expect(parts.length).toBeGreaterThan(2)
    await stream.publish(parts.map(({ dedupe: _, ...message }) => message))
    await quiet()
    expect(await store.operations.get(tenant, operation!.id)).toMatchObject({ done: 1_200, finished: true })
  })

  test('also removes items that are stored while it runs', async () => {
    const { inbox, operate, order, quiet, store, tenant } = await open()
    const users = Array.from({ length: 800 }, (_, n) => `user-${n}`)
    await store.topics.add(tenant, 'team', users)
    await order('to all', { to: { topic: 'team' }, id: 'broadcast' })
    await until(async () => expect(await store.notifications.get(tenant, 'broadcast')).toBeDefined())
    await operate({ kind: 'recall' }, { notification: 'broadcast' })
    await quiet()
    for (const user of users) expect(await inbox(user)).toEqual([])
  })

  test('checks a notification again while a dispatcher is still reading it', async () => {
    const { inbox, order, quiet, store, stream, tenant } = await open()
    await order('first', { id: 'first' })
    await quiet()
    const record = await store.notifications.get(tenant, 'first')
    const [item] = await inbox('ada')
    const [label = ''] = labelsOf({ entity: 'order-8' })
    const at = await stream.now(tenant)
    await store.labelled.enter(tenant, [{ label, context: '', notification: 'late', at, dueAt: at }])
    const operation = { id: uuidv7(), createdAt: Date.now(), until: at + 1 }
    await store.operations.begin(tenant, { ...operation, kind: 'recall' })
    const target = { entity: 'order-8' }
    const part = firstPart({ ...operation, verb: { kind: 'recall' }, target })
    await stream.publish([operationMessage(tenant, part)])
    await until(async () =>
      expect(await store.operations.get(tenant, operation.id)).toMatchObject({ step: 2, finished: false }),
    )
    const { id: _, arrivedAt: _arrivedAt, ...content } = item!
    const id = itemId(tenant, 'late', 'ada', at)
    await store.inbox.put([
      { tenant, user: 'ada', id, content: { ...content, notification: 'late' }, expiresAt: at + 600_000 },
    ])
    await store.notifications.put([{ ...record!, id: 'late', acceptedAt: at }])
    await until(async () =>
      expect(await store.operations.get(tenant, operation.id)).toMatchObject({ finished: true }),
    )
    expect((await inbox('ada')).map(({ notification }) => notification)).toEqual(['first'])
  })

  test('removes evolved items with the notification that they show, and not with an earlier one', async () => {
    const { inbox, operate, order, quiet } = await open()
    await order('first', { id: 'first' })
    await quiet()
    await order('second', { id: 'second', replace: true, tags: ['new'] })
    await quiet()
    await operate({ kind: 'recall' }, { notification: 'first' })
    expect((await inbox('ada')).map(({ title }) => title)).toEqual(['second'])
    await operate({ kind: 'recall' }, { tag: 'new' })
    expect(await inbox('ada')).toEqual([])
  })

  test('sends live messages about every removed item, even if the store fails in between', async () => {
    const { live, operate, order, quiet, store } = await open()
    await order('first')
    await order('second')
    await quiet()
    const { recall } = store.inbox
    let calls = 0
    vi.spyOn(store.inbox, 'recall').mockImplementation(async (...given) => {
      calls++
      if (calls === 2) throw new UnavailableError('store', new Error('no answer'))
      return recall(...given)
    })
    await operate({ kind: 'recall' }, { entity: 'order-7' })
    const frames = live.filter(({ event }) => event === 'inbox.removed')
    expect(
      new Set(frames.flatMap(({ payload }) => (payload && 'ids' in payload ? payload.ids : []))).size,
    ).toBe(2)
    expect(calls).toBeGreaterThan(2)
  })

  test('of notifications without pending steps cancels no messages of the log', async () => {
    const { inbox, operate, quiet, send, stream } = await open()
    for (let n = 0; n < 120; n++)
      await send({ to: `user-${n % 40}`, type: 'order', title: `${n}`, tags: ['many'] })
    await quiet()
    const cancel = vi.spyOn(stream, 'cancel')
    const cancelGroup = vi.spyOn(stream, 'cancelGroup')
    expect(await operate({ kind: 'recall' }, { tag: 'many' })).toMatchObject({ done: 120, total: 120 })
    expect(await inbox('user-7')).toEqual([])
    expect([cancel.mock.calls, cancelGroup.mock.calls]).toEqual([[], []])
  })

  test('of a tenant touches no other tenant', async () => {
    const { inbox, operate, order, quiet, store, titles } = await open()
    const content = { notification: 'n', type: 'order', entity: 'order-7', priority: 'normal' } as const
    const other = { tenant: 'other', user: 'ada' }
    const createdAt = new Date().toISOString()
    await store.inbox.put([
      {
        ...other,
        id: uuidv7(),
        content: { ...content, title: 'theirs', createdAt },
        expiresAt: Date.now() + 60_000,
      },
    ])
    await order('ours')
    await quiet()
    await operate({ kind: 'recall' }, { entity: 'order-7' })
    expect(await inbox('ada')).toEqual([])
    expect(await titles('ada', 'other')).toEqual(['theirs'])
  })
})

describe('mark', () => {
  test('sends live messages and events about every changed item, even if the store fails in between', async () => {
    const { live, operate, order, quiet, store, stream } = await open()
    await order('first', { to: ['ada', 'bob'] })
    await quiet()
    const { change } = store.inbox
    let fail = (_error: Error) => {}
    const failed = new Promise<never>((_, reject) => {
      fail = reject
    })
    failed.catch(() => {})
    const changed = vi.spyOn(store.inbox, 'change').mockImplementation(async (owner, ...given) => {
      if (changed.mock.calls.length > 2) return change(owner, ...given)
      if (owner.user === 'bob') return failed
      fail(new UnavailableError('store', new Error('no answer')))
      // The other change has failed before this one is stored.
      await failed.catch(() => {})
      return change(owner, ...given)
    })
    const publish = vi.spyOn(stream, 'publish')
    live.length = 0
    await operate({ kind: 'mark', marks: { read: true } }, { entity: 'order-7' })
    const frames = live.filter(({ event }) => event === 'inbox.changed')
    expect(frames.map(({ user }) => user).sort()).toEqual(['ada', 'bob'])
    const events = publish.mock.calls.flatMap(([messages]) =>
      messages.flatMap(({ data, subject }) =>
        subject.startsWith('event.') ? JSON.parse(Buffer.from(data).toString()).user : [],
      ),
    )
    expect(events.sort()).toEqual(['ada', 'bob'])
  })

  test('sets the state of items, as their users would, and resets it', async () => {
    const { inbox, live, operate, order, quiet } = await open()
    await order('first', { to: ['ada', 'bob'] })
    await quiet()
    live.length = 0
    await operate({ kind: 'mark', marks: { read: true } }, { entity: 'order-7' })
    expect(await inbox('ada')).toMatchObject([{ readAt: expect.any(String), seenAt: expect.any(String) }])
    expect(live.map(({ event, user }) => `${event} ${user}`).sort()).toEqual([
      'inbox.changed ada',
      'inbox.changed bob',
    ])
    await operate({ kind: 'mark', marks: { seen: false } }, { entity: 'order-7', user: 'ada' })
    expect(await inbox('ada')).toMatchObject([{ readAt: null, seenAt: null }])
    expect(await inbox('bob')).toMatchObject([{ readAt: expect.any(String) }])
    await operate({ kind: 'mark', marks: { archived: true } }, { entity: 'order-7' })
    expect(await inbox('ada')).toEqual([])
    expect(await inbox('ada', 'archived')).toHaveLength(1)
    // A repeated operation changes nothing and sends no messages.
    live.length = 0
    await operate({ kind: 'mark', marks: { archived: true } }, { entity: 'order-7' })
    expect(live).toEqual([])
  })

  test('ends steps whose condition no longer holds', async () => {
    const { ledger, mail, operate, order, person, quiet } = await open()
    await person('ada', { email: 'ada@example.org' })
    await order('first', { id: 'first', plan: [{ channel: 'email', when: 'unread', after: 3 }] })
    await quiet()
    await operate({ kind: 'mark', marks: { read: true } }, { entity: 'order-7' })
    await until(async () =>
      expect(await ledger('first', 'ada')).toMatchObject([{ state: 'skipped', reason: 'read' }]),
    )
    expect(mail.got).toEqual([])
  })
})

describe('replace', () => {
  const type = {
    key: 'order',
    schema: { type: 'object', properties: { status: { type: 'string' } }, additionalProperties: true },
    content: { title: 'Order {{ data.number }}: {{ data.status }}' },
    locales: { de: { content: { title: 'Bestellung {{ data.number }}: {{ data.status }}' } } },
  } as const

  test('renders other data in the locale of each user, by the version of acceptance', async () => {
    const { inbox, live, operate, order, person, quiet, store, tenant } = await open()
    await person('bob', { locale: 'de' })
    await store.types.put(tenant, type)
    await order('', { to: ['ada', 'bob'], title: undefined, data: { number: 7, status: 'sent' } })
    await quiet()
    const [before] = await inbox('ada')
    await operate({ kind: 'mark', marks: { read: true } }, { entity: 'order-7' })
    await store.types.put(tenant, { ...type, content: { title: 'another version' } })
    live.length = 0
    const operation = await operate({ kind: 'replace', data: { status: 'delivered' } }, { entity: 'order-7' })
    expect(operation).toMatchObject({ done: 2, total: 2, skipped: 0 })
    expect(await inbox('ada')).toMatchObject([
      {
        id: before?.id,
        title: 'Order 7: delivered',
        data: { number: 7, status: 'delivered' },
        createdAt: before?.createdAt,
        readAt: expect.any(String),
      },
    ])
    expect(await inbox('bob')).toMatchObject([{ title: 'Bestellung 7: delivered' }])
    expect(live).toMatchObject([
      { event: 'inbox.changed', payload: { ids: [expect.any(String)], item: { data: { number: 7 } } } },
      { event: 'inbox.changed' },
    ])
    expect(live[0]?.payload).not.toHaveProperty('ring')
  })

  test('uses literal texts on every channel that has not been sent', async () => {
    const { appUrl, inbox, mail, operate, order, person, quiet, store, tenant } = await open()
    await appUrl('https://app.example.org')
    await person('ada', { email: 'ada@example.org' })
    await store.types.put(tenant, { ...type, plan: [{ channel: 'email', when: 'unread', after: 3 }] })
    await order('', { title: undefined, data: { number: 7, status: 'sent' }, body: 'Soon', url: '/orders/7' })
    await quiet()
    const content = { title: 'Delivered to {{ nobody }}', body: null }
    await operate({ kind: 'replace', content, unread: true, ring: true }, { entity: 'order-7' })
    const [item] = await inbox('ada')
    expect(item).toMatchObject({ title: 'Delivered to {{ nobody }}', url: '/orders/7', literal: true })
    expect(item).not.toHaveProperty('body')
    await until(() => expect(mail.got).toHaveLength(1))
    expect(mail.got[0]?.content.title).toBe('Delivered to {{ nobody }}')
    expect(JSON.stringify(mail.got[0]?.content)).not.toContain('Order 7')
  })

  test('waits for a fan-out that is running, and keeps newer content', async () => {
    const { inbox, operate, order, quiet, store, tenant } = await open()
    const users = Array.from({ length: 800 }, (_, n) => `user-${n}`)
    await store.topics.add(tenant, 'team', users)
    await order('to all', { to: { topic: 'team' }, id: 'broadcast' })
    await until(async () => expect(await store.notifications.get(tenant, 'broadcast')).toBeDefined())
    const verb = { kind: 'replace', content: { title: 'changed' } } as const
    const operation = await operate(verb, { notification: 'broadcast' })
    expect(operation).toMatchObject({ total: operation?.done })
    for (const user of users) expect((await inbox(user)).map(({ title }) => title)).toEqual(['changed'])
    await order('newest', { to: 'user-1', replace: true })
    await quiet()
    await operate(verb, { notification: 'broadcast' })
    expect((await inbox('user-1')).map(({ title }) => title)).toEqual(['newest'])
  })

  test('skips and counts items whose data would not fit the schema', async () => {
    const { inbox, operate, order, quiet, store, tenant } = await open()
    await store.types.put(tenant, type)
    await order('', { title: undefined, data: { number: 7, status: 'sent' } })
    await quiet()
    expect(await operate({ kind: 'replace', data: { status: 5 } }, { entity: 'order-7' })).toMatchObject({
      skipped: 1,
    })
    expect(await inbox('ada')).toMatchObject([{ title: 'Order 7: sent' }])
  })

  test('counts a skipped item once, also if its fan-out was running', async () => {
    const { operate, order, store, tenant } = await open()
    await store.types.put(tenant, type)
    const users = Array.from({ length: 800 }, (_, n) => `user-${n}`)
    await store.topics.add(tenant, 'team', users)
    const data = { number: 7, status: 'sent' }
    await order('', { to: { topic: 'team' }, id: 'broadcast', title: undefined, data })
    await until(async () => expect(await store.notifications.get(tenant, 'broadcast')).toBeDefined())
    const operation = await operate({ kind: 'replace', data: { status: 5 } }, { notification: 'broadcast' })
    expect(operation).toMatchObject({ skipped: 800 })
  })

  test('skips items whose data would be too large, in bytes', async () => {
    const { inbox, operate, order, quiet } = await open()
    await order('first', { data: { note: 'é'.repeat(20_000) } })
    await quiet()
    const verb = { kind: 'replace', data: { more: 'é'.repeat(15_000) } } as const
    expect(await operate(verb, { entity: 'order-7' })).toMatchObject({ skipped: 1 })
    expect((await inbox('ada'))[0]?.data).not.toHaveProperty('more')
  })

  test('reads the items and counts of a user once, however many notifications there are', async () => {
    const { live, operate, order, quiet, store } = await open()
    for (const entity of ['order-7', 'order-8', 'order-9']) await order(entity, { entity, tags: ['all'] })
    await quiet()
    live.length = 0
    const counts = vi.spyOn(store.inbox, 'counts')
    const get = vi.spyOn(store.inbox, 'get')
    await operate({ kind: 'replace', content: { title: 'now' } }, { tag: 'all' })
    expect(live).toHaveLength(3)
    expect(get).toHaveBeenCalledTimes(1)
    expect(counts).toHaveBeenCalledTimes(1)
  })

  test('makes items unread and rings on request', async () => {
    const { inbox, live, operate, order, quiet } = await open()
    await order('first')
    await quiet()
    await operate({ kind: 'mark', marks: { read: true } }, { entity: 'order-7' })
    live.length = 0
    const verb = { kind: 'replace', content: { title: 'now' }, unread: true, ring: true } as const
    await operate(verb, { entity: 'order-7' })
    expect(await inbox('ada')).toMatchObject([{ title: 'now', readAt: null, seenAt: null }])
    expect(live).toMatchObject([
      { payload: { ring: true, item: { title: 'now', readAt: null }, counts: { unread: 1 } } },
    ])
  })
})
