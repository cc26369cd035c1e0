import { itemId } from '@carillon/core/notification/ids'
import type { Decision } from '@carillon/core/routing/decision'
import type { NotificationRecord } from '@carillon/core/store/ports/notifications'
import { localChain, OUTSIDE } from '@carillon/core/store/rules/notification-state'
import type { Explanation } from '@carillon/schemas'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
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

const AT = Date.now() - 60_000
const iso = (at: number) => new Date(at).toISOString()
const record = (more: Partial<NotificationRecord> = {}) =>
  test.ports.store.notifications.put([
    {
      ...{ tenant: tenant.id, id: 'n1', type: 'test', priority: 'normal', acceptedAt: AT, fingerprint: 'f' },
      ...{ chains: 0, direct: 1, users: ['ann'], planned: true },
      decisions: [
        {
          at: AT,
          stage: 'inbox',
          channel: 'inbox',
          outcome: 'pass',
          by: 'type',
          path: 'inbox',
          reason: 'silent',
        },
      ],
      ...more,
    },
  ])

const explain = (user: string, token = tenant.key, id = 'n1') =>
  test.call<Explanation>('GET', `/v1/notifications/${id}/explain?user=${user}`, { token })
const words = ({ decisions }: Explanation) =>
  decisions.map(({ stage, channel, outcome, reason }) =>
    [stage, channel, outcome, reason].filter((word) => word !== undefined).join(' '),
  )

describe('an explanation', () => {
  it('tells what was stored, decided, sent and reported, in order', async () => {
    await record()
    await tenant.item('ann', {
      ...{ id: itemId(tenant.id, 'n1', 'ann', AT), notification: 'n1', createdAt: iso(AT) },
    })
    const { deliveries, decisions } = test.ports.store
    const place = { notification: 'n1', user: 'ann', device: '', toAudience: false }
    const later = Date.now() + 10_000
    const passed = [{ at: later, stage: 'preference', by: 'user', path: 'types.test.sms' } as const]
    await deliveries.record(tenant.id, [
      {
        ...place,
        step: 0,
        channel: 'sms',
        state: 'sent',
        at: later + 5,
        provider: 'twilio',
        attempt: 1,
        passed,
      },
      { ...place, step: 0, channel: 'sms', state: 'delivered', at: later + 9 },
    ])
    const read: Decision = {
      ...{ at: later + 20, stage: 'condition', channel: 'email', step: 1, outcome: 'end' },
      ...{ by: 'user', reason: 'read' },
    }
    await decisions.record(tenant.id, [{ ...place, decision: read }])
    const { json, status, headers } = await explain('ann')
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(words(json)).toEqual([
      ...['audience pass', 'inbox inbox pass silent', 'preference sms pass', 'send sms sent'],
      'condition email end read',
    ])
    expect(json.decisions[2]).toEqual({
      ...{ at: iso(later), stage: 'preference', channel: 'sms', step: 0, outcome: 'pass' },
      ...{ by: 'user', path: 'types.test.sms' },
      text: `SMS (step 0) was allowed at ${iso(later)} (decided by the user, types.test.sms).`,
    })
    expect(json.decisions[3]).toEqual({
      ...{ at: iso(later + 5), stage: 'send', channel: 'sms', step: 0, outcome: 'sent', by: 'system' },
      provider: 'twilio',
      text: `SMS (step 0) was sent through twilio at ${iso(later + 5)}, delivered at ${iso(later + 9)}.`,
    })
  })

  it('says who was never a recipient, and who had an item that is gone', async () => {
    await record({ users: undefined, direct: 2 })
    const id = itemId(tenant.id, 'n1', 'ann', AT)
    const item = {
      ...{ tenant: tenant.id, user: 'ann', id, expiresAt: AT + 86_400_000, keepRecipient: true as const },
      content: { notification: 'n1', type: 'test', priority: 'normal' as const, createdAt: iso(AT) },
    }
    await test.ports.store.inbox.put([item])
    await test.ports.store.inbox.remove({ tenant: tenant.id, user: 'ann' }, [item.id])
    expect(words((await explain('eve')).json)).toEqual(['audience end not_recipient'])
    const { json } = await explain('ann')
    expect(words(json)).toEqual(['audience pass', 'inbox inbox pass silent'])
    expect(json.decisions[1]?.text).toContain('is no longer in the inbox')
  })

  it('says that a notification waits for its time', async () => {
    const deliverAt = Date.now() + 3_600_000
    await record({ deliverAt, users: undefined, absent: ['ann'], direct: 0, decisions: undefined })
    expect((await explain('ann')).json.decisions).toMatchObject([
      { stage: 'audience', outcome: 'wait', by: 'sender', path: 'deliverAt', until: iso(deliverAt) },
    ])
  })

  it('says when a local time comes for the user, before and after recipients are looked up', async () => {
    const { store } = test.ports
    await store.users.put(tenant.id, { id: 'ann', profile: { timezone: 'America/New_York' } })
    const local = { deliverAt: '2026-12-01T09:00' }
    const own = Date.parse('2026-12-01T14:00:00Z')
    const waits = { stage: 'audience', outcome: 'wait', by: 'sender', path: 'deliverAt' }
    const deliverAt = Date.now() + 3_600_000
    await record({ deliverAt, local, lastAt: deliverAt + 1, users: undefined, decisions: undefined })
    expect((await explain('ann')).json.decisions).toMatchObject([{ ...waits, until: iso(own) }])

    const begun = { deliverAt: AT, local, lastAt: AT + 1, direct: 0, absent: ['ann'] }
    await record(begun)
    const chain = localChain(OUTSIDE, 0)
    await store.notifications.progress(tenant.id, 'n1', { chain, reached: 0, finished: false })
    const wait = { at: AT, ...waits, reason: 'scheduled', until: own } as Decision
    await store.decisions.record(tenant.id, [
      { notification: 'n1', user: 'ann', toAudience: false, decision: wait },
    ])
    expect((await explain('ann')).json.decisions).toMatchObject([{ ...waits, until: iso(own) }])

    await tenant.item('ann', {
      ...{ id: itemId(tenant.id, 'n1', 'ann', AT), notification: 'n1', createdAt: iso(own) },
    })
    expect(words((await explain('ann')).json)).toEqual([
      ...['audience wait scheduled', 'inbox inbox pass silent', 'audience pass'],
    ])
  })

  it('of an item with a local expiry that has expired is in the order in which it happened', async () => {
    const { store } = test.ports
    // Five hours behind UTC throughout the year.
    await store.users.put(tenant.id, { id: 'ann', profile: { timezone: 'America/Panama' } })
    const hour = 3_600_000
    const own = Math.floor(Date.now() / hour - 48) * hour
    const [first, expired] = [own - 19 * hour, own + 9 * hour]
    const local = (at: number) => iso(at - 5 * hour).slice(0, 16)
    const delay: Decision = {
      ...{ at: first, stage: 'condition', channel: 'email', step: 0, outcome: 'wait', by: 'sender' },
      ...{ reason: 'delay', until: first + 600_000 },
    }
    await record({
      ...{
        acceptedAt: first - 1_000,
        deliverAt: first,
        local: { deliverAt: '2026-01-06T09:00' },
        lastAt: own,
      },
      ...{ localExpiry: { expiresAt: local(expired) }, expiresAt: Date.now() - 1_000 },
      decisions: [{ at: first, stage: 'inbox', channel: 'inbox', outcome: 'pass', by: 'system' }, delay],
    })
    const wait = {
      stage: 'audience',
      outcome: 'wait',
      by: 'sender',
      reason: 'scheduled',
      until: own,
    } as const
    await store.decisions.record(tenant.id, [
      { notification: 'n1', user: 'ann', toAudience: false, decision: { at: first, ...wait } },
    ])
    const { json } = await explain('ann')
    expect(words(json)).toEqual([
      ...['audience wait scheduled', 'audience pass', 'inbox inbox pass', 'condition email wait delay'],
      'inbox inbox end expired',
    ])
    expect(json.decisions.map(({ at, until }) => [at, until])).toEqual([
      [iso(first), iso(own)],
      ...[
        [iso(own), undefined],
        [iso(own), undefined],
        [iso(own), iso(own + 600_000)],
      ],
      [iso(expired), undefined],
    ])
  })

  it('is there for a one-time password, which is no notification', async () => {
    const place = { notification: 'otp', user: 'ann', step: 0, channel: 'sms', device: '' } as const
    await test.ports.store.deliveries.record(tenant.id, [
      { ...place, toAudience: false, state: 'sent', at: AT, attempt: 1 },
    ])
    expect(words((await explain('ann', tenant.key, 'otp')).json)).toEqual(['send sms sent'])
    expect((await explain('eve', tenant.key, 'otp')).status).toBe(404)
  })

  it("is refused for an unknown notification, another tenant's, without a user and without the scope", async () => {
    await record()
    expect((await explain('ann', tenant.key, 'n2')).json.code).toBe('not_found')
    expect((await explain('ann', (await test.tenant()).key)).json.code).toBe('not_found')
    expect((await explain('ann', await tenant.keyWith('notifications:write'))).status).toBe(403)
    const { status } = await test.call('GET', '/v1/notifications/n1/explain', { token: tenant.key })
    expect(status).toBe(422)
  })

  it('says whether it is a test', async () => {
    await record()
    await record({ id: 'n3', test: true })
    expect((await explain('ann')).json).not.toHaveProperty('test')
    expect((await explain('ann', tenant.key, 'n3')).json.test).toBe(true)
  })
})

describe('a wait in a window that moves', () => {
  const place = {
    notification: 'n1',
    user: 'ann',
    step: 0,
    channel: 'email',
    device: '',
    toAudience: false,
  } as const
  const HOUR = 3_600_000
  const begun = Date.now()

  const wait = async (id: string, detail: string, stage: 'digest' | 'quiet_hours') => {
    await record()
    const { deliveries, decisions, digests } = test.ports.store
    await digests.join(tenant.id, [
      {
        ...{ user: 'ann', window: 'w', member: 'm', step: '{}', at: begun, until: begun + 9 * HOUR },
        open: { id, closesAt: begun + HOUR, about: '{}' },
      },
    ])
    const reason = stage === 'digest' ? 'digest' : 'quiet_hours'
    const until = begun + HOUR
    await deliveries.record(tenant.id, [
      { ...place, state: 'queued', at: begun, reason, detail, nextAttempt: until },
    ])
    const decision = {
      stage,
      reason,
      until,
      at: begun,
      channel: 'email',
      step: 0,
      by: 'user',
      detail,
    } as const
    await decisions.record(tenant.id, [
      { ...place, decision: { ...decision, outcome: stage === 'digest' ? 'join' : 'wait' } },
    ])
  }
  const ends = async () => {
    const { json } = await explain('ann')
    const listed = await test.call<{ deliveries: { channel: string; nextAttemptAt: string }[] }>(
      'GET',
      '/v1/notifications/n1/deliveries?user=ann',
      { token: tenant.key },
    )
    return [
      ...json.decisions.flatMap(({ until }) => until ?? []),
      ...listed.json.deliveries.flatMap(({ channel, nextAttemptAt }) =>
        channel === 'email' ? [nextAttemptAt] : [],
      ),
    ]
  }

  it.each([
    ['digest w1', 'digest'],
    ['window w1', 'quiet_hours'],
  ] as const)('ends when the window closes now (%s)', async (detail, stage) => {
    await wait('w1', detail, stage)
    expect(await ends()).toEqual([iso(begun + HOUR), iso(begun + HOUR)])
    const { digests } = test.ports.store
    await digests.move(tenant.id, { user: 'ann', window: 'w', id: 'w1' }, begun + 2 * HOUR)
    expect(await ends()).toEqual([iso(begun + 2 * HOUR), iso(begun + 2 * HOUR)])
  })

  it('ends with the quiet hours in which its digest waits', async () => {
    await wait('w1', 'digest w1', 'digest')
    const { digests, deliveries } = test.ports.store
    await digests.close(tenant.id, { user: 'ann', window: 'w', id: 'w1' }, 'together')
    await digests.join(tenant.id, [
      {
        ...{ user: 'ann', window: 'night', member: 'd', step: '{}', at: begun, until: begun + 9 * HOUR },
        open: { id: 'w2', closesAt: begun + 3 * HOUR, about: '{}' },
      },
    ])
    await deliveries.record(tenant.id, [
      {
        ...{ ...place, notification: 'w1', state: 'queued', at: begun, reason: 'quiet_hours' },
        ...{ detail: 'window w2', nextAttempt: begun + HOUR },
      },
    ])
    expect(await ends()).toEqual([iso(begun + 3 * HOUR), iso(begun + 3 * HOUR)])
  })
})
