import { randomUUID } from 'node:crypto'
import { makePreferencesUrl } from '@carillon/core/delivery/preferences-link'
import { signPush } from '@carillon/core/delivery/push-token'
import type { DeliveryEvent, LifecycleEvent } from '@carillon/schemas'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openHub, type TestHub, type TestTenant } from '../testing/hub.ts'

let test: TestHub
let tenant: TestTenant
const published: (LifecycleEvent | DeliveryEvent)[] = []

beforeAll(async () => {
  test = await openHub({}, ({ stream }) => ({
    stream: {
      ...stream,
      publish: async (messages) => {
        published.push(...messages.map(({ data }) => JSON.parse(Buffer.from(data).toString())))
        return stream.publish(messages)
      },
    },
  }))
})
afterAll(() => test.close())
beforeEach(async () => {
  tenant = await test.tenant()
  published.length = 0
})

type Result = { recorded: number; ignored: number; unread?: number; withdraw: string[] }
const report = (...reports: object[]) =>
  test.call<Result>('POST', '/v1/push/reports', {
    body: { reports },
    headers: { origin: 'https://app.example' },
  })

/** Stores an item that was pushed to the user's phone, and returns the token of the push. */
const pushed = async (user: string, content = {}, { now = Date.now(), of = tenant } = {}) => {
  const { id, notification } = await of.item(user, content)
  const place = { notification, user, step: 0, device: 'phone', toAudience: false }
  const sent = { ...place, channel: 'push', state: 'sent', at: Date.now() - 1_000 } as const
  await test.ports.store.deliveries.record(of.id, [sent])
  const token = await signPush(test.ports.seal, { tenant: of.id, ...place, item: id }, now)
  return { id, notification, token }
}
const delivery = async (notification: string) =>
  (
    await test.ports.store.deliveries.list(tenant.id, { id: notification, toAudience: false }, { limit: 9 })
  ).deliveries.find(({ channel }) => channel === 'push')
const itemOf = async (user: string, id: string) =>
  (await test.ports.store.inbox.get({ tenant: tenant.id, user }, [id]))[0]

describe('POST /v1/push/reports', () => {
  it('records that a push was delivered, once, without a user token', async () => {
    const { id, notification, token } = await pushed('ann')
    const first = await report({ token, event: 'delivered' }, { token, event: 'delivered' })
    expect([first.status, first.json]).toEqual([200, { recorded: 2, ignored: 0, unread: 1, withdraw: [] }])
    expect(first.headers.get('access-control-allow-origin')).toBe('*')
    const once = await delivery(notification)
    expect(once).toMatchObject({ state: 'delivered', device: 'phone', step: 0 })
    await report({ token, event: 'delivered' })
    expect(await delivery(notification)).toEqual(once)
    expect(published).toMatchObject([{ state: 'delivered', notification, user: 'ann', device: 'phone' }])
    expect(await itemOf('ann', id)).toMatchObject({ receivedAt: null, readAt: null })
  })

  it('records a click: the item is read and clicked by push, and a button takes its action', async () => {
    const plain = await pushed('ann')
    const actions = [{ name: 'reply', label: 'Reply' }]
    const button = await pushed('ann', { actions })
    const shown = await pushed('ann')
    const { json } = await report(
      { token: plain.token, event: 'clicked' },
      { token: button.token, event: 'clicked', action: 'reply' },
      { token: shown.token, event: 'shown' },
    )
    expect(json).toMatchObject({ recorded: 3, unread: 1 })
    expect(new Set(json.withdraw)).toEqual(new Set([plain.id, button.id]))
    expect(await itemOf('ann', plain.id)).toMatchObject({ clickedAt: expect.any(String), acted: {} })
    expect(await itemOf('ann', button.id)).toMatchObject({ acted: { reply: expect.any(String) } })
    expect(await delivery(plain.notification)).toMatchObject({ state: 'clicked' })
    expect(await delivery(shown.notification)).toMatchObject({ state: 'sent' })
    const kinds = published.map((event) =>
      'kind' in event ? `${event.kind} ${event.via ?? ''}` : event.state,
    )
    expect(kinds.toSorted()).toEqual(['acted ', 'clicked', 'clicked', 'clicked push'])
    published.length = 0
    await report(
      { token: button.token, event: 'clicked', action: 'reply' },
      { token: plain.token, event: 'clicked', action: '__proto__' },
    )
    expect(published).toEqual([])
  })

  it('records a report that comes before the push is recorded as sent', async () => {
    const { id, notification } = await tenant.item('ann')
    const place = { notification, user: 'ann', step: 1, device: 'phone', toAudience: false }
    const token = await signPush(test.ports.seal, { tenant: tenant.id, ...place, item: id }, Date.now())
    await report({ token, event: 'delivered' })
    await test.ports.store.deliveries.record(tenant.id, [
      { ...place, channel: 'push', state: 'sent', at: Date.now() },
    ])
    expect(await delivery(notification)).toMatchObject({
      ...{ step: 1, device: 'phone', state: 'delivered' },
      times: { sent: expect.any(String), delivered: expect.any(String) },
    })
  })

  it('counts in the figures of variants, once for each person', async () => {
    const content = { type: 'news', variant: 'a' }
    const [first, second] = [await pushed('ann', content), await pushed('ann', { ...content, test: true })]
    for (const event of ['delivered', 'clicked', 'clicked'])
      await report(...[first, second].map(({ token }) => ({ token, event })))
    const [figures] = await test.ports.store.variantFigures.of(tenant.id, 'news', ['a'])
    expect(figures).toEqual({ sent: 0, delivered: 1, read: 1, clicked: 1 })
  })

  it('names the shown items that are read, archived, deleted or recalled', async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => pushed('ann')))
    const [read, archived, deleted, unread] = all as [
      (typeof all)[0],
      (typeof all)[0],
      (typeof all)[0],
      (typeof all)[0],
    ]
    const token = await tenant.userToken('ann')
    await test.call('PATCH', `/v1/inbox/${read.id}`, { token, body: { read: true } })
    await test.call('PATCH', `/v1/inbox/${archived.id}`, { token, body: { archived: true } })
    await test.call('DELETE', `/v1/inbox/${deleted.id}`, { token })
    const { json } = await report(...all.map(({ token }) => ({ token, event: 'shown' })))
    expect(new Set(json.withdraw)).toEqual(new Set([read.id, archived.id, deleted.id]))
    expect(json.unread).toBe(1)
    expect(await delivery(unread.notification)).toMatchObject({ state: 'sent' })
  })

  it('ignores tokens that are forged, expired, for another purpose, or of an erased user', async () => {
    const real = await pushed('ann')
    const other = await test.tenant()
    const [head = '', body = '', signature = ''] = real.token.split('.')
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString())
    const changed = (more: object) =>
      `${head}.${Buffer.from(JSON.stringify({ ...claims, ...more })).toString('base64url')}.${signature}`
    const link = await makePreferencesUrl(
      test.ports.seal,
      'https://hub.example',
      { tenant: tenant.id, user: 'ann' },
      { seconds: 60, now: Date.now() },
    )
    const gone = await pushed('bob')
    await test.call('DELETE', '/v1/users/bob', { token: tenant.key })
    const hostile = [
      changed({ iss: other.id }),
      changed({ i: randomUUID() }),
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`,
      link.split('#')[1] ?? '',
      (await pushed('ann', {}, { now: Date.now() - 8 * 86_400_000 })).token,
      gone.token,
      'x',
    ]
    published.length = 0
    const { status, json } = await report(...hostile.map((token) => ({ token, event: 'clicked' })))
    expect([status, json]).toEqual([200, { recorded: 0, ignored: hostile.length, withdraw: [] }])
    expect(published).toEqual([])
    expect(await itemOf('ann', real.id)).toMatchObject({ readAt: null })
  })

  it('keeps the users and tenants of one request apart', async () => {
    const other = await test.tenant()
    const [mine, bobs, foreign] = [
      await pushed('ann'),
      await pushed('bob'),
      await pushed('ann', {}, { of: other }),
    ]
    const { json } = await report(...[mine, bobs, foreign].map(({ token }) => ({ token, event: 'clicked' })))
    expect(json).toEqual({ recorded: 3, ignored: 0, withdraw: [mine.id, bobs.id, foreign.id] })
    const [item] = await test.ports.store.inbox.get({ tenant: other.id, user: 'ann' }, [foreign.id])
    expect(item?.clickedAt).toBeDefined()
  })

  it('rejects malformed and huge requests', async () => {
    const { token } = await pushed('ann')
    const many = Array.from({ length: 51 }, () => ({ token, event: 'shown' }))
    for (const reports of [
      [],
      many,
      [{ token }],
      [{ token, event: 'read' }],
      [{ token, event: 'delivered', at: 1 }],
      [{ token: 'x'.repeat(5_000), event: 'delivered' }],
      [{ token, event: 'clicked', action: 'a b' }],
      'x',
    ])
      expect((await test.call('POST', '/v1/push/reports', { body: { reports } })).status).toBe(422)
    const huge = JSON.stringify({ reports: [{ token: 'x'.repeat(70_000), event: 'shown' }] })
    expect((await test.call('POST', '/v1/push/reports', { body: huge })).status).toBe(413)
  })
})

describe('POST /v1/push/renewals', () => {
  const keys = {
    p256dh: 'BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM',
    auth: '8eDyX_uCN0XRhSbY5hs7Hg',
  }
  const endpoint = (name: string) => `https://fcm.googleapis.com/fcm/send/${tenant.id}${name}`
  const registered = async (id: string) =>
    (
      await test.call<{ renewal?: string }>('PUT', `/v1/devices/${id}`, {
        token: await tenant.userToken('ann'),
        body: { kind: 'web-push', endpoint: endpoint(id), keys },
      })
    ).json.renewal ?? ''
  const renew = (body: object) =>
    test.call<{ id: string; renewal?: string }>('POST', '/v1/push/renewals', { body })
  const devices = async () =>
    ((await test.ports.store.devices.of(tenant.id, ['ann'])).get('ann') ?? []).map(({ id, device }) =>
      device.kind === 'web-push' ? [id, device.endpoint] : [id],
    )

  it('replaces the subscription of a browser, once for each token', async () => {
    const token = await registered('old')
    const renewed = await renew({ token, id: 'new', endpoint: endpoint('new'), keys })
    expect([renewed.status, renewed.json]).toMatchObject([200, { id: 'new', renewal: expect.any(String) }])
    expect(await devices()).toEqual([['new', endpoint('new')]])
    expect((await renew({ token, id: 'evil', endpoint: endpoint('evil'), keys })).status).toBe(404)
    const again = { token: renewed.json.renewal, id: 'newer', endpoint: endpoint('newer'), keys }
    expect((await renew(again)).status).toBe(200)
    expect(await devices()).toEqual([['newer', endpoint('newer')]])
  })

  it('works at the limit of devices', async () => {
    let token = ''
    for (let n = 0; n < 32; n++) token = await registered(`d${n}`)
    expect((await renew({ token, id: 'new', endpoint: endpoint('new'), keys })).status).toBe(200)
    expect(await devices()).toHaveLength(32)
  })

  it('refuses forged tokens, reports and deleted browsers, and changes nothing', async () => {
    const token = await registered('old')
    const report = (await pushed('ann')).token
    for (const bad of [`${token}x`, report, 'x', token.replace(/\.[^.]*$/, '.')])
      expect((await renew({ token: bad, id: 'new', endpoint: endpoint('new'), keys })).status).toBe(403)
    const foreign = { token, id: 'new', endpoint: 'https://evil.example/push', keys }
    expect((await renew(foreign)).status).toBe(422)
    expect(await devices()).toEqual([['old', endpoint('old')]])
    await test.call('DELETE', '/v1/devices/old', { token: await tenant.userToken('ann') })
    expect((await renew({ token, id: 'new', endpoint: endpoint('new'), keys })).status).toBe(404)
    expect(await devices()).toEqual([])
  })
})
