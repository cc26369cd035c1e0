import { itemId } from '@carillon/core/notification/ids'
import { afterEach, expect, test, vi } from 'vitest'
import { openWorld, type World } from '../testing/dispatcher.ts'

let world: World
afterEach(() => world.close())

const reasons = async (id: string, user: string, toAudience = false) =>
  (await world.store.decisions.of(world.tenant, { id, toAudience, user })).map(
    ({ stage, outcome, by, path, reason }) => [stage, outcome, by, path, reason].join(' '),
  )

test('an excluded user gets one decision and no item, whether addressed directly or by an audience', async () => {
  world = await openWorld()
  const { store, tenant } = world
  await store.topics.add(tenant, 'team', ['ada', 'grace', 'linus'])
  const note = { type: 'x', title: 'Hi', exclude: ['linus'], actor: 'ada' }
  await world.send({ ...note, id: 'direct', to: ['ada', 'grace', 'linus'] })
  await world.send({ ...note, id: 'topic', to: { topic: 'team' } })
  await world.quiet()
  for (const id of ['direct', 'topic']) {
    expect(await reasons(id, 'ada')).toEqual(['audience end sender actor.user excluded'])
    expect(await reasons(id, 'linus')).toEqual(['audience end sender exclude excluded'])
    expect(await reasons(id, 'grace')).toEqual([])
    expect(await store.notifications.get(tenant, id)).toMatchObject({ recipients: 1, users: ['grace'] })
  }
  expect([await world.titles('ada'), await world.titles('grace')]).toEqual([[], ['Hi', 'Hi']])
})

test('a fan-out records a decision for each excluded user, and none for the others', async () => {
  world = await openWorld()
  const { store, tenant } = world
  const members = Array.from({ length: 1_200 }, (_, n) => `user${n}`)
  await store.topics.add(tenant, 'all', members)
  const record = vi.spyOn(store.decisions, 'record')
  await world.send({
    id: 'blast',
    to: { topic: 'all' },
    exclude: ['user7', 'nobody'],
    type: 'x',
    title: 'Hi',
  })
  await world.quiet()
  expect(await reasons('blast', 'user7', true)).toEqual(['audience end sender exclude excluded'])
  expect(await reasons('blast', 'user8', true)).toEqual([])
  expect(record.mock.calls.flatMap(([, entries]) => entries)).toHaveLength(1)
  expect((await store.notifications.get(tenant, 'blast'))?.recipients).toBe(1_199)
})

test('a fan-out that is cancelled ends with one decision about all recipients', async () => {
  world = await openWorld()
  const { store, tenant } = world
  const members = Array.from({ length: 20_000 }, (_, n) => `user${n}`)
  await store.topics.add(tenant, 'all', members)
  await world.send({ id: 'blast', to: { topic: 'all' }, type: 'x', title: 'Hi' })
  await vi.waitUntil(async () => ((await store.notifications.get(tenant, 'blast'))?.recipients ?? 0) > 0, {
    timeout: 10_000,
    interval: 1,
  })
  await store.notifications.cancel(tenant, 'blast', Date.now())
  await world.quiet()
  expect(await reasons('blast', 'user1', true)).toEqual(['audience end sender  cancelled'])
})

test('a step without a destination and a step that is not wanted are each recorded as a decision', async () => {
  world = await openWorld()
  const { ledger, person, quiet, send, store, tenant } = world
  await world.account('smtp', { config: { host: '127.0.0.1', port: 9, from: { email: 'a@b.example' } } })
  await person('ada', {})
  const email = { channel: 'email', when: 'always', after: 0 } as const
  await send({ id: 'n1', to: 'ada', type: 'x', plan: [email, { ...email, channel: 'sms', after: 3_600 }] })
  await vi.waitFor(async () => expect(await ledger('n1', 'ada')).toHaveLength(2), { timeout: 10_000 })
  await quiet()
  expect(await reasons('n1', 'ada')).toEqual(['send skip user  no_address', 'send skip tenant  no_provider'])
  const passed = await store.deliveries.passed(tenant, { id: 'n1', toAudience: false, user: 'ada' })
  expect(passed.map(({ stage, channel, step }) => [stage, channel, step].join(' ')).sort()).toEqual([
    'condition email 0',
    'condition sms 1',
  ])
  await send({ id: 'n2', to: 'ada', type: 'x', plan: [{ ...email, when: 'unread', after: 1 }] })
  const { acceptedAt } = await vi.waitUntil(() => store.notifications.get(tenant, 'n2'), 15_000)
  await store.inbox.remove({ tenant, user: 'ada' }, [itemId(tenant, 'n2', 'ada', acceptedAt)])
  await vi.waitFor(async () => expect(await reasons('n2', 'ada')).toEqual(['condition end user  deleted']), {
    timeout: 10_000,
  })
})

test('what every recipient gets is recorded once, with the notification, and counted', async () => {
  world = await openWorld()
  const { store, tenant, metrics } = world
  await store.topics.add(tenant, 'team', ['ada', 'grace'])
  const plan = [{ channel: 'email', when: 'unread', after: 60 } as const]
  await world.send({
    id: 'n1',
    to: [{ topic: 'team' }, 'eve'],
    exclude: ['eve'],
    type: 'x',
    inbox: 'silent',
    plan,
  })
  await world.quiet()
  const { decisions = [] } = (await store.notifications.get(tenant, 'n1')) ?? {}
  expect(decisions).toMatchObject([
    { stage: 'inbox', channel: 'inbox', outcome: 'pass', by: 'sender', path: 'inbox', reason: 'silent' },
    { stage: 'condition', channel: 'email', step: 0, outcome: 'wait', by: 'sender', path: 'plan.0.after' },
  ])
  expect((decisions[1]?.until ?? 0) - (decisions[1]?.at ?? 0)).toBe(60_000)
  const { values } = await metrics.decisions.get()
  expect(values.map(({ labels, value }) => [...Object.values(labels), value].join(' ')).sort()).toEqual([
    'audience end excluded 1',
    'inbox pass silent 2',
  ])
})

test('a member of a large audience without items has a decision, because nothing else tells of them', async () => {
  world = await openWorld()
  const { store, tenant } = world
  await store.topics.add(
    tenant,
    'all',
    Array.from({ length: 600 }, (_, n) => `user${n}`),
  )
  await world.send({ id: 'n1', to: { topic: 'all' }, type: 'x', inbox: 'none' })
  await world.send({ id: 'n2', to: 'user7', type: 'x', inbox: 'none' })
  await world.quiet()
  expect(await reasons('n1', 'user7', true)).toEqual(['inbox skip sender inbox no_item'])
  expect(await reasons('n1', 'eve', true)).toEqual([])
  // The record names whom it is for.
  expect(await reasons('n2', 'user7')).toEqual([])
})

test('an expired notification ends with one decision about all recipients', async () => {
  world = await openWorld()
  const expiresAt = new Date(Date.now() - 1_000).toISOString()
  await world.send({ id: 'late', to: ['ada', 'bob'], type: 'x', expiresAt })
  await world.quiet()
  for (const user of ['ada', 'bob'])
    expect(await reasons('late', user)).toEqual(['audience end sender expiresAt expired'])
})
