import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openHub, type TestHub, type TestTenant } from '../testing/hub.ts'

let test: TestHub
let tenant: TestTenant
let ann: string

beforeAll(async () => {
  test = await openHub()
})
afterAll(() => test.close())
beforeEach(async () => {
  tenant = await test.tenant()
  ann = await tenant.userToken('ann')
})

/** Returns everything that a request could have changed. */
const state = async () => {
  const { store, stream } = test.ports
  return {
    backlog: await stream.backlog(),
    users: await store.users.get(tenant.id, ['ann']),
    devices: await store.devices.of(tenant.id, ['ann']),
    accounts: await store.accounts.list(tenant.id),
    suppressions: await store.suppressions.list(tenant.id, { limit: 10 }),
  }
}

/** Sends a request that must be rejected with a problem and change nothing. Returns the response. */
const refused = async (method: string, path: string, body?: unknown, token = tenant.key) => {
  const before = await state()
  const reply = await test.call(method, path, { token, ...(body === undefined ? {} : { body }) })
  expect(reply.headers.get('content-type'), reply.text).toBe('application/problem+json')
  expect([path, reply.status, reply.json.code]).toEqual([path, 422, 'invalid_request'])
  expect(await state()).toEqual(before)
  return reply.json.errors?.map(({ pointer }) => pointer) ?? []
}

const EMAILS = [
  'ann@example.com,bob@example.com',
  'ann@example.com;bob@example.com',
  'ann@example.com, bob@example.com',
  'Ann <ann@example.com>',
  'ann@example.com\r\nBcc: bob@example.com',
  'ann@example.com\nbob@example.com',
  'ann@example.com\u0000',
  'ann@@example.com',
  'ann@localhost',
  'ann',
  `${'a'.repeat(250)}@example.com`,
]
const PHONES = [
  '555-1234',
  '004915112345678',
  '4915112345678',
  '+0123456789',
  '+49 151 12345678',
  '+491,+492',
  '+',
  '+1234567890123456',
  '+49151\r\n',
  'tel:+4915112345678',
]

describe('addresses', () => {
  it.each(EMAILS)('rejects e-mail %j', async (email) => {
    expect(await refused('PUT', '/v1/users/ann', { email })).toEqual(['/email'])
    await refused('POST', '/v1/otp', { to: { user: 'ann', email }, channel: 'email' })
    await refused('PUT', `/v1/suppressions/email/${encodeURIComponent(email)}`)
  })

  it.each(PHONES)('rejects phone number %j', async (phone) => {
    expect(await refused('PUT', '/v1/users/ann', { phone })).toEqual(['/phone'])
    await refused('POST', '/v1/otp', { to: { user: 'ann', phone } })
    for (const channel of ['sms', 'mms', 'whatsapp'])
      await refused('PUT', `/v1/suppressions/${channel}/${encodeURIComponent(phone)}`)
  })

  it('rejects addresses for channels without addresses', async () => {
    for (const channel of ['push', 'webhook', 'telegram', 'fax', '__proto__'])
      await refused('PUT', `/v1/suppressions/${channel}/ann%40example.com`)
    expect(await refused('PUT', '/v1/suppressions/sms/ann%40example.com')).toEqual(['/address'])
    await refused('DELETE', '/v1/suppressions/email/+4915112345678')
    await refused('PUT', '/v1/suppressions/email/ann%40example.com', { reason: 'whim' })
  })
})

/** URLs that Carillon must never connect to. */
const FORBIDDEN_URLS = [
  'https://user:password@hooks.example/',
  'https://user@hooks.example/',
  'https://hooks.example:8443/',
  'https://hooks.example:22/',
  'http://hooks.example/',
  'https://127.0.0.1/',
  'https://127.1/',
  'https://2130706433/',
  'https://0x7f000001/',
  'https://0177.0.0.1/',
  'https://10.0.0.1/',
  'https://192.168.1.1/hook',
  'https://172.16.0.1/',
  'https://100.64.0.1/',
  'https://169.254.169.254/latest/meta-data/',
  'https://0.0.0.0/',
  'https://[::1]/',
  'https://[::]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:10.0.0.1]/',
  'https://[fd00::1]/',
  'https://[fe80::1]/',
  'https://[64:ff9b::7f00:1]/',
  'https://localhost/',
  'https://LOCALHOST./',
  'https://a.localhost/',
  'ftp://hooks.example/',
  'file:///etc/passwd',
  'javascript:alert(1)',
  '//hooks.example/',
  'hooks.example',
  'https://',
  '',
]
const keys = {
  p256dh: Buffer.alloc(65, 4).toString('base64url'),
  auth: Buffer.alloc(16, 1).toString('base64url'),
}

describe('destinations', () => {
  it.each(FORBIDDEN_URLS)('rejects %j', async (url) => {
    for (const kind of ['webhook', 'teams', 'discord'])
      expect(await refused('PUT', '/v1/users/ann/devices/x', { kind, url })).toContain('/url')
    const subscription = { kind: 'web-push', endpoint: url, keys }
    expect(await refused('PUT', '/v1/users/ann/devices/x', subscription)).toContain('/endpoint')
    expect(await refused('PUT', '/v1/devices/x', subscription, ann)).toContain('/endpoint')
  })

  it('rejects push endpoints of unknown push services', async () => {
    for (const endpoint of [
      'https://hooks.example/push',
      'https://fcm.googleapis.com.evil.example/',
      'https://evil.example/fcm.googleapis.com',
      'https://fcm.googleapis.com:8443/',
    ])
      expect(await refused('PUT', '/v1/devices/x', { kind: 'web-push', endpoint, keys }, ann)).toEqual([
        '/endpoint',
      ])
    const anywhere = await openHub({ anyPushOrigin: true })
    const other = await anywhere.tenant()
    const body = { kind: 'web-push', endpoint: 'https://push.example/1', keys }
    const put = await anywhere.call('PUT', '/v1/devices/x', { token: await other.userToken('ann'), body })
    expect(put.status).toBe(200)
    await anywhere.close()
  })

  it.each<[string, object]>([
    ['without a kind', { token: 'x'.repeat(20) }],
    ['of an unknown kind', { kind: 'pager', number: 1 }],
    [
      'with keys of the wrong length',
      { kind: 'web-push', endpoint: 'https://fcm.googleapis.com/1', keys: { ...keys, auth: 'AAAA' } },
    ],
    [
      'with invalid keys',
      { kind: 'web-push', endpoint: 'https://fcm.googleapis.com/1', keys: { ...keys, p256dh: '<script>' } },
    ],
    ['without keys', { kind: 'web-push', endpoint: 'https://fcm.googleapis.com/1' }],
    ['with a line break in the token', { kind: 'fcm', token: `${'x'.repeat(20)}\r\nHost: evil` }],
    ['with a short token', { kind: 'fcm', token: 'x' }],
    ['with a token that is not hexadecimal', { kind: 'apns', token: 'z'.repeat(64) }],
    ['with a path as token', { kind: 'apns', token: `../${'a'.repeat(61)}` }],
    ['with extra properties', { kind: 'fcm', token: 'x'.repeat(20), user: 'bob' }],
  ])('rejects devices %s', async (_, device) => {
    await refused('PUT', '/v1/devices/x', device, ann)
    await refused('PUT', '/v1/users/ann/devices/x', device)
  })

  it('rejects invalid chats', async () => {
    for (const device of [
      { kind: 'telegram', chat: 'https://evil.example' },
      { kind: 'telegram', chat: '1&text=x' },
      { kind: 'slack', channel: 'a b' },
    ])
      await refused('PUT', '/v1/users/ann/devices/x', device)
  })
})

describe('one-time passwords', () => {
  it.each<[string, object]>([
    ['without a recipient', {}],
    ['to a topic', { to: { topic: 'team' } }],
    ['to everyone', { to: { everyone: true } }],
    ['to several users', { to: ['ann', 'bob'] }],
    ['with three digits', { to: 'ann', length: 3 }],
    ['with eleven digits', { to: 'ann', length: 11 }],
    ['with a lifetime of an hour', { to: 'ann', ttlSeconds: 3_600 }],
    ['with a lifetime of zero', { to: 'ann', ttlSeconds: 0 }],
    ['by carrier pigeon', { to: 'ann', channel: 'pigeon' }],
    ['by webhook', { to: 'ann', channel: 'webhook' }],
    ['with a code from the request', { to: 'ann', code: '000000' }],
    ['with a line break in the name', { to: 'ann', name: 'Acme\r\nBcc: x' }],
  ])('rejects %s', async (_, body) => {
    await refused('POST', '/v1/otp', body)
  })
})
