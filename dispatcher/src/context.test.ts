import { afterEach, expect, test, vi } from 'vitest'
import { providersOf, scripted } from './sending/testing/scripted.ts'
import { openWorld, type World } from './testing/dispatcher.ts'

let world: World
afterEach(() => world.close())

const until = (check: () => unknown) => vi.waitFor(check, { timeout: 10_000, interval: 10 })

const open = async () => {
  const mail = scripted('mail', ['email'])
  world = await openWorld({ providers: providersOf(mail) })
  await world.account('mail')
  await world.person('ada', { email: 'ada@example.org' })
  return { ...world, mail }
}

const inboxOf = async ({ store, tenant }: World, context?: string) =>
  (await store.inbox.page({ tenant, user: 'ada' }, { status: 'active', limit: 10, context })).items

test('a context that does not exist reaches item, conditions, templates and messages', async () => {
  const { mail, quiet, send, store, tenant } = await open()
  await store.types.put(tenant, {
    key: 'invited',
    if: "context.key == '__proto__'",
    content: { title: 'Welcome to {{ context.key }}' },
    plan: [
      { channel: 'email', when: 'always', after: 0, if: "context.key != '__proto__'" },
      { channel: 'email', when: 'always', after: 0, if: "user.id == 'ada' && context.key == '__proto__'" },
    ],
  })
  await send({ to: 'ada', type: 'invited', context: 'constructor' })
  await send({ to: 'ada', type: 'invited', context: '__proto__' })
  await until(() => expect(mail.got).toHaveLength(1))
  await quiet()
  expect(await inboxOf(world)).toMatchObject([{ title: 'Welcome to __proto__', context: '__proto__' }])
  expect(await inboxOf(world, '__proto__')).toHaveLength(1)
  expect(await inboxOf(world, '')).toEqual([])
  expect(mail.got[0]?.content).toMatchObject({ title: 'Welcome to __proto__', context: '__proto__' })
})

test('work that waits in the log keeps the context', async () => {
  const { mail, send, store, tenant } = await open()
  await store.topics.add(tenant, 'team', ['ada'])
  await send({
    to: { topic: 'team' },
    type: 'x',
    title: 'Hi',
    context: 'org:7',
    deliverAt: new Date(Date.now() + 1_000).toISOString(),
    plan: [{ channel: 'email', when: 'unread', after: 1, if: "context.key == 'org:7'" }],
  })
  await until(() => expect(mail.got).toHaveLength(1))
  expect(await inboxOf(world, 'org:7')).toMatchObject([{ title: 'Hi', context: 'org:7' }])
})

test('without an item, a step still knows its context', async () => {
  const { mail, send } = await open()
  const plan = [
    { channel: 'email' as const, when: 'always' as const, after: 0, if: "context.key == 'org:7'" },
  ]
  await send({ to: 'ada', type: 'x', title: 'Hi', context: 'org:7', inbox: 'none', plan })
  await until(() => expect(mail.got).toMatchObject([{ content: { context: 'org:7' } }]))
})

test('the brand and the preferences of a context are read when a message is sent', async () => {
  const { ledger, mail, send, store, tenant, person } = await open()
  await person('bob', { email: 'bob@example.org' })
  await store.contexts.put(tenant, 'org:7', { name: 'Before', url: 'https://before.example/' })
  await store.types.put(tenant, {
    key: 'news.weekly',
    category: 'news',
    content: { title: 'News of {{ context.name }}', url: '/news' },
    plan: [{ channel: 'email', when: 'unread', after: 1 }],
  })
  await send({ id: 'n1', to: ['ada', 'bob'], type: 'news.weekly', context: 'org:7' })
  await until(async () => expect(await inboxOf(world, 'org:7')).toMatchObject([{ title: 'News of Before' }]))
  await store.contexts.put(tenant, 'org:7', {
    ...{ name: 'After', url: 'https://after.example/' },
    senders: { email: { from: { email: 'hello@after.example' }, account: 'gone' } },
  })
  await store.preferences.change(tenant, 'bob', {
    changes: [{ path: '/categories/news/email', value: false, context: 'org:7' }],
    ...{ via: 'app', by: 'bob' },
  })
  await until(() => expect(mail.got).toHaveLength(1))
  expect(mail.got[0]).toMatchObject({
    user: 'ada',
    sender: { mailbox: { email: 'hello@after.example' } },
    content: { title: 'News of After', url: 'https://after.example/news' },
  })
  await until(async () =>
    expect(await ledger('n1', 'bob')).toMatchObject([{ state: 'skipped', reason: 'opted_out' }]),
  )
})
