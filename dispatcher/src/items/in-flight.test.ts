import type { Verb } from '@carillon/core/items/operation-work'
import type { ItemSelection } from '@carillon/schemas'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type OperationWorld, openOperationWorld, until } from './testing/operation-world.ts'

let world: OperationWorld
afterEach(() => world.close())

const open = async (options: Parameters<typeof openOperationWorld>[0] = {}) => {
  world = await openOperationWorld(options)
  return world
}

const VERBS: [string, Verb, string[]][] = [
  ['recall', { kind: 'recall' }, []],
  ['replacement', { kind: 'replace', content: { title: 'new' } }, ['new']],
]

/** Opens a dispatcher that waits for `release` before it stores items. */
const openHeld = async () => {
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const held = await open()
  const { put } = held.store.inbox
  const puts = vi.spyOn(held.store.inbox, 'put').mockImplementation(async (items) => {
    await released
    return put(items)
  })
  return { ...held, puts, release }
}

describe.each(VERBS)('a %s of one user', (_, verb, expected) => {
  const targets: ItemSelection[] = [{ entity: 'order-7' }, { notification: 'held' }]
  test.each(targets)('covers a message that a dispatcher is reading: %j', async (target) => {
    const { ended, inbox, order, puts, quiet, release, start, store, tenant } = await openHeld()
    await order('old', { to: ['ada', 'bob'], id: 'held' })
    await until(() => expect(puts).toHaveBeenCalled())
    const operation = await start(verb, { ...target, user: 'ada' })
    await until(async () => expect((await store.operations.get(tenant, operation))?.step).toBeGreaterThan(2))
    release()
    expect(await ended(operation)).toMatchObject({ done: 1, total: 1, skipped: 0 })
    await quiet()
    expect((await inbox('ada')).map(({ title }) => title)).toEqual(expected)
    expect((await inbox('bob')).map(({ title }) => title)).toEqual(['old'])
  })

  test('covers a fan-out that is running, and ends as soon as the user has the item', async () => {
    const { ended, inbox, order, quiet, start, store, tenant } = await open()
    const users = Array.from({ length: 1_200 }, (_, n) => `user-${n}`)
    await store.topics.add(tenant, 'team', users)
    await order('old', { to: { topic: 'team' }, id: 'broadcast' })
    await until(async () => expect(await store.notifications.get(tenant, 'broadcast')).toBeDefined())
    const operations = await Promise.all(
      ['user-7', 'user-1100'].map((user) => start(verb, { entity: 'order-7', user })),
    )
    for (const operation of operations)
      expect(await ended(operation)).toMatchObject({ done: 1, total: 1, skipped: 0 })
    await quiet()
    for (const user of ['user-7', 'user-1100'])
      expect((await inbox(user)).map(({ title }) => title)).toEqual(expected)
    expect((await inbox('user-8')).map(({ title }) => title)).toEqual(['old'])
  })

  test('covers an item that a message in the log replaces', async () => {
    const { ended, inbox, order, quiet, start, store, tenant } = await open()
    await order('first', { replace: true })
    await quiet()
    const { evolve } = store.inbox
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const evolved = vi.spyOn(store.inbox, 'evolve').mockImplementation(async (items) => {
      await released
      return evolve(items)
    })
    await order('second', { replace: true, id: 'second' })
    await until(() => expect(evolved).toHaveBeenCalled())
    const operation = await start(verb, { notification: 'second', user: 'ada' })
    await until(async () => expect((await store.operations.get(tenant, operation))?.step).toBeGreaterThan(2))
    release()
    expect(await ended(operation)).toMatchObject({ done: 1 })
    expect((await inbox('ada')).map(({ title }) => title)).toEqual(expected)
  })
})

describe('a message that no dispatcher has read', () => {
  const content = { title: 'new' }
  const cases: [string, Verb, ItemSelection, string[][]][] = [
    ['a replacement', { kind: 'replace', content }, { tag: 'x' }, [['new'], ['new'], ['new']]],
    [
      'a replacement of one user',
      { kind: 'replace', content },
      { tag: 'x', user: 'bob' },
      [['stored'], ['new'], ['unread']],
    ],
    ['a recall of one user', { kind: 'recall' }, { tag: 'x', user: 'bob' }, [['stored'], [], ['unread']]],
  ]
  test.each(cases)('is covered by %s', async (_, verb, target, expected) => {
    const { ended, inbox, order, quiet, restart, start } = await open()
    await order('stored', { tags: ['x'] })
    await quiet()
    let operation = ''
    await restart(async () => {
      await order('unread', { to: ['bob', 'eve'], tags: ['x'] })
      operation = await start(verb, target)
    })
    const done = expected.flat().filter((title) => title === 'new').length || 1
    expect(await ended(operation)).toMatchObject({ done, total: done })
    for (const [index, user] of ['ada', 'bob', 'eve'].entries())
      expect((await inbox(user)).map(({ title }) => title)).toEqual(expected[index])
  })
})

test('a recall of one user ends the waiting step of a notification without an item, by entity too', async () => {
  const { operate, order, person, quiet, stream } = await open()
  for (const user of ['ada', 'bob']) await person(user, { email: `${user}@example.org` })
  const plan = [{ channel: 'email', when: 'always', after: 3_600 } as const]
  await order('bare', { to: ['ada', 'bob'], inbox: 'none', plan })
  await quiet()
  const waiting = async () => (await stream.waiting()).scheduled.get('delay')
  expect(await waiting()).toBe(2)
  await operate({ kind: 'recall' }, { entity: 'order-7', user: 'ada' })
  expect(await waiting()).toBe(1)
})
