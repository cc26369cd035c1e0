import { DEVICES_MAX } from '@carillon/schemas'
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

const endpoint = 'https://fcm.googleapis.com/fcm/send/abc-123'
const browser = {
  kind: 'web-push',
  endpoint,
  keys: {
    p256dh: Buffer.alloc(65, 4).toString('base64url'),
    auth: Buffer.alloc(16, 1).toString('base64url'),
  },
}
const phone = { kind: 'fcm', token: 'token-of-a-phone-0123456789' }

describe("a user's devices", () => {
  it('are registered, listed without credentials, and deleted', async () => {
    const put = await test.call('PUT', '/v1/devices/laptop', { token: ann, body: browser })
    expect(put.status, put.text).toBe(200)
    expect(put.json).toEqual({
      id: 'laptop',
      kind: 'web-push',
      origin: 'https://fcm.googleapis.com',
      createdAt: expect.any(String),
      renewal: expect.any(String),
    })
    await test.call('PUT', '/v1/devices/phone', { token: ann, body: phone })
    for (const [path, token] of [
      ['/v1/devices', ann],
      ['/v1/users/ann/devices', tenant.key],
    ] as const) {
      const { json, text } = await test.call<{ devices: { id: string }[] }>('GET', path, { token })
      expect(json.devices.map(({ id }) => id).sort()).toEqual(['laptop', 'phone'])
      expect(text).not.toContain('abc-123')
      expect(text).not.toContain(phone.token)
    }
    expect((await test.call('DELETE', '/v1/devices/laptop', { token: ann })).status).toBe(204)
    const { devices } = (await test.call<{ devices: object[] }>('GET', '/v1/devices', { token: ann })).json
    expect(devices).toHaveLength(1)
  })

  it('keep the time of their first registration', async () => {
    const first = await test.call('PUT', '/v1/devices/phone', { token: ann, body: phone })
    const again = await test.call('PUT', '/v1/devices/phone', {
      token: ann,
      body: { ...phone, token: `${phone.token}-new` },
    })
    expect(again.json.createdAt).toBe(first.json.createdAt)
  })

  it('move to the user who registers the same device last', async () => {
    await test.call('PUT', '/v1/devices/phone', { token: ann, body: phone })
    const bob = await tenant.userToken('bob')
    await test.call('PUT', '/v1/devices/mine', { token: bob, body: phone })
    expect((await test.call('GET', '/v1/devices', { token: ann })).json).toEqual({ devices: [] })
    expect(
      (await test.call<{ devices: object[] }>('GET', '/v1/devices', { token: bob })).json.devices,
    ).toHaveLength(1)
  })

  it(`are limited to ${DEVICES_MAX}`, async () => {
    const put = (n: number) =>
      test.call('PUT', `/v1/devices/d${n}`, { token: ann, body: { ...phone, token: `${phone.token}-${n}` } })
    for (let n = 0; n < DEVICES_MAX; n++) expect((await put(n)).status).toBe(200)
    expect((await put(DEVICES_MAX)).json.code).toBe('too_many_devices')
    expect((await put(0)).status).toBe(200)
  })

  it('are not accessible to other users or tenants', async () => {
    await test.call('PUT', '/v1/devices/phone', { token: ann, body: phone })
    const bob = await tenant.userToken('bob')
    expect((await test.call('DELETE', '/v1/devices/phone', { token: bob })).status).toBe(204)
    const other = await test.tenant()
    await test.call('DELETE', '/v1/users/ann/devices/phone', { token: other.key })
    expect((await test.call('GET', '/v1/users/ann/devices', { token: other.key })).json).toEqual({
      devices: [],
    })
    expect(
      (await test.call<{ devices: object[] }>('GET', '/v1/devices', { token: ann })).json.devices,
    ).toHaveLength(1)
  })
})

describe('backends', () => {
  it('can also register webhooks and chats, with the scope', async () => {
    const put = (device: object, token = tenant.key) =>
      test.call('PUT', '/v1/users/ann/devices/x', { token, body: device })
    for (const device of [
      { kind: 'webhook', url: 'https://hooks.example/in' },
      { kind: 'slack', channel: 'U012AB3CD' },
      { kind: 'teams', url: 'https://teams.example/hook/secret' },
      { kind: 'discord', url: 'https://discord.com/api/webhooks/1/secret' },
      { kind: 'telegram', chat: '-100123' },
    ]) {
      const reply = await put(device)
      expect([device.kind, reply.status]).toEqual([device.kind, 200])
      expect(reply.text).not.toMatch(/secret|hooks\.example|U012AB3CD|100123/)
    }
    expect((await put(phone, await tenant.keyWith('users:read'))).status).toBe(403)
    expect(
      (await test.call('PUT', '/v1/devices/x', { token: ann, body: { kind: 'telegram', chat: '1' } })).status,
    ).toBe(422)
  })
})

describe('/v1/push/key', () => {
  it('returns the key of the tenant', async () => {
    const { json } = await test.call<{ publicKey: string }>('GET', '/v1/push/key', { token: ann })
    const known = await test.ports.store.tenants.get(tenant.id)
    expect(json).toEqual({ publicKey: known?.vapid.publicKey })
    expect(Buffer.from(json.publicKey, 'base64url')).toHaveLength(65)
  })
})
