import { secretContext, stepMessage } from '@carillon/core/delivery/step'
import { derivedUuid7 } from '@carillon/core/notification/ids'
import type { Store } from '@carillon/core/store/port'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { providersOf, scripted } from '../sending/testing/scripted.ts'
import { openWorld, type World } from '../testing/dispatcher.ts'

let world: World | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
})

const until = <T>(check: () => Promise<T> | T) => vi.waitFor(check, { timeout: 10_000, interval: 10 })

/** Opens a world whose tenant has a mail provider. */
const open = async (options: Parameters<typeof openWorld>[0] = {}) => {
  const mail = scripted('mail', ['email'])
  world = await openWorld({ providers: providersOf(mail), ...options })
  await world.account('mail')
  return { ...world, mail }
}

const email = (after = 0) => ({ channel: 'email', when: 'always', after }) as const

const SKIPPED = { state: 'skipped', reason: 'erased' }

describe('an erased user', () => {
  test('is skipped, with the reason in the ledger and the record, until put again', async () => {
    const { tenant, store, send, quiet, ledger, titles, mail, person } = await open()
    await person('ada', { email: 'ada@example.org' })
    await store.users.remove(tenant, 'ada')
    const to = [{ user: 'ada', email: 'ada@example.org', name: 'Ada' }, 'bob']
    await send({ id: 'n1', to, type: 'x', title: 'one', plan: [email(), email(600)] })
    await quiet()
    expect([await titles('ada'), await titles('bob')]).toEqual([[], ['one']])
    expect(await store.users.get(tenant, ['ada'])).toEqual([])
    expect(mail.got).toEqual([])
    expect(await ledger('n1', 'ada')).toMatchObject([
      { ...SKIPPED, channel: 'inbox', step: null, device: null },
      { ...SKIPPED, channel: 'email', step: 0 },
      { ...SKIPPED, channel: 'email', step: 1 },
    ])
    expect(await store.notifications.get(tenant, 'n1')).toMatchObject({
      state: 'delivered',
      recipients: 1,
      skipped: 1,
      users: ['bob'],
      absent: ['ada'],
    })
    const { notifications } = await store.notifications.list(tenant, { absent: 'ada', limit: 5 })
    expect(notifications.map(({ id }) => id)).toEqual(['n1'])

    await person('ada', { email: 'new@example.org' })
    await send({ id: 'n2', to: 'ada', type: 'x', title: 'two', plan: [email()] })
    await until(async () => expect(mail.got).toHaveLength(1))
    expect(mail.got[0]).toMatchObject({ address: { email: 'new@example.org' } })
    expect(await titles('ada')).toEqual(['two'])
  })

  test('is skipped by fan-outs to topics and to everyone', async () => {
    const { tenant, store, send, quiet, titles, ledger } = await open()
    const members = Array.from({ length: 1_200 }, (_, index) => `user-${index}`)
    await store.users.merge(
      tenant,
      members.map((id) => ({ id, profile: {} })),
    )
    await store.users.remove(tenant, 'user-7')
    // A backend that adds the user to a topic again does not lift the erasure.
    await store.topics.add(tenant, 'all', members)
    await store.topics.add(tenant, 'few', ['user-7', 'user-8'])
    await send({ id: 'all', to: { topic: 'all' }, type: 'x', title: 'all' })
    await send({ id: 'few', to: { topic: 'few' }, type: 'x', title: 'few' })
    await send({ id: 'everyone', to: { everyone: true }, type: 'x', title: 'everyone' })
    await quiet()
    expect(await titles('user-7')).toEqual([])
    expect((await titles('user-8')).sort()).toEqual(['all', 'everyone', 'few'])
    expect(await store.notifications.get(tenant, 'all')).toMatchObject({ recipients: 1_199 })
    expect(await store.notifications.get(tenant, 'few')).toMatchObject({ recipients: 1, users: ['user-8'] })
    expect(await store.notifications.get(tenant, 'everyone')).toMatchObject({ recipients: 1_199 })
    expect(await ledger('few', 'user-7')).toMatchObject([{ ...SKIPPED, channel: 'inbox' }])
  })

  test('is not reached by a step that waits, even if put again meanwhile', async () => {
    const { tenant, store, send, quiet, ledger, titles, mail, person } = await open()
    await person('ada', { email: 'ada@example.org' })
    await send({ id: 'n1', to: 'ada', type: 'x', title: 'one', plan: [email(1)] })
    await until(async () => expect(await titles('ada')).toEqual(['one']))
    await store.users.remove(tenant, 'ada')
    await person('ada', { email: 'new@example.org' })
    await until(async () =>
      expect(await ledger('n1', 'ada')).toMatchObject([{ ...SKIPPED, channel: 'email' }]),
    )
    await quiet()
    expect(mail.got).toEqual([])
  })

  test('is not reached by a step that is retried', async () => {
    const { tenant, store, send, ledger, mail, person } = await open()
    mail.say(async () => {
      await store.users.remove(tenant, 'ada')
      return { outcome: 'retry', reason: 'down', detail: 'down', afterMs: 0 }
    })
    await person('ada', { email: 'ada@example.org' })
    await send({
      id: 'n1',
      to: 'ada',
      type: 'x',
      title: 'one',
      priority: 'critical',
      plan: [email()],
    })
    await until(async () => expect(await ledger('n1', 'ada')).toMatchObject([SKIPPED]))
    expect(mail.got).toHaveLength(1)
  })

  test('does not get a notification that waited for its deliverAt, and its attributes are not stored', async () => {
    const { tenant, store, send, quiet, ledger, titles, person } = await open()
    const deliverAt = new Date(Date.now() + 600).toISOString()
    const to = { user: 'ada', email: 'old@example.org' }
    await send({ id: 'n1', to, type: 'x', title: 'one', deliverAt })
    await until(async () => expect(await store.notifications.get(tenant, 'n1')).toBeDefined())
    await store.users.remove(tenant, 'ada')
    await person('ada', { name: 'Another Ada' })
    await until(async () =>
      expect(await ledger('n1', 'ada')).toMatchObject([{ ...SKIPPED, channel: 'inbox' }]),
    )
    await quiet()
    expect(await titles('ada')).toEqual([])
    expect(await store.users.get(tenant, ['ada'])).toEqual([{ id: 'ada', profile: { name: 'Another Ada' } }])
  })

  test('does not get a waiting one-time password', async () => {
    const { tenant, store, stream, seal, ledger, mail, person } = await open()
    await person('ada', { email: 'ada@example.org' })
    const notification = derivedUuid7(Date.now(), tenant)
    const secret = seal.seal('123456', secretContext({ tenant, notification }))
    await store.users.remove(tenant, 'ada')
    await stream.publish([
      stepMessage({
        ...{
          tenant,
          user: 'ada',
          notification,
          secret,
          type: 'otp',
          priority: 'critical',
          index: 0,
          toAudience: false,
        },
        ...{ at: Date.now(), expiresAt: Date.now() + 60_000, plan: [email()] },
      }),
    ])
    await until(async () => expect(await ledger(notification, 'ada')).toMatchObject([SKIPPED]))
    expect(mail.got).toEqual([])
  })

  test.each(['before', 'after'])('is skipped if erased just %s a chunk of items is stored', async (when) => {
    const erase = { of: undefined as string | undefined }
    const wrap = (store: Store): Store => ({
      ...store,
      inbox: {
        ...store.inbox,
        put: async (items) => {
          const remove = async () => {
            const tenant = items[0]?.tenant
            if (erase.of && tenant) await store.users.remove(tenant, erase.of)
            erase.of = undefined
          }
          if (when === 'before') await remove()
          const removed = await store.inbox.put(items)
          if (when === 'after') await remove()
          return removed
        },
      },
    })
    const { tenant, store, send, quiet, titles, ledger } = await open({ wrap })
    const members = Array.from({ length: 10 }, (_, index) => `user-${index}`)
    erase.of = 'user-3'
    await send({ id: 'direct', to: members, type: 'x', title: 'direct' })
    await quiet()
    expect(await titles('user-3')).toEqual([])
    expect(await titles('user-4')).toEqual(['direct'])
    expect(await ledger('direct', 'user-3')).toMatchObject([SKIPPED])
    expect(await store.notifications.get(tenant, 'direct')).toMatchObject({ recipients: 9, skipped: 1 })
  })
})
