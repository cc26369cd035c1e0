import { planGroups } from '@carillon/core/delivery/step'
import { itemId } from '@carillon/core/notification/ids'
import type { DeliveryChange } from '@carillon/core/store/ports/deliveries'
import type { NotificationRecord } from '@carillon/core/store/ports/notifications'
import type { Delivery } from '@carillon/schemas'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openHub, type TestHub, type TestTenant } from '../testing/hub.ts'

let test: TestHub
let tenant: TestTenant
/** The groups of scheduled messages that were cancelled. */
let cancelled: string[] = []

beforeAll(async () => {
  test = await openHub({}, ({ stream }) => ({
    stream: {
      ...stream,
      cancelGroup: (group) => {
        cancelled.push(group)
        return stream.cancelGroup(group)
      },
    },
  }))
})
afterAll(() => test.close())
beforeEach(async () => {
  tenant = await test.tenant()
})

const AT = Date.now() - 60_000
const record = (more: Partial<NotificationRecord> = {}) =>
  test.ports.store.notifications.put([
    {
      tenant: tenant.id,
      id: 'n1',
      type: 'test',
      priority: 'normal',
      acceptedAt: AT,
      fingerprint: 'print',
      chains: 0,
      direct: 2,
      users: ['ann', 'bob'],
      planned: true,
      ...more,
    },
  ])
/** Returns a user's item, as delivered when the notification was accepted. */
const item = async (user: string) => {
  const id = itemId(tenant.id, 'n1', user, AT)
  await tenant.item(user, { id, notification: 'n1', createdAt: new Date(AT).toISOString() })
  return { owner: { tenant: tenant.id, user }, id }
}
const change = (user: string, more: Partial<DeliveryChange> = {}): DeliveryChange => ({
  notification: 'n1',
  user,
  step: 0,
  channel: 'sms',
  device: '',
  toAudience: false,
  state: 'sent',
  at: AT + 1_000,
  attempt: 1,
  provider: 'twilio',
  providerId: `SM-${user}`,
  ...more,
})
const recorded = (...changes: DeliveryChange[]) => test.ports.store.deliveries.record(tenant.id, changes)

type Page = { deliveries: Delivery[]; next: string | null }
const list = (query = '', token = tenant.key, id = 'n1') =>
  test.call<Page>('GET', `/v1/notifications/${id}/deliveries${query}`, { token })
const said = ({ deliveries }: Page) =>
  deliveries.map(({ user, channel, state }) => `${user} ${channel} ${state}`).sort()

describe('the deliveries of a notification', () => {
  it('are listed for the inbox and for the channels outside the app', async () => {
    await record()
    const ann = await item('ann')
    await item('bob')
    await test.ports.store.inbox.change(ann.owner, [ann.id], () => ({
      receivedAt: new Date(AT + 10).toISOString(),
      seenAt: new Date(AT + 20).toISOString(),
    }))
    await recorded(change('bob'), change('bob', { state: 'failed', at: AT + 2_000, reason: 'unreachable' }))
    const { json, headers } = await list()
    expect(said(json)).toEqual(['ann inbox seen', 'bob inbox sent', 'bob sms failed'])
    expect(json.next).toBeNull()
    expect(headers.get('cache-control')).toBe('no-store')
    const inApp = json.deliveries.find(({ user }) => user === 'ann')
    expect(inApp).toMatchObject({
      step: null,
      times: { delivered: new Date(AT + 10).toISOString(), seen: new Date(AT + 20).toISOString() },
    })
    expect(json.deliveries.find(({ channel }) => channel === 'sms')).toMatchObject({
      step: 0,
      device: null,
      provider: 'twilio',
      providerId: 'SM-bob',
      reason: 'unreachable',
    })
    expect(said((await list('?user=bob')).json)).toEqual(['bob inbox sent', 'bob sms failed'])
    expect(said((await list('?user=eve')).json)).toEqual([])
  })

  it('are listed in pages, each once', async () => {
    await record()
    await item('ann')
    await item('bob')
    await recorded(...['ann', 'bob', 'cem', 'dee'].map((user) => change(user)))
    for (const limit of [1, 2, 3, 5, 100]) {
      const seen: string[] = []
      let after: string | null = ''
      while (after !== null) {
        const { json }: { json: Page } = await list(`?limit=${limit}${after === '' ? '' : `&after=${after}`}`)
        expect(json.deliveries.length).toBeLessThanOrEqual(limit)
        seen.push(...said(json))
        after = json.next
      }
      expect(seen.sort()).toEqual([
        ...[
          'ann inbox sent',
          'ann sms sent',
          'bob inbox sent',
          'bob sms sent',
          'cem sms sent',
          'dee sms sent',
        ],
      ])
    }
  })

  it('for an audience, include the inboxes of named users only', async () => {
    await record({ users: undefined, chains: 1 })
    await item('ann')
    await recorded(change('ann', { toAudience: true }))
    expect(said((await list()).json)).toEqual(['ann sms sent'])
    expect(said((await list('?user=ann')).json)).toEqual(['ann inbox sent', 'ann sms sent'])
  })

  it('are listed for a one-time password, which is not a notification', async () => {
    await recorded(change('ann'))
    expect(said((await list()).json)).toEqual(['ann sms sent'])
  })

  it('are not visible to other tenants', async () => {
    await record()
    await recorded(change('ann'))
    const other = await test.tenant()
    expect((await list('', other.key)).json.code).toBe('not_found')
    expect((await list('', await tenant.keyWith('notifications:write'))).status).toBe(403)
    const { json } = await list('?limit=1')
    expect((await list(`?limit=1&user=ann&after=${json.next}`)).json.code).toBe('cursor_invalid')
  })
})

describe('a planned notification', () => {
  it('includes its delivery totals', async () => {
    await record()
    await recorded(
      change('ann'),
      change('bob', { state: 'failed' }),
      change('bob', { step: 1, channel: 'email' }),
    )
    const { json } = await test.call('GET', '/v1/notifications/n1', { token: tenant.key })
    expect(json).toMatchObject({
      state: 'delivered',
      deliveries: { sms: { sent: 1, failed: 1 }, email: { sent: 1 } },
    })
    await record({ id: 'n2', planned: undefined })
    const plain = await test.call('GET', '/v1/notifications/n2', { token: tenant.key })
    expect(plain.json.deliveries).toBeUndefined()
  })

  it('can be cancelled after its delivery, which ends pending steps; one without a plan cannot', async () => {
    await record()
    const cancel = (id: string) => test.call('DELETE', `/v1/notifications/${id}`, { token: tenant.key })
    cancelled = []
    expect(await cancel('n1')).toMatchObject({ status: 200, json: { id: 'n1', state: 'cancelled' } })
    expect((await test.call('GET', '/v1/notifications/n1', { token: tenant.key })).json.state).toBe(
      'cancelled',
    )
    expect(cancelled).toEqual(planGroups(tenant.id, 'n1', false))
    await record({ id: 'n2', planned: undefined })
    expect((await cancel('n2')).json.code).toBe('already_delivered')
  })
})

describe('a notification type', () => {
  it('returns its plan with defaults filled in', async () => {
    const plan = [
      { channel: 'push', when: 'offline' },
      { channel: 'email', after: 300 },
    ]
    const put = await test.call('PUT', '/v1/types/comment', { token: tenant.key, body: { plan } })
    expect(put.status, put.text).toBe(200)
    const stored = [
      { channel: 'push', when: 'offline', after: 0 },
      { channel: 'email', when: 'undelivered', after: 300 },
    ]
    const { json } = await test.call('GET', '/v1/types/comment', { token: tenant.key })
    expect(json).toEqual({ key: 'comment', plan: stored, version: 1 })
    expect((await test.ports.cache.type(tenant.id, 'comment'))?.plan).toEqual(stored)
    for (const bad of [
      [{ channel: 'fax' }],
      [{ channel: 'sms', when: 'bored' }],
      [{ channel: 'sms', after: -1 }],
      [{ channel: 'sms', after: 31 * 86_400 }],
      Array(11).fill({ channel: 'sms' }),
      { channel: 'sms' },
    ])
      expect(
        (await test.call('PUT', '/v1/types/comment', { token: tenant.key, body: { plan: bad } })).status,
      ).toBe(422)
  })
})
