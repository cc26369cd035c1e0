import { NOTIFICATION_MAX_BYTES } from '@carillon/schemas'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Call, openHub, type TestHub, type TestTenant } from '../testing/hub.ts'

let test: TestHub
let tenant: TestTenant

beforeAll(async () => {
  test = await openHub({ unknownTypes: 'refuse' })
})
afterAll(() => test.close())
beforeEach(async () => {
  tenant = await test.tenant()
  await test.call('PUT', '/v1/types/test', { token: tenant.key, body: {} })
})

/** Returns everything that a request could have changed. */
const state = async () => {
  const { store, stream } = test.ports
  const all = { from: 0, to: 64 }
  return {
    backlog: await stream.backlog(),
    users: await store.users.walk(tenant.id, all, 1_000),
    members: await store.topics.walk(tenant.id, 'team', all, 1_000),
    types: await store.types.list(tenant.id),
    inbox: await store.inbox.page({ tenant: tenant.id, user: 'ann' }, { status: 'active', limit: 100 }),
  }
}

/** Sends a request that must be rejected with a problem and change nothing. Returns the response. */
const refused = async (method: string, path: string, more: Call) => {
  const before = await state()
  const reply = await test.call(method, path, { token: tenant.key, ...more })
  expect(reply.status, reply.text).toBeGreaterThanOrEqual(400)
  expect(reply.headers.get('content-type')).toBe('application/problem+json')
  expect(reply.json).toMatchObject({
    type: `urn:carillon:problem:${reply.json.code}`,
    status: reply.status,
    temporary: false,
  })
  expect(await state()).toEqual(before)
  return reply
}
const send = (body: unknown, more: Call = {}) => refused('POST', '/v1/notifications', { body, ...more })
const good = { to: 'ann', type: 'test' }
/** Returns the time in `days` days. */
const soon = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()
const localSoon = (days: number) => soon(days).slice(0, 19)

describe('a body', () => {
  it.each([
    ['truncated JSON', '{"to":"ann"'],
    ['JSON with trailing text', '{"to":"ann","type":"test"}x'],
    ['another data format', "{'to':'ann'}"],
    ['JSON that is not UTF-8', new Uint8Array([0x7b, 0xff, 0xfe, 0x7d])],
    ['empty', ''],
  ])('%s is rejected as malformed', async (_, body) => {
    const { json, status } = await send(body)
    expect([status, json.code]).toEqual([400, 'malformed_json'])
  })

  it('is rejected if too large, with or without Content-Length', async () => {
    const huge = JSON.stringify({ ...good, data: { text: 'x'.repeat(NOTIFICATION_MAX_BYTES) } })
    for (const headers of [{}, { 'content-length': String(huge.length) }] as Record<string, string>[])
      expect((await send(huge, { headers: { 'content-type': 'application/json', ...headers } })).status).toBe(
        413,
      )
    const lying = { 'content-type': 'application/json', 'content-length': '99999999999' }
    expect((await send('{}', { headers: lying })).status).toBe(413)
    const batch = JSON.stringify({ notifications: [{ ...good, data: { text: 'x'.repeat(9_000_000) } }] })
    expect((await refused('POST', '/v1/notifications/batch', { body: batch })).json.code).toBe(
      'payload_too_large',
    )
  })

  it('is rejected if decompressing makes it too large', async () => {
    const data = { n: 'PLACE' }
    const body = JSON.stringify({ ...good, data }).replace(
      '"PLACE"',
      `[${Array(12_000).fill('1e20').join(',')}]`,
    )
    expect(body.length).toBeLessThan(NOTIFICATION_MAX_BYTES)
    expect((await send(body)).json.code).toBe('payload_too_large')
  })

  it('must be uncompressed JSON', async () => {
    for (const headers of [
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/x-www-form-urlencoded' },
      { 'content-type': 'application/json; charset=latin1' },
      { 'content-type': 'application/jsonx' },
      { 'content-type': '' },
      { 'content-encoding': 'gzip' },
    ] as Record<string, string>[])
      expect((await send(good, { headers })).json.code, JSON.stringify(headers)).toBe(
        'unsupported_media_type',
      )
    const ok = await test.call('POST', '/v1/notifications', {
      token: tenant.key,
      body: good,
      headers: { 'content-type': 'Application/JSON; charset=UTF-8' },
    })
    expect(ok.status).toBe(202)
  })

  it('must not be nested too deeply or contain prototypes', async () => {
    const deep = `{"to":"ann","type":"test","data":{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`
    expect((await send(deep)).json.code).toBe('invalid_request')
    const poisoned = '{"to":"ann","type":"test","data":{"__proto__":{"admin":true}}}'
    expect((await send(poisoned)).json.errors).toMatchObject([{ pointer: '/data/__proto__' }])
    expect((await send('{"to":"ann","type":"test","__proto__":{"id":"x"}}')).json.code).toBe(
      'invalid_request',
    )
  })
})

describe('a notification', () => {
  it.each<[string, unknown, string]>([
    ['that is not an object', '"hello"', ''],
    ['that is a list', [good], ''],
    ['without a recipient', { type: 'test' }, '/to'],
    ['without a type', { to: 'ann' }, '/type'],
    ['with unknown fields', { ...good, titel: 'Hi' }, ''],
    ['with an unknown nested field', { ...good, actor: { user: 'bob', age: 3 } }, '/actor'],
    ['with a number as title', { ...good, title: 5 }, '/title'],
    ['with an unknown priority', { ...good, priority: 'urgent' }, '/priority'],
    ['with a javascript: link', { ...good, url: 'javascript:alert(1)' }, '/url'],
    ['with a protocol-relative link', { ...good, url: '//evil.example' }, '/url'],
    ['with a link that browsers resolve to another host', { ...good, url: '/\\evil.example' }, '/url'],
    ['with a tab in a link', { ...good, url: '/\t/evil.example' }, '/url'],
    ['with credentials in a link', { ...good, image: 'https://me:secret@app.example/' }, '/image'],
    ['with a wildcard type', { to: 'ann', type: 'test.*' }, '/type'],
    ['with a line break in the type', { to: 'ann', type: 'a\r\nPUB b 0' }, '/type'],
    ['with a space in the type', { to: 'ann', type: 'a b' }, '/type'],
    ['with an invalid time', { ...good, deliverAt: 'tomorrow' }, '/deliverAt'],
    [
      'that expires before it is delivered',
      { ...good, deliverAt: soon(2), expiresAt: soon(1) },
      '/expiresAt',
    ],
    [
      'with a local time that does not exist',
      { ...good, deliverAt: { local: '2026-02-30T09:00' } },
      '/deliverAt/local',
    ],
    [
      'with a local time of a zone',
      { ...good, expiresAt: { local: '2026-12-01T09:00Z' } },
      '/expiresAt/local',
    ],
    [
      'with an unknown field of a local time',
      { ...good, deliverAt: { local: localSoon(2), zone: 'UTC' } },
      '/deliverAt/zone',
    ],
    ['with an unknown answer to lateness', { ...good, late: 'never' }, '/late'],
    [
      'that expires before it is delivered, in local time',
      { ...good, deliverAt: { local: localSoon(2) }, expiresAt: { local: localSoon(2) } },
      '/expiresAt',
    ],
    [
      'that expires before it is delivered anywhere',
      { ...good, deliverAt: { local: localSoon(9) }, expiresAt: soon(8) },
      '/expiresAt',
    ],
    ['relative to no data', { ...good, deliverAt: { from: 'data.dueAt' } }, '/deliverAt/from'],
    [
      'relative to what is no date',
      { ...good, deliverAt: { from: 'data.dueAt' }, data: { dueAt: 'noon' } },
      '/deliverAt/from',
    ],
    ['relative to a path outside data', { ...good, deliverAt: { from: 'dueAt' } }, '/deliverAt/from'],
    [
      'a hundred years before a date',
      { ...good, deliverAt: { from: 'data.dueAt', offset: '-P100Y' }, data: { dueAt: soon(1) } },
      '/deliverAt/offset',
    ],
    [
      'with a step that waits for no date',
      { ...good, plan: [{ channel: 'email', after: { from: 'data.startsAt' } }] },
      '/plan/0/after',
    ],
    [
      'with a step that waits for years',
      {
        ...good,
        plan: [{ channel: 'email', after: { from: 'data.startsAt' } }],
        data: { startsAt: '9999-12-31' },
      },
      '/plan/0/after',
    ],
    ['without a recipient', { ...good, to: [] }, '/to'],
    ['to too many recipients', { ...good, to: Array.from({ length: 1_001 }, (_, n) => `u${n}`) }, '/to'],
    ['to everyone: false', { ...good, to: { everyone: false } }, '/to'],
    ['to a hostile topic', { ...good, to: { topic: 'a\nb' } }, '/to'],
    ['with ten thousand tags', { ...good, tags: Array(10_000).fill('x') }, '/tags'],
  ])('%s is rejected with a pointer', async (_, body, pointer) => {
    const { json, status } = await send(body)
    expect([status, json.code]).toEqual([422, 'invalid_request'])
    expect(json.errors?.some((each) => each.pointer.startsWith(pointer))).toBe(true)
  })

  it('is rejected as expired after its expiry', async () => {
    const { json, status } = await send({ ...good, expiresAt: '2020-01-01T00:00:00Z' })
    expect([status, json.code, json.errors?.[0]?.pointer]).toEqual([422, 'time_passed', '/expiresAt'])
  })

  it.each(['2040-01-01T00:00:00Z', '2100-01-01T00:00:00Z', '9999-12-31T23:59:59-23:59', soon(366.1)])(
    'is rejected as too far ahead if scheduled or expiring at %s',
    async (time) => {
      for (const name of ['deliverAt', 'expiresAt']) {
        const { json, status } = await send({ ...good, [name]: time })
        expect([status, json.code]).toEqual([422, 'too_far'])
        expect(json.errors).toEqual([{ pointer: `/${name}`, message: 'must be at most 366 days ahead' }])
      }
    },
  )

  it.each([{ local: '9999-12-31T09:00' }, { local: localSoon(366) }, { from: 'data.dueAt' }])(
    'is rejected as too far ahead if scheduled at %j',
    async (deliverAt) => {
      const { json, status } = await send({ ...good, deliverAt, data: { dueAt: '9999-12-31T09:00:00Z' } })
      expect([status, json.code]).toEqual([422, 'too_far'])
      expect(json.errors?.[0]?.pointer).toBe('/deliverAt')
    },
  )

  it('can be scheduled in local time and relative to a date', async () => {
    for (const more of [
      { deliverAt: { local: localSoon(2) }, expiresAt: { local: localSoon(3) }, late: 'skip' },
      { deliverAt: { from: 'data.dueAt', offset: '-P1DT30M' }, data: { dueAt: soon(2) } },
      { plan: [{ channel: 'sms', after: { from: 'data.dueAt' } }], data: { dueAt: soon(2) } },
    ]) {
      const body = { ...good, ...more }
      expect((await test.call('POST', '/v1/notifications', { token: tenant.key, body })).status).toBe(202)
    }
  })

  it('can be scheduled 366 days ahead', async () => {
    const body = { ...good, deliverAt: soon(365.9), expiresAt: soon(365.95) }
    expect((await test.call('POST', '/v1/notifications', { token: tenant.key, body })).status).toBe(202)
  })

  it('is rejected if its type is unknown', async () => {
    const { json } = await send({ to: 'ann', type: 'never.defined' })
    expect(json).toMatchObject({
      code: 'type_unknown',
      detail: 'define the type first, with PUT /v1/types/never.defined',
    })
  })

  it('does not echo input in errors', async () => {
    const secret = 'hunter2-is-my-password'
    for (const body of [
      { ...good, priority: secret },
      { ...good, url: secret },
      { ...good, id: `${secret} ` },
    ])
      expect((await send(body)).text).not.toContain(secret)
  })
})

const HOSTILE = [
  'a\u0000b',
  '\u0000',
  'x'.repeat(129),
  'é'.repeat(65),
  'x'.repeat(10_240),
  'a\tb',
  'a\r\nSet-Cookie: x',
  'a\u0085b',
  'a\u2028b',
  '\u202eada',
  'ada\u200b',
  ' ada',
  'ada\u00a0',
  '.',
  '..',
  '',
  ' ',
]

describe('hostile user ids', () => {
  it.each(HOSTILE)('rejects %j', async (user) => {
    for (const to of [user, { user }, [user], ['ann', { user, name: 'x' }]])
      expect((await send({ ...good, to })).json.code).toBe('invalid_request')
    for (const body of [
      { ...good, exclude: [user] },
      { ...good, actor: user },
      { ...good, actor: { user } },
    ])
      expect((await send(body)).json.code).toBe('invalid_request')
    await refused('POST', '/v1/topics/team/members', { body: { users: ['ann', user] } })
    // Clients normalize these away.
    if (user.trim() === '' || /^\.+$/.test(user)) return
    const path = encodeURIComponent(user)
    await refused('PUT', `/v1/users/${path}`, { body: {} })
    await refused('GET', `/v1/users/${path}`, {})
    await refused('DELETE', `/v1/users/${path}`, {})
    await refused('POST', `/v1/users/${path}/token`, {})
    await refused('PUT', `/v1/topics/team/members/${path}`, {})
    await refused('PUT', `/v1/topics/${path}/members/ann`, {})
    await refused('PUT', `/v1/types/${path}`, { body: {} })
    await refused('GET', `/v1/notifications/${path}`, {})
    await refused('DELETE', `/v1/notifications/${path}`, {})
  })

  it('rejects lone surrogates', async () => {
    for (const user of ['\ud83d', 'ada\udd14'])
      expect((await send({ ...good, to: user })).json.errors).toContainEqual({
        pointer: '/to',
        message: 'must not contain control or invisible characters',
      })
  })

  it('rejects malformed escapes', async () => {
    for (const path of ['%', '%zz', '%ff', '%c0%af']) await refused('PUT', `/v1/users/${path}`, { body: {} })
  })
})

describe('users', () => {
  it.each<[string, unknown]>([
    ['unknown fields', { nickname: 'x' }],
    ['an invalid address', { email: 'not an address' }],
    ['an invalid number', { phone: '555-1234' }],
    ['an invalid time zone', { timezone: 'Mars/Olympus' }],
    ['an invalid locale', { locale: 'portuguese' }],
    ['a list', []],
    ['null', null],
  ])('rejects %s', async (_, body) => {
    expect((await refused('PUT', '/v1/users/ann', { body })).json.code).toBe('invalid_request')
  })
})

describe('types', () => {
  it.each<[string, string, unknown]>([
    ['unknown fields', 'ok', { color: 'red' }],
    ['an unknown priority', 'ok', { priority: 'urgent' }],
    ['a wildcard', 'a.*', {}],
    ['nine tokens', 'a.b.c.d.e.f.g.h.i', {}],
  ])('rejects %s', async (_, key, body) => {
    expect((await refused('PUT', `/v1/types/${key}`, { body })).json.code).toBe('invalid_request')
  })
})

describe('paths', () => {
  it('an unknown path returns 404', async () => {
    for (const [method, path] of [
      ['GET', '/nothing'],
      ['GET', '/v1'],
      ['GET', '/v1/users'],
      ['POST', '/v2/notifications'],
      ['GET', '/v1/users/ann/export'],
      ['GET', '/v1/inbox/../users/ann'],
    ] as const)
      expect((await refused(method, path, {})).status, path).toBeGreaterThanOrEqual(401)
    expect((await refused('GET', '/nothing', {})).json.code).toBe('not_found')
  })

  it('allow only their methods, and list them', async () => {
    for (const [method, path, allow] of [
      ['PUT', '/v1/notifications', 'POST, DELETE, GET'],
      ['PUT', '/v1/notifications/n1', 'GET, DELETE'],
      ['POST', '/v1/users/ann', 'PUT, GET, DELETE'],
      ['DELETE', '/v1/inbox', 'GET'],
      ['GET', '/v1/inbox/seen', 'POST'],
      ['POST', '/healthz', 'GET'],
      ['DELETE', '/v1/topics/team/members', 'POST, GET'],
    ] as const) {
      const reply = await refused(method, path, {})
      expect([path, reply.status, reply.json.code]).toEqual([path, 405, 'method_not_allowed'])
      expect(reply.headers.get('allow')).toBe(allow)
    }
  })
})
