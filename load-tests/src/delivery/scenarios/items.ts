import type { Client } from '@carillon/client'
import type { DeliveredItem, ItemsOperation, NotificationStatus, OperationReceipt } from '@carillon/schemas'
import { expect } from 'vitest'
import { eventually, type Scenario, type ScenarioContext } from '../context.ts'

/** Opens a feed, and records what the client announces. */
const shown = (client: Client) => {
  const heard: (string | undefined)[] = []
  client.on('notification', ({ title }) => heard.push(title))
  const feed = client.feed()
  feed.subscribe(() => {})
  return {
    heard,
    feed,
    titles: () => feed.getSnapshot().items.map(({ title }) => title),
    unread: () => client.counts.getSnapshot().unread,
  }
}

/** Starts an operation, and waits for its end. */
const operating =
  ({ ok }: Pick<ScenarioContext, 'ok'>) =>
  async (verb: string, body: unknown): Promise<ItemsOperation> => {
    const { operation } = await ok<OperationReceipt>('POST', `/v1/items/${verb}`, body)
    return eventually(async () => {
      const found = await ok<ItemsOperation>('GET', `/v1/operations/${operation}`)
      expect(found.state).toBe('done')
      return found
    })
  }

const LATER = { channel: 'sms', when: 'always', after: 3_600 } as const

/** Scenarios with delivered items: they evolve, and backends recall, mark and replace them. */
export const ITEMS: Scenario[] = [
  {
    title: 'an item evolves in place in two open apps, and rings once',
    run: async ({ app, ok, send }) => {
      const [one, two] = [shown(await app('ada')), shown(await app('ada'))]
      await eventually(() => expect(two.feed.getSnapshot().status).toBe('ready'))
      const progress = (title: string) =>
        send({ to: 'ada', entity: 'upload-7', replace: true, title, tags: ['upload'] })
      await progress('10 %')
      await eventually(() => expect(one.titles()).toEqual(['10 %']))
      await send({ to: 'ada', title: 'something else' })
      await eventually(() => expect(one.titles()).toEqual(['something else', '10 %']))
      const first = one.feed.getSnapshot().items[1]!
      await one.feed.read(first.id)
      for (const title of ['50 %', 'done']) {
        await progress(title)
        for (const each of [one, two])
          await eventually(() => expect(each.titles()).toEqual(['something else', title]))
      }
      // Concurrent notifications of an entity make one item.
      const many = Array.from({ length: 10 }, (_, n) => `${n}`)
      await Promise.all(many.map((title) => send({ to: 'ada', entity: 'race', replace: true, title })))
      await eventually(async () => {
        const { items } = await ok<{ items: DeliveredItem[] }>('GET', '/v1/items?entity=race')
        expect(items).toHaveLength(1)
        expect(one.titles()).toEqual([items[0]?.title, 'something else', 'done'])
        expect(two.titles()).toEqual(one.titles())
      })
      expect(one.feed.getSnapshot().items[2]).toMatchObject({ id: first.id, createdAt: first.createdAt })
      expect(one.feed.getSnapshot().items[2]?.readAt).not.toBeNull()
      for (const each of [one, two]) {
        await eventually(() => expect(each.unread()).toBe(2))
        expect(each.heard.slice(0, 2)).toEqual(['10 %', 'something else'])
        expect(each.heard).toHaveLength(3)
      }
    },
  },
  {
    title: 'a recall removes a broadcast from every inbox and open app, and cancels pending messages',
    run: async (context) => {
      const { account, app, ok, phones, send, user } = context
      const operate = operating(context)
      const company = await phones()
      await account('sms', company.account)
      await user('reader-1', { phone: '+15550171' })
      const users = Array.from({ length: 1_200 }, (_, n) => `reader-${n}`)
      for (let from = 0; from < users.length; from += 300)
        await ok('POST', '/v1/topics/readers/members', { users: users.slice(from, from + 300) })
      const [one, two] = [shown(await app('reader-1')), shown(await app('reader-1199'))]
      const broadcast = await send({
        ...{ to: { topic: 'readers' }, entity: 'release-7', title: 'Out now' },
        plan: [LATER],
      })
      const kept = await send({ to: 'reader-1', entity: 'release-8', title: 'Kept' })
      await eventually(() => expect(one.titles()).toEqual(expect.arrayContaining(['Out now', 'Kept'])))
      await eventually(() => expect(two.titles()).toEqual(['Out now']))
      const state = async (id: string) =>
        (await ok<NotificationStatus>('GET', `/v1/notifications/${id}`)).state
      await eventually(async () => expect(await state(broadcast)).toBe('delivered'))
      const { operation } = await ok<OperationReceipt>('POST', '/v1/items/recall', { entity: 'release-7' })
      for (const { titles, unread, expected } of [
        { ...one, expected: ['Kept'] },
        { ...two, expected: [] },
      ]) {
        await eventually(() => expect(titles()).toEqual(expected))
        await eventually(() => expect(unread()).toBe(expected.length))
      }
      await eventually(async () =>
        expect(await ok('GET', `/v1/operations/${operation}`)).toMatchObject({
          ...{ kind: 'recall', state: 'done', done: 1_200, total: 1_200 },
        }),
      )
      const list = (query: string) => ok<{ items: DeliveredItem[] }>('GET', `/v1/items?${query}`)
      expect((await list('entity=release-7&limit=100')).items).toEqual([])
      expect((await list('entity=release-8')).items).toMatchObject([{ user: 'reader-1', notification: kept }])
      expect(await state(broadcast)).toBe('cancelled')
      const text = (rest: object) =>
        send({ to: 'reader-1', inbox: 'none', plan: [{ channel: 'sms', when: 'always', after: 4 }], ...rest })
      await text({ entity: 'release-9', title: 'Silent' })
      expect((await operate('recall', { entity: 'release-9' })).state).toBe('done')
      await text({ title: 'Not recalled' })
      // A recall during a fan-out removes the stored items and prevents the others.
      await send({ to: { topic: 'readers' }, entity: 'release-10', title: 'Mistake' })
      await operate('recall', { entity: 'release-10' })
      // The next fan-out runs behind it.
      await send({ to: { topic: 'readers' }, title: 'Next' })
      for (const each of [one, two]) await eventually(() => expect(each.titles()).toContain('Next'))
      await eventually(async () => {
        expect((await list('entity=release-10&limit=100')).items).toEqual([])
        for (const each of [one, two]) expect(each.titles()).not.toContain('Mistake')
      })
      await send({ to: 'reader-1', entity: 'release-7', title: 'Again' })
      await eventually(() => expect(one.titles()).toContain('Again'))
      // Due after the messages that were recalled.
      await eventually(() =>
        expect(company.accepted.map(({ body }) => body)).toEqual([expect.stringContaining('Not recalled')]),
      )
    },
  },
  {
    title: 'a scheduled notification is delivered with the content of a replacement',
    run: async (context) => {
      const { account, ok, phones, user } = context
      const operate = operating(context)
      const company = await phones()
      await account('sms', company.account)
      await user('ada', { phone: '+15550172' })
      await ok('PUT', '/v1/types/flight', {
        content: { title: 'Gate {{ data.gate }}' },
        channels: { sms: { text: 'Go to gate {{ data.gate }}' } },
        plan: [{ channel: 'sms', when: 'always' }],
      })
      // More than the ten seconds in which an operation waits for the items instead.
      const deliverAt = new Date(Date.now() + 20_000).toISOString()
      const flight = { to: ['ada', 'bob'], type: 'flight', data: { gate: 'A1' }, deliverAt }
      await ok('POST', '/v1/notifications', { ...flight, entity: 'flight-7' })
      await ok('POST', '/v1/notifications', { ...flight, entity: 'flight-8', to: 'bob' })
      await operate('replace', { entity: 'flight-7', data: { gate: 'B2' } })
      await operate('replace', { entity: 'flight-8', content: { title: 'Cancelled' } })
      const titles = async (who: string) => {
        const { items } = await ok<{ items: DeliveredItem[] }>('GET', `/v1/items?user=${who}`)
        return items.map(({ title }) => title).sort()
      }
      await eventually(async () => expect(await titles('ada')).toEqual(['Gate B2']))
      await eventually(async () => expect(await titles('bob')).toEqual(['Cancelled', 'Gate B2']))
      await eventually(() => expect(company.accepted.map(({ body }) => body)).toEqual(['Go to gate B2']))
    },
  },
  {
    title: 'operations on the items of one user cover a fan-out that is running',
    run: async (context) => {
      const { ok, send } = context
      const operate = operating(context)
      const users = Array.from({ length: 1_200 }, (_, n) => `follower-${n}`)
      for (let from = 0; from < users.length; from += 300)
        await ok('POST', '/v1/topics/followers/members', { users: users.slice(from, from + 300) })
      await send({ to: { topic: 'followers' }, entity: 'post-7', title: 'Draft' })
      const [recalled, replaced] = await Promise.all([
        operate('recall', { entity: 'post-7', user: 'follower-1100' }),
        operate('replace', { entity: 'post-7', user: 'follower-1101', content: { title: 'Post' } }),
      ])
      expect([recalled, replaced]).toMatchObject([
        { done: 1, total: 1 },
        { done: 1, total: 1 },
      ])
      const titles = async (user: string) => {
        const query = `entity=post-7&user=${user}`
        const { items } = await ok<{ items: DeliveredItem[] }>('GET', `/v1/items?${query}`)
        return items.map(({ title }) => title)
      }
      expect(await titles('follower-1100')).toEqual([])
      expect(await titles('follower-1101')).toEqual(['Post'])
      await eventually(async () => expect(await titles('follower-1102')).toEqual(['Draft']))
    },
  },
  {
    title:
      'delivered items are marked and replaced for every user, in the language of the user, and ring only on request',
    run: async (context) => {
      const { app, ok, user } = context
      const operate = operating(context)
      await user('bob', { locale: 'pt' })
      await ok('PUT', '/v1/types/order', {
        schema: { type: 'object', properties: { status: { type: 'string' } } },
        content: { title: 'Order {{ data.number }}: {{ data.status }}' },
        locales: { pt: { content: { title: 'Encomenda {{ data.number }}: {{ data.status }}' } } },
      })
      const [ada, bob] = [shown(await app('ada')), shown(await app('bob'))]
      await ok('POST', '/v1/notifications', {
        ...{ to: ['ada', 'bob'], type: 'order', entity: 'order-7', tags: ['orders'] },
        data: { number: 7, status: 'sent' },
      })
      await eventually(() => expect(ada.titles()).toEqual(['Order 7: sent']))
      await eventually(() => expect(bob.titles()).toEqual(['Encomenda 7: sent']))
      await operate('mark', { entity: 'order-7', read: true })
      for (const each of [ada, bob]) await eventually(() => expect(each.unread()).toBe(0))
      expect(await operate('replace', { tag: 'orders', data: { status: 'delivered' } })).toMatchObject({
        ...{ done: 2, total: 2 },
      })
      await eventually(() => expect(ada.titles()).toEqual(['Order 7: delivered']))
      await eventually(() => expect(bob.titles()).toEqual(['Encomenda 7: delivered']))
      expect([ada.unread(), ada.heard.length]).toEqual([0, 1])
      const misfit = await operate('replace', { entity: 'order-7', data: { status: 7 } })
      expect(misfit).toMatchObject({ skipped: 2 })
      const content = { title: 'Lost' }
      await operate('replace', { entity: 'order-7', user: 'ada', content, unread: true, ring: true })
      await eventually(() => expect(ada.heard).toEqual(['Order 7: sent', 'Lost']))
      await eventually(() => expect(ada.unread()).toBe(1))
      expect(bob.titles()).toEqual(['Encomenda 7: delivered'])
      expect(bob.heard).toHaveLength(1)
    },
  },
]
