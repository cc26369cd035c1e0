import { stampOf } from '@carillon/core/notification/stamp'
import { notifySubject, type PlanStep, workSubject } from '@carillon/schemas'
import { afterEach, expect, test, vi } from 'vitest'
import { openWorld, type World } from '../testing/dispatcher.ts'

let world: World
afterEach(() => world.close())

const encoder = new TextEncoder()

/** Appends a notification, as a hub does that accepted it under this version of its type. */
const append = (version: number | undefined, note: { id: string; to: object | string; deliverAt?: string }) =>
  world.stream.publish([
    {
      subject: notifySubject(world.tenant, 'normal', 'bill'),
      data: encoder.encode(JSON.stringify({ ...note, type: 'bill', title: note.id })),
      headers: stampOf(version === undefined ? undefined : { version }, false),
    },
  ])

const put = (category: string) => world.store.types.put(world.tenant, { key: 'bill', category })

const categories = async (user: string) => {
  const { items } = await world.store.inbox.page(
    { tenant: world.tenant, user },
    { status: 'active', limit: 10 },
  )
  return Object.fromEntries(items.map(({ title, category }) => [title, category]))
}

test('a notification uses the type version that the hub stamped, or else the current one', async () => {
  world = await openWorld()
  for (const category of ['one', 'two', 'three']) await put(category)
  await append(2, { id: 'stamped', to: 'ada' })
  await append(undefined, { id: 'untyped', to: 'ada' })
  await append(77, { id: 'unheard-of', to: 'ada' })
  await world.send({ id: 'unstamped', to: 'ada', type: 'bill', title: 'unstamped' })
  await world.quiet()
  expect(await categories('ada')).toEqual({
    stamped: 'two',
    untyped: undefined,
    'unheard-of': 'three',
    unstamped: 'three',
  })
  const version = async (id: string) => (await world.store.notifications.get(world.tenant, id))?.version
  expect([await version('stamped'), await version('untyped'), await version('unstamped')]).toEqual([
    2,
    undefined,
    3,
  ])
})

test('a repeated notification keeps the version of its first acceptance', async () => {
  world = await openWorld()
  await put('one')
  const note = { id: 'again', to: 'ada', deliverAt: new Date(Date.now() + 700).toISOString() }
  const recorded = () => world.store.notifications.get(world.tenant, 'again')
  await append(1, note)
  await vi.waitUntil(recorded, 15_000)
  await put('two')
  await append(2, note)
  await vi.waitUntil(async () => (await recorded())?.recipients === 1, { timeout: 15_000 })
  await world.quiet()
  expect(await categories('ada')).toEqual({ again: 'one' })
  expect((await recorded())?.version).toBe(1)
})

test('deliverAt and the chunks of a fan-out keep the version', async () => {
  world = await openWorld()
  await put('one')
  const members = Array.from({ length: 1_100 }, (_, n) => `user${n}`)
  await world.store.topics.add(world.tenant, 'all', members)
  const deliverAt = new Date(Date.now() + 300).toISOString()
  await append(1, { id: 'later', to: { topic: 'all' }, deliverAt })
  await vi.waitUntil(async () => await world.store.notifications.get(world.tenant, 'later'), 15_000)
  await put('two')
  await vi.waitUntil(
    async () => (await world.store.notifications.get(world.tenant, 'later'))?.recipients === 1_100,
    { timeout: 15_000 },
  )
  expect(await Promise.all(members.slice(0, 30).map(categories))).toEqual(
    members.slice(0, 30).map(() => ({ later: 'one' })),
  )
})

test('a notification with an unknown version is dead-lettered', async () => {
  world = await openWorld()
  const now = Date.now()
  const ready = {
    ...{ tenant: world.tenant, id: 'n1', notification: { to: 'ada', type: 'bill', priority: 'normal' } },
    ...{ fingerprint: 'f', version: 9, toAudience: false, acceptedAt: now, at: now, expiresAt: now + 60_000 },
  }
  await world.raw(workSubject('due', 'normal', world.tenant), JSON.stringify({ ready }))
  await world.quiet()
  expect(await world.deadLetters()).toMatchObject([{ code: 'type_unknown' }])
})

test('scheduled steps carry the type version', async () => {
  world = await openWorld()
  const plan: PlanStep[] = [{ channel: 'email', when: 'unread', after: 3_600 }]
  await world.store.types.put(world.tenant, { key: 'bill', plan })
  const publish = vi.spyOn(world.stream, 'publish')
  await append(1, { id: 'n1', to: 'ada' })
  await world.quiet()
  const steps = publish.mock.calls.flatMap(([messages]) => messages).filter(({ schedule }) => schedule)
  expect(steps.map(({ data }) => JSON.parse(new TextDecoder().decode(data)))).toMatchObject([
    { type: 'bill', version: 1, plan },
  ])
})

test('a notification that does not say when it expires does so after the time of its type', async () => {
  world = await openWorld()
  await world.store.types.put(world.tenant, { key: 'bill', expiresAfter: 60 })
  await world.send({ id: 'typed', to: 'ada', type: 'bill', title: 'typed' })
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
  await world.send({ id: 'own', to: 'ada', type: 'bill', title: 'own', expiresAt })
  await world.quiet()
  const { items } = await world.store.inbox.page(
    { tenant: world.tenant, user: 'ada' },
    { status: 'active', limit: 10 },
  )
  const typed = items.find(({ title }) => title === 'typed')
  const record = await world.store.notifications.get(world.tenant, 'typed')
  expect(record?.expiresAt).toBe((record?.acceptedAt ?? 0) + 60_000)
  expect(typed?.expiresAt).toBe(new Date(record?.expiresAt ?? 0).toISOString())
  expect(items.find(({ title }) => title === 'own')?.expiresAt).toBe(expiresAt)
})
