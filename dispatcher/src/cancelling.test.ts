import { setTimeout as sleep } from 'node:timers/promises'
import { derivedUuid7, UNREAD_CANCELLED, unreadKey } from '@carillon/core/notification/ids'
import type { NotificationInput } from '@carillon/schemas'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { providersOf, scripted } from './sending/testing/scripted.ts'
import { openWorld, type World } from './testing/dispatcher.ts'

const KEY = 'order-7'
const email = { channel: 'email', when: 'always' } as const

let world: World
let mail: ReturnType<typeof scripted>
beforeEach(async () => {
  mail = scripted('mail', ['email'])
  world = await openWorld({ providers: providersOf(mail) })
  await world.account('mail')
  await world.person('ada', { email: 'ada@example.org' })
})
afterEach(() => world.close())

const until = <T>(check: () => Promise<T> | T) => vi.waitFor(check, { timeout: 10_000, interval: 5 })
const send = (id: string, more: Partial<NotificationInput> = {}) =>
  world.send({ id, to: 'ada', type: 'x', title: id, cancelKey: KEY, ...more })
const state = async (id: string) => (await world.store.notifications.get(world.tenant, id))?.state

/** Cancels a key as a hub does. Returns the time and the notifications that it found. */
const cancel = async (key = KEY) => {
  const at = await world.stream.now(world.tenant)
  const { found } = await world.store.cancelKeys.cancel(world.tenant, key, at, 1_000)
  for (const { notification } of found)
    await world.store.notifications.cancel(world.tenant, notification, Date.now())
  await sleep(2)
  return { at, found: found.map(({ notification }) => notification) }
}

const ONE_DAY_S = 86_400

describe('a cancel key', () => {
  test('ends what was published and not read, over NATS too, and nothing that is sent later', async () => {
    await world.restart(async () => {
      await send('plain', { plan: [{ ...email, after: 0 }] })
      await send('later', { deliverAt: new Date(Date.now() + 300).toISOString() })
      await send('many', { to: { topic: 'all' } })
      await send('other', { cancelKey: 'order-8' })
      await send('none', { cancelKey: undefined })
      expect((await cancel()).found).toEqual([])
      await send('again')
      await send('plain', { plan: [{ ...email, after: 0 }] })
    })
    await world.quiet()
    await sleep(400)
    await world.quiet()
    expect((await world.titles('ada')).sort()).toEqual(['again', 'none', 'other'])
    for (const id of ['plain', 'later', 'many']) expect(await state(id)).toBe('cancelled')
    for (const id of ['other', 'none', 'again']) expect(await state(id)).toBe('delivered')
    expect(mail.got).toEqual([])
    const decisions = await world.store.decisions.of(world.tenant, {
      ...{ id: 'plain', toAudience: false, user: 'ada' },
    })
    expect(decisions).toMatchObject([{ outcome: 'end', by: 'sender', reason: 'cancelled' }])
  })

  test('splits what is published meanwhile by the times of the log, and loses nothing', async () => {
    const ids = Array.from({ length: 40 }, (_, index) => `n${index}`)
    const later = new Date(Date.now() + 60_000).toISOString()
    const appended = new Map<string, number>()
    const publishing = (async () => {
      for (const [index, id] of ids.entries()) {
        await send(id, index % 2 ? { deliverAt: later } : { plan: [{ ...email, after: ONE_DAY_S }] })
        appended.set(id, Date.now())
        if (index % 5 === 0) await sleep(1)
      }
    })()
    await until(() => expect(appended.size).toBeGreaterThan(10))
    const { at } = await cancel()
    await publishing
    await world.quiet()
    for (const [id, time] of appended) {
      if (time < at) expect(await state(id), id).toBe('cancelled')
      if (time > at + 5) expect(await state(id), id).not.toBe('cancelled')
    }
    expect([...appended.values()].some((time) => time < at)).toBe(true)
  })

  test('ends a fan-out between chunks', async () => {
    const { tenant, store } = world
    await store.topics.add(
      tenant,
      'all',
      Array.from({ length: 20_000 }, (_, index) => `u${index}`),
    )
    await send('blast', { to: { topic: 'all' } })
    await vi.waitUntil(async () => ((await store.notifications.get(tenant, 'blast'))?.recipients ?? 0) > 0, {
      ...{ timeout: 10_000, interval: 1 },
    })
    expect((await cancel()).found).toEqual(['blast'])
    await world.quiet()
    const record = await store.notifications.get(tenant, 'blast')
    expect(record?.state).toBe('cancelled')
    expect(record?.recipients).toBeLessThan(20_000)
  })

  test('ends what waits for deliverAt, for a step or in a digest, also with steps of others', async () => {
    await world.store.types.put(world.tenant, {
      ...{ key: 'post.liked', plan: [{ ...email, after: 0 }], digest: { window: 3 } },
      content: { title: '{{ data.name }}', body: '{{ total }}' },
    })
    await send('later', { deliverAt: new Date(Date.now() + 3_000).toISOString() })
    await send('between', {
      plan: [
        { ...email, after: 0 },
        { ...email, after: 3 },
      ],
    })
    for (const name of ['Bob', 'Cleo'])
      await send(name, {
        ...{ type: 'post.liked', title: undefined, data: { name } },
        ...(name === 'Bob' ? {} : { cancelKey: undefined }),
      })
    await until(async () => {
      expect(mail.got.map(({ content }) => content.subject)).toEqual(['between'])
      expect((await world.ledger('Cleo', 'ada'))[0]?.state).toBe('queued')
    })
    await until(async () => expect((await cancel()).found.sort()).toEqual(['Bob', 'between', 'later']))
    await until(() => expect(mail.got).toHaveLength(2))
    await until(async () =>
      expect(await world.ledger('between', 'ada')).toContainEqual(
        expect.objectContaining({ step: 1, state: 'skipped', reason: 'cancelled' }),
      ),
    )
    await world.quiet()
    expect(mail.got.map(({ content }) => content.subject)).toEqual(['between', 'Cleo'])
    expect((await world.titles('ada')).sort()).toEqual(['Bob', 'Cleo', 'between'])
  })

  test('is asked for no notification without one', async () => {
    const enter = vi.spyOn(world.store.cancelKeys, 'enter')
    await send('plain', { cancelKey: undefined })
    await world.quiet()
    expect(enter).not.toHaveBeenCalled()
    await send('keyed')
    await world.quiet()
    expect(enter).toHaveBeenCalledTimes(1)
  })
})

describe('the id of a notification that was not read', () => {
  /** Cancels an id as a hub does that finds no record. */
  const cancelUnread = async (id: string) => {
    const at = await world.stream.now(world.tenant)
    for (const key of [unreadKey(id), UNREAD_CANCELLED])
      await world.store.cancelKeys.cancel(world.tenant, key, at, 1)
    await sleep(2)
  }

  test('ends this notification, and no other', async () => {
    const id = derivedUuid7(Date.now(), 'n')
    await world.restart(async () => {
      for (const each of ['plain', 'other', id])
        await send(each, { cancelKey: undefined, plan: [{ ...email, after: 0 }] })
      for (const each of ['plain', id]) await cancelUnread(each)
      await send('again', { cancelKey: undefined })
    })
    await world.quiet()
    expect((await world.titles('ada')).sort()).toEqual(['again', 'other'])
    for (const each of ['plain', id]) expect(await state(each)).toBe('cancelled')
    await until(() => expect(mail.got.map(({ content }) => content.subject)).toEqual(['other']))
    const enter = vi.spyOn(world.store.cancelKeys, 'enter')
    await send('later', { cancelKey: undefined })
    await world.quiet()
    expect(enter).not.toHaveBeenCalled()
  })
})

describe('a notification that expires', () => {
  const soon = () => new Date(Date.now() + 2_000).toISOString()

  test('while it waits for a step, in a digest or for a snooze is not sent', async () => {
    await world.store.types.put(world.tenant, {
      ...{ key: 'post.liked', plan: [{ ...email, after: 0 }], digest: { window: 3 } },
      content: { title: '{{ data.name }}', body: '{{ total }}' },
    })
    await world.person('bob', { email: 'bob@example.org' })
    const snoozedUntil = new Date(Date.now() + 3_000).toISOString()
    const changes = [{ path: '/snoozedUntil', value: snoozedUntil }]
    await world.store.preferences.change(world.tenant, 'bob', { changes, via: 'app', by: 'bob' })
    await send('step', { plan: [{ ...email, after: 3 }], expiresAt: soon() })
    await send('snoozed', { to: 'bob', plan: [{ ...email, after: 0 }], expiresAt: soon() })
    for (const name of ['Bob', 'Cleo'])
      await send(name, {
        ...{ type: 'post.liked', title: undefined, data: { name } },
        ...(name === 'Bob' ? { expiresAt: soon() } : {}),
      })
    for (const [id, user] of [
      ['step', 'ada'],
      ['snoozed', 'bob'],
      ['Bob', 'ada'],
    ] as const)
      await until(async () =>
        expect(await world.ledger(id, user)).toMatchObject([{ state: 'skipped', reason: 'expired' }]),
      )
    await until(() => expect(mail.got).toHaveLength(1))
    await world.quiet()
    expect(mail.got.map(({ user, content }) => [user, content.subject])).toEqual([['ada', 'Cleo']])
  })

  test('before it is read, or before its deliverAt, is not stored', async () => {
    const deliverAt = new Date(Date.now() + 300).toISOString()
    await world.restart(async () => {
      await send('unread', { expiresAt: new Date(Date.now() + 50).toISOString() })
      await send('late', { deliverAt, expiresAt: new Date(Date.now() + 200).toISOString() })
      await sleep(100)
    })
    await sleep(400)
    await world.quiet()
    expect([await world.titles('ada'), await state('unread'), await state('late')]).toEqual([
      [],
      'expired',
      'expired',
    ])
  })
})
