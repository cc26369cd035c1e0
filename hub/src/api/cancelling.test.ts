import { planKey } from '@carillon/core/delivery/step'
import { dueKey, UNREAD_CANCELLED, unreadKey } from '@carillon/core/notification/ids'
import type { NotificationRecord } from '@carillon/core/store/ports/notifications'
import { type Cancellation, scheduleSubject, stepSubject, workSubject } from '@carillon/schemas'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CANCELLED_MAX } from '../notifications/cancel.ts'
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

const KEY = 'order 7/ü'
const HOUR = 3_600_000
const cancel = (key = KEY, token = tenant.key) =>
  test.call<Cancellation>('DELETE', `/v1/notifications?cancelKey=${encodeURIComponent(key)}`, { token })
const ended = async (key = KEY) => (await cancel(key)).json.cancelled

/** Records what a dispatcher does when it reads a notification. */
const read = async (id: string, more: Partial<NotificationRecord> = {}, key = KEY) => {
  const at = Date.now() - 1_000
  await test.ports.store.cancelKeys.enter(tenant.id, [{ key, notification: id, at, dueAt: at }])
  await test.ports.store.notifications.put([
    {
      ...{ tenant: tenant.id, id, type: 'test', priority: 'normal', acceptedAt: at, fingerprint: 'print' },
      ...{ chains: 0, direct: 1, users: ['ann'], decisions: [], ...more },
    },
  ])
}
const later = (subject: string, key: string) => ({
  ...{ subject, data: new Uint8Array([1]) },
  schedule: { at: Date.now() + HOUR, key },
})
const due = (id: string) =>
  later(workSubject('due', 'normal', tenant.id), scheduleSubject(tenant.id, 'deliver_at', dueKey(id)))
const step = (id: string, user = 'ann') =>
  later(stepSubject('email', 'normal', tenant.id), planKey({ tenant: tenant.id, notification: id, user }))
const delivery = (notification: string, index: number, state: 'sent' | 'queued' | 'failed') =>
  test.ports.store.deliveries.record(tenant.id, [
    {
      ...{ notification, user: 'ann', step: index, channel: 'email', device: '', toAudience: false },
      ...{ state, at: Date.now() },
    },
  ])

describe('DELETE /v1/notifications?cancelKey=', () => {
  it('cancels what is pending of all notifications with the key, and says what had gone', async () => {
    await read('later', { deliverAt: Date.now() + HOUR, direct: 0, absent: ['ann'], decisions: undefined })
    await read('planned', { planned: true })
    await read('delivered')
    await read('mail', { planned: true, inbox: 'none', absent: ['ann'] })
    await read('expired', { chains: 1, expiresAt: Date.now() - 1 })
    await read('other', { planned: true }, 'order 8')
    await test.ports.stream.publish([due('later'), step('planned'), step('other')])
    for (const [index, state] of (['sent', 'failed', 'queued'] as const).entries())
      await delivery('planned', index, state)
    await delivery('mail', 0, 'sent')
    const { status, json } = await cancel()
    expect(status).toBe(200)
    expect(json.more).toBe(false)
    const of = (id: string) => json.cancelled.find((each) => each.id === id)
    expect(json.cancelled).toHaveLength(5)
    expect(of('later')).toEqual({ id: 'later', state: 'cancelled', stored: 0, sent: 0, ended: 0 })
    expect(of('planned')).toEqual({ id: 'planned', state: 'cancelled', stored: 1, sent: 1, ended: 2 })
    expect(of('delivered')).toEqual({ id: 'delivered', state: 'delivered', stored: 1, sent: 0, ended: 0 })
    expect(of('mail')).toEqual({ id: 'mail', state: 'cancelled', stored: 0, sent: 1, ended: 0 })
    expect(of('expired')).toEqual({ id: 'expired', state: 'expired', stored: 1, sent: 0, ended: 0 })
    const { notifications } = test.ports.store
    expect((await notifications.get(tenant.id, 'planned'))?.state).toBe('cancelled')
    expect((await notifications.get(tenant.id, 'other'))?.state).toBe('delivered')
    const waiting = [due('later'), step('planned'), step('other')].map(({ schedule }) => schedule.key)
    expect(await test.ports.stream.cancel(waiting)).toBe(1)
  })

  it('ends the steps of an audience that are still in their delay, and counts them', async () => {
    await read('all', { planned: true, chains: 1, direct: 0, users: undefined })
    await read('other', { planned: true, chains: 1, direct: 0, users: undefined }, 'order 8')
    const users = Array.from({ length: 300 }, (_, index) => `user-${index}`)
    await test.ports.stream.publish([...users.map((user) => step('all', user)), step('other')])
    expect(await ended()).toMatchObject([{ id: 'all', state: 'cancelled', ended: 300 }])
    expect(await ended('order 8')).toMatchObject([{ id: 'other', ended: 1 }])
  })

  it('lists each notification once, and none for a key without any', async () => {
    expect(await cancel('unheard of')).toMatchObject({ status: 200, json: { cancelled: [], more: false } })
    await read('n1', { planned: true })
    expect(await ended()).toMatchObject([{ id: 'n1' }])
    expect(await ended()).toEqual([])
    await read('n2', { planned: true, acceptedAt: Date.now() })
    expect((await ended()).length).toBeLessThanOrEqual(1)
  })

  it('cancels a notification that a dispatcher is reading', async () => {
    const at = Date.now() - 1
    const { cancelKeys, notifications } = test.ports.store
    await cancelKeys.enter(tenant.id, [{ key: KEY, notification: 'n1', at, dueAt: at }])
    expect(await ended()).toEqual([{ id: 'n1', state: 'cancelled', stored: 0, sent: 0, ended: 0 }])
    await read('n1', { planned: true })
    expect((await notifications.get(tenant.id, 'n1'))?.state).toBe('cancelled')
  })

  it('covers what was accepted before, and nothing that is accepted afterwards', async () => {
    const { cancelKeys } = test.ports.store
    const enter = (notification: string, at: number) =>
      cancelKeys.enter(tenant.id, [{ key: KEY, notification, at, dueAt: at }])
    const before = Date.now()
    await cancel()
    expect([await enter('before', before), await enter('after', Date.now())]).toEqual([[true], [false]])
  })

  it('goes on where there are more than one request cancels', async () => {
    const at = Date.now() - 1_000
    const ids = Array.from({ length: CANCELLED_MAX + 1 }, (_, index) => `n${String(index).padStart(4, '0')}`)
    await test.ports.store.cancelKeys.enter(
      tenant.id,
      ids.map((notification) => ({ key: KEY, notification, at, dueAt: at })),
    )
    const [first, second] = [(await cancel()).json, (await cancel()).json]
    expect([first.more, second.more]).toEqual([true, false])
    expect([...first.cancelled, ...second.cancelled].map(({ id }) => id)).toEqual(ids)
  }, 30_000)

  it('is per tenant, and refuses a missing, empty or long key', async () => {
    await read('n1', { planned: true })
    const other = await test.tenant()
    expect((await cancel(KEY, other.key)).json.cancelled).toEqual([])
    expect(await ended()).toMatchObject([{ id: 'n1' }])
    for (const query of ['', '?cancelKey=', `?cancelKey=${'x'.repeat(129)}`, '?cancelKey=a&cancelKey=b'])
      expect((await test.call('DELETE', `/v1/notifications${query}`, { token: tenant.key })).status).toBe(422)
  })
})

describe('a cancel key', () => {
  it('has 1 to 128 characters, and is part of the content', async () => {
    const send = (cancelKey: unknown, more: object = {}) =>
      test.call('POST', '/v1/notifications', {
        token: tenant.key,
        body: { to: 'ann', type: 'test', cancelKey, ...more },
      })
    for (const key of ['a', 'é'.repeat(128)]) expect((await send(key)).status).toBe(202)
    for (const key of ['', 'x'.repeat(129), 7, null]) expect((await send(key)).status).toBe(422)
    expect((await send('a', { id: 'n1' })).status).toBe(202)
    expect((await send('b', { id: 'n1' })).json.code).toBe('id_reused')
  })

  it('may be in a CloudEvent', async () => {
    const reply = await test.call('POST', '/v1/notifications', {
      token: tenant.key,
      headers: { 'content-type': 'application/cloudevents+json' },
      body: JSON.stringify({
        ...{ specversion: '1.0', id: 'e1', source: '/orders', type: 'test' },
        data: { to: 'ann', cancelKey: KEY },
      }),
    })
    expect(reply.status).toBe(202)
  })
})

describe('DELETE /v1/notifications/{id} of a notification that no dispatcher has read', () => {
  const remove = (id: string, token = tenant.key) => test.call('DELETE', `/v1/notifications/${id}`, { token })
  const note = { to: 'ann', type: 'test', title: 'Hi' }
  const send = async (body: object) =>
    (await test.call<{ id: string }>('POST', '/v1/notifications', { token: tenant.key, body })).json.id

  it('cancels it, whoever chose the id', async () => {
    const batch = await test.call<{ results: { id: string }[] }>('POST', '/v1/notifications/batch', {
      token: tenant.key,
      body: { notifications: [note, note] },
    })
    const ids = [await send(note), await send({ ...note, id: 'own' }), batch.json.results[1]!.id]
    const { cancelKeys } = test.ports.store
    const before = await test.ports.stream.now(tenant.id)
    for (const id of ids) {
      const answer = { id, state: 'cancelled', stored: 0, sent: 0, ended: 0 }
      for (const _ of ['once', 'again']) expect(await remove(id)).toMatchObject({ status: 200, json: answer })
      for (const key of [unreadKey(id), UNREAD_CANCELLED])
        expect(await cancelKeys.cancelledUntil(tenant.id, key)).toBeGreaterThanOrEqual(before)
    }
  })

  it('answers 404 for an id that was not accepted, or by another tenant', async () => {
    const other = await test.tenant()
    const ids = [await send(note), await send({ ...note, id: 'own' })]
    for (const id of ids) expect((await remove(id, other.key)).status).toBe(404)
    expect((await remove('unheard of')).status).toBe(404)
    expect(await test.ports.store.cancelKeys.cancelledUntil(tenant.id, UNREAD_CANCELLED)).toBeUndefined()
  })
})
