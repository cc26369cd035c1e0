import { UnavailableError } from '@carillon/core/errors'
import type { DryRun } from '@carillon/schemas'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openHub, type TestHub } from '../testing/hub.ts'

let test: TestHub
let key: string
beforeAll(async () => {
  test = await openHub({ unknownTypes: 'refuse' })
  key = (await test.tenant()).key
  const put = async (path: string, body: unknown) =>
    expect((await test.call('PUT', path, { token: key, body })).status).toBeLessThan(300)
  await put('/v1/types/order.shipped', {
    category: 'orders',
    if: 'data.total > 0',
    content: { title: 'Order {{ data.number }}' },
    plan: [
      { channel: 'sms', when: 'always' },
      { channel: 'email', when: 'failed' },
    ],
  })
  await put('/v1/providers/sms', { provider: 'parrot', config: { token: 'a-long-token', host: 'h' } })
  await put('/v1/users/ada', { phone: '+351911111111', email: 'ada@example.org', locale: 'pt' })
  await put('/v1/users/bob', { email: 'bob@example.org' })
})
afterAll(() => test.close())

const run = (body: object) =>
  test.call<DryRun>('POST', '/v1/notifications', {
    token: key,
    body: {
      ...{ to: ['ada', 'bob'], type: 'order.shipped', data: { number: 7, total: 1 }, dryRun: true },
      ...body,
    },
  })
const told = ({ decisions }: DryRun) =>
  Object.fromEntries(
    decisions.map(({ user, decisions: some }) => [
      user,
      some.map(({ stage, channel, outcome, reason }) =>
        [stage, channel, outcome, reason].filter(Boolean).join(' '),
      ),
    ]),
  )

it('tells what each of the first users would get, and why', async () => {
  const { status, json } = await run({})
  expect(status).toBe(200)
  expect(json.recipients).toEqual({ count: 2, sample: ['ada', 'bob'] })
  expect(told(json)).toEqual({
    ada: ['audience pass', 'inbox inbox pass', 'condition sms pass'],
    bob: [
      'audience pass',
      'inbox inbox pass',
      'condition sms pass',
      'send sms skip no_address',
      'condition email pass',
    ],
  })
  expect(json.decisions[0]?.decisions[0]?.text).toContain('recipient')
  expect(json.rendered).toMatchObject({
    user: 'ada',
    inbox: { title: 'Order 7' },
    sms: { text: 'Order 7' },
    faults: [],
  })
  expect(json.rendered).not.toHaveProperty('email')
})

it('follows preferences, conditions and exclusions', async () => {
  const body = { categories: { orders: { sms: false, inbox: false } } }
  await test.call('PATCH', '/v1/users/ada/preferences', { token: key, body })
  expect(told((await run({ exclude: ['bob'] })).json)).toEqual({
    ada: [
      'audience pass',
      'preference inbox skip opted_out',
      'preference sms skip opted_out',
      'condition email pass',
    ],
    bob: ['audience end excluded'],
  })
  const none = (await run({ data: { number: 7, total: 0 } })).json
  expect(told(none)).toEqual({
    ada: ['condition end condition_false'],
    bob: ['condition end condition_false'],
  })
  expect(none).not.toHaveProperty('rendered')
})

it('counts an audience, and shows twenty of them', async () => {
  const users = Array.from({ length: 30 }, (_, n) => `member-${n}`)
  await test.call('POST', '/v1/topics/post-7/members', { token: key, body: { users } })
  const { json } = await run({ to: [{ topic: 'post-7' }, 'ada', 'member-3'] })
  expect(json.recipients.count).toBe(31)
  expect(json.recipients.sample).toHaveLength(20)
  expect(json.recipients.sample).toContain('member-3')
})

it('stores nothing, appends nothing, and keeps the id free', async () => {
  const id = 'order-7'
  expect((await run({ id, to: { user: 'new', email: 'new@example.org' } })).status).toBe(200)
  expect((await test.call('GET', '/v1/users/new', { token: key })).status).toBe(404)
  expect(await test.taken('notify-normal')).toEqual([])
  const sent = await run({ id, dryRun: false })
  expect([sent.status, sent.json]).toEqual([202, { id }])
  expect(await test.taken('notify-normal')).toHaveLength(1)
})

it('refuses what the acceptance refuses, and a dry run in a batch', async () => {
  expect((await run({ type: 'unknown' })).json.code).toBe('type_unknown')
  expect((await run({ to: [] })).json.errors?.[0]?.pointer).toBe('/to')
  expect((await run({ dryRun: 'yes' })).json.errors?.[0]?.pointer).toBe('/dryRun')
  const batch = await test.call<{ results: { problem: { errors: object[] } }[] }>(
    'POST',
    '/v1/notifications/batch',
    {
      token: key,
      body: { notifications: [{ to: 'ada', type: 'order.shipped', dryRun: true }] },
    },
  )
  expect(batch.status).toBe(422)
  expect(batch.json.results[0]?.problem.errors).toEqual([
    expect.objectContaining({ pointer: expect.stringContaining('/dryRun') }),
  ])
})

it('counts what it refuses, and bodies that cannot be read', async () => {
  const counted = async () => {
    const { text } = await test.call('GET', '/metrics')
    return ['type_unknown', 'malformed_json', 'invalid_request'].map((code) =>
      Number(text.match(`refused_total{via="http",code="${code}"} (\\d+)`)?.[1] ?? 0),
    )
  }
  const [unknown = 0, malformed = 0, invalid = 0] = await counted()
  await run({ type: 'unknown' })
  const headers = { 'content-type': 'application/json' }
  for (const body of ['{"dryRun": true, ', '{"dryRun": true, "dryRun": true}']) {
    const { status } = await test.call('POST', '/v1/notifications', { token: key, body, headers })
    expect(status).toBeGreaterThanOrEqual(400)
  }
  expect(await counted()).toEqual([unknown + 1, malformed + 1, invalid + 1])
})

it('shows sample links', async () => {
  const own = await openHub({ publicUrl: 'https://hub.example' })
  try {
    const token = (await own.tenant()).key
    const type = {
      channels: { sms: { text: '{{ unsubscribe_url }}' } },
      plan: [{ channel: 'sms', when: 'always' }],
    }
    await own.call('PUT', '/v1/types/linked', { token, body: type })
    await own.call('PUT', '/v1/users/ada', { token, body: { phone: '+351911111111' } })
    const account = { provider: 'parrot', config: { token: 'a-long-token', host: 'h' } }
    await own.call('PUT', '/v1/providers/sms', { token, body: account })
    const body = { to: 'ada', type: 'linked', dryRun: true }
    const { json } = await own.call<DryRun>('POST', '/v1/notifications', { token, body })
    const { pathname } = new URL(json.rendered?.sms?.text ?? '')
    expect((await own.call('POST', pathname)).text).toContain('This link is a sample')
  } finally {
    await own.close()
  }
})

it('asks who is there in the context of the notification, and needs no live bus', async () => {
  const asked: unknown[] = []
  const other = await openHub({}, ({ live }) => ({
    live: {
      ...live,
      presence: async (viewers) => {
        asked.push(viewers)
        throw new UnavailableError('live', new Error('Redis is down'))
      },
    },
  }))
  const { key: token, id: tenant } = await other.tenant()
  const body = { to: 'ada', type: 'x', title: 'x', context: 'org-7', dryRun: true }
  expect((await other.call('POST', '/v1/notifications', { token, body })).status).toBe(200)
  expect(asked).toEqual([[{ tenant, user: 'ada', context: 'org-7' }]])
  await other.close()
})

it('shows the instants at which it would be delivered, each in their own time', async () => {
  await test.call('PUT', '/v1/users/kai', { token: key, body: { timezone: 'Pacific/Honolulu' } })
  await test.call('PUT', '/v1/users/asha', { token: key, body: { timezone: 'Asia/Kathmandu' } })
  const date = new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 10)
  const untils = async (deliverAt: unknown, more: object = {}) => {
    const { status, json } = await run({ to: ['kai', 'asha', 'eve'], deliverAt, ...more })
    expect(status).toBe(200)
    return json.decisions.map(({ decisions: [first, second] }) => [first?.until, second?.at])
  }
  const local = (hours: number) => new Date(Date.parse(`${date}T09:00Z`) + hours * 3_600_000).toISOString()
  expect(await untils({ local: `${date}T09:00` })).toEqual([
    [local(10), local(10)],
    [local(-5.75), local(-5.75)],
    [local(0), local(0)],
  ])
  const data = { number: 7, total: 1, dueAt: `${date}T09:30:00Z` }
  const relative = { from: 'data.dueAt', offset: '-PT30M' }
  expect(await untils(relative, { data })).toEqual([1, 2, 3].map(() => [local(0), local(0)]))
})

it('says who would get nothing because it is late or has expired', async () => {
  const body = { to: 'bob', deliverAt: '2020-01-01T00:00:00Z' }
  expect(told((await run({ ...body, late: 'skip' })).json)).toEqual({ bob: ['audience end late'] })
  expect(told((await run(body)).json).bob?.[0]).toBe('audience pass')
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
  const expiresAt = `${tomorrow}T00:00:00Z`
  await test.call('PUT', '/v1/users/kai', { token: key, body: { timezone: 'Pacific/Honolulu' } })
  const local = { to: 'kai', deliverAt: { local: `${tomorrow}T00:00` }, expiresAt }
  expect(told((await run(local)).json)).toEqual({ kai: ['audience end expired'] })
})

it('takes no slot of a throttle and says nothing of throttles', async () => {
  const type = {
    content: { title: 'Down' },
    plan: [{ channel: 'sms', when: 'always' }],
    throttle: { limit: 1, window: 3_600 },
  }
  expect((await test.call('PUT', '/v1/types/monitor.down', { token: key, body: type })).status).toBe(200)
  const once = async () => told((await run({ to: 'ada', type: 'monitor.down', data: {} })).json)
  const first = await once()
  expect(await once()).toEqual(first)
  expect(JSON.stringify(first)).not.toContain('throttle')
  expect(first.ada?.at(-1)).toContain('pass')
})
