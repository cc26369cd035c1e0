import { afterEach, expect, test, vi } from 'vitest'
import { openWorld, type World } from '../testing/dispatcher.ts'

let world: World
afterEach(() => world.close())

const reasons = async (id: string, user: string, toAudience = false) =>
  (await world.store.decisions.of(world.tenant, { id, toAudience, user })).map(
    ({ stage, outcome, by, path, reason }) => [stage, outcome, by, path, reason].join(' '),
  )
const errors = async () =>
  (await world.metrics.decisions.get()).values
    .filter(({ labels }) => labels.reason === 'condition_error')
    .map(({ labels, value }) => `${labels.stage} ${labels.outcome} ${value}`)

test('who does not meet the condition of a type gets nothing, not even in the inbox', async () => {
  world = await openWorld()
  const { store, tenant } = world
  const condition = "data.amount > 100 && user.attributes.plan == 'pro'"
  await store.types.put(tenant, { key: 'bill', if: condition })
  await world.person('ada', { attributes: { plan: 'pro' } })
  await world.person('bob', { attributes: { plan: 'free' } })
  const note = { to: ['ada', 'bob', 'nobody'], type: 'bill', title: 'Hi' }
  await world.send({ ...note, id: 'large', data: { amount: 101 } })
  await world.send({ ...note, id: 'small', data: { amount: 100 } })
  await world.quiet()
  expect([await world.titles('ada'), await world.titles('bob'), await world.titles('nobody')]).toEqual([
    ['Hi'],
    [],
    [],
  ])
  expect(await reasons('large', 'bob')).toEqual(['condition end type if condition_false'])
  expect(await reasons('large', 'nobody')).toEqual(['condition end type if condition_error'])
  const [decision] = await store.decisions.of(tenant, { id: 'large', toAudience: false, user: 'nobody' })
  expect(decision).toMatchObject({ detail: 'character 27: no such key: attributes' })
  expect(await reasons('small', 'ada')).toEqual(['condition end type if condition_false'])
  expect(await errors()).toEqual(['condition end 1'])
})

test('the attributes that come with a recipient count', async () => {
  world = await openWorld()
  await world.store.types.put(world.tenant, { key: 'bill', if: "user.attributes.plan == 'pro'" })
  await world.send({ to: { user: 'ada', attributes: { plan: 'pro' } }, type: 'bill', title: 'Hi' })
  await world.quiet()
  expect(await world.titles('ada')).toEqual(['Hi'])
})

test('addresses are not part of what a condition sees', async () => {
  world = await openWorld()
  await world.store.types.put(world.tenant, { key: 'bill', if: 'has(user.email) || has(user.phone)' })
  await world.person('ada', { email: 'ada@example.org', phone: '+351911111111' })
  await world.send({ id: 'n1', to: 'ada', type: 'bill' })
  await world.quiet()
  expect(await reasons('n1', 'ada')).toEqual(['condition end type if condition_false'])
})

test('a condition that does not depend on the user is decided once for an audience', async () => {
  world = await openWorld()
  const { store, tenant } = world
  const members = Array.from({ length: 1_200 }, (_, n) => `user${n}`)
  await store.topics.add(tenant, 'all', members)
  await store.types.put(tenant, { key: 'bill', if: 'data.amount > 100' })
  const get = vi.spyOn(store.users, 'get')
  const record = vi.spyOn(store.decisions, 'record')
  const note = { to: { topic: 'all' }, type: 'bill', title: 'Hi' }
  await world.send({ ...note, id: 'small', data: { amount: 1 } })
  await world.quiet()
  expect(await reasons('small', 'user7')).toEqual(['condition end type if condition_false'])
  expect(record.mock.calls.flatMap(([, entries]) => entries)).toHaveLength(1)
  await world.send({ ...note, id: 'large', data: { amount: 101 } })
  await world.quiet()
  expect((await store.notifications.get(tenant, 'large'))?.recipients).toBe(1_200)
  expect(get).not.toHaveBeenCalled()
})

test('a fan-out reads the profiles of each chunk together', async () => {
  world = await openWorld()
  const { store, tenant } = world
  const members = Array.from({ length: 1_200 }, (_, n) => `user${n}`)
  await store.topics.add(tenant, 'all', members)
  await store.users.merge(
    tenant,
    members.map((id, n) => ({ id, profile: { attributes: { even: n % 2 === 0 } } })),
  )
  await store.types.put(tenant, { key: 'bill', if: 'user.attributes.even' })
  const [walk, get] = [vi.spyOn(store.topics, 'walk'), vi.spyOn(store.users, 'get')]
  await world.send({ id: 'blast', to: { topic: 'all' }, type: 'bill', title: 'Hi' })
  await world.quiet()
  expect((await store.notifications.get(tenant, 'blast'))?.recipients).toBe(600)
  // One walk only looks whether the audience fits into one chunk.
  expect(get.mock.calls.length).toBe(walk.mock.calls.length - 1)
  expect(await reasons('blast', 'user7', true)).toEqual(['condition end type if condition_false'])
})
