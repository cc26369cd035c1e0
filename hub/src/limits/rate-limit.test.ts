import { signUserToken } from '@carillon/core/security/user-tokens'
import { io } from 'socket.io-client'
import { afterEach, describe, expect, test } from 'vitest'
import { openHub, type TestHub } from '../testing/hub.ts'
import type { RequestRates } from './rate-limit.ts'

let own: TestHub | undefined
afterEach(() => own?.close())

/** A limit so slow that nothing is refilled during a test. */
const burst = (burst: number) => ({ perSecond: 0.001, burst })
const NONE: RequestRates = { key: null, tenant: null, user: null, guesses: null }

const open = async (rates: Partial<RequestRates>) => {
  const hub = await openHub({ requestRates: { ...NONE, ...rates }, trustedProxies: ['loopback'] })
  own = hub
  const get = async (path: string, token: string) => (await hub.call('GET', path, { token })).status
  /** Sends `count` requests, one after the other. Returns their statuses. */
  const statuses = async (count: number, path: string, token: string) => {
    const all: number[] = []
    for (let n = 0; n < count; n++) all.push(await get(path, token))
    return all
  }
  return { hub, get, statuses }
}
const SENDERS = '/v1/tenant'
const USERS = '/v1/inbox'

describe('requests', () => {
  test('requests of an API key are rejected beyond its limit, with the remaining quota and the time to wait', async () => {
    const { hub, get } = await open({ key: burst(3) })
    const tenant = await hub.tenant()
    const { headers } = await hub.call('GET', SENDERS, { token: tenant.key })
    expect(headers.get('ratelimit-policy')).toBe('"key";q=3;w=3000')
    expect(headers.get('ratelimit')).toBe('"key";r=2;t=1000')
    expect([await get(SENDERS, tenant.key), await get(SENDERS, tenant.key)]).toEqual([200, 200])
    const refused = await hub.call('GET', SENDERS, { token: tenant.key })
    expect(refused).toMatchObject({ status: 429, json: { code: 'rate_limited', temporary: true } })
    expect(refused.headers.get('content-type')).toBe('application/problem+json')
    expect(refused.headers.get('ratelimit-policy')).toBe('"key";q=3;w=3000')
    expect(refused.headers.get('ratelimit')).toMatch(/^"key";r=0;t=\d+$/)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(900)
    expect(await get(SENDERS, await tenant.keyWith('tenant:read'))).toBe(200)
    const counted = (await hub.ports.metrics.rateLimited.get()).values
    expect(counted).toMatchObject([{ value: 1, labels: { limit: 'key' } }])
  })

  test('requests of a tenant count together, for keys and users, and separately from other tenants', async () => {
    const { hub, get, statuses } = await open({ tenant: burst(4) })
    const [tenant, other] = [await hub.tenant(), await hub.tenant()]
    expect(await statuses(3, SENDERS, tenant.key)).toEqual([200, 200, 200])
    expect(await get(USERS, await tenant.userToken('ann'))).toBe(200)
    expect(await get(USERS, await tenant.userToken('bob'))).toBe(429)
    expect(await get(SENDERS, await tenant.keyWith('tenant:read'))).toBe(429)
    expect(await get(SENDERS, other.key)).toBe(200)
  })

  test('requests of a user count together for all tokens, and separately from other users', async () => {
    const { hub, get, statuses } = await open({ user: burst(3) })
    const tenant = await hub.tenant()
    expect(await statuses(2, USERS, await tenant.userToken('ann', 60))).toEqual([200, 200])
    expect(await statuses(2, USERS, await tenant.userToken('ann', 90))).toEqual([200, 429])
    expect(await get(USERS, await tenant.userToken('bob'))).toBe(200)
    expect(await get(SENDERS, tenant.key)).toBe(200)
  })

  test("are limited by the tenant's limits if an operator set them, or else by the installation's", async () => {
    const { hub, statuses } = await open({ key: burst(2), user: burst(2) })
    const tenant = await hub.tenant()
    await hub.ports.store.tenants.putLimits(tenant.id, { requests: { key: burst(4), user: null } })
    expect(await statuses(5, SENDERS, tenant.key)).toEqual([200, 200, 200, 200, 429])
    expect(await statuses(5, USERS, await tenant.userToken('ann'))).toEqual([200, 200, 200, 200, 200])
    expect(await statuses(3, SENDERS, (await hub.tenant()).key)).toEqual([200, 200, 429])
  })

  test('count even if malformed or without the scope; health, metrics and documents never count', async () => {
    const { hub, get, statuses } = await open({ key: burst(2) })
    const tenant = await hub.tenant()
    await statuses(3, SENDERS, tenant.key)
    for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json'])
      expect(await statuses(3, path, tenant.key)).toEqual([200, 200, 200])
    expect(await get('/v1/nothing', tenant.key)).toBe(404)
  })
})

describe('rejected credentials', () => {
  const listen = async (rates: Partial<RequestRates>) => {
    const opened = await open(rates)
    const { port } = await opened.hub.hub.listen(0, '127.0.0.1')
    const url = `http://127.0.0.1:${port}`
    const status = async (token: string, from = '198.51.100.1') => {
      const headers = { authorization: `Bearer ${token}`, 'x-forwarded-for': from }
      const path = token.startsWith('ck_') ? SENDERS : USERS
      return (await fetch(`${url}${path}`, { headers })).status
    }
    return { ...opened, url, status }
  }

  test('are limited by client address, without affecting valid ones', async () => {
    const { hub, status } = await listen({ guesses: burst(3) })
    const tenant = await hub.tenant()
    const wrong = `${tenant.key.slice(0, -4)}AAAA`
    const forged = await signUserToken(
      { ...(await hub.ports.store.tenants.get(tenant.id))!, secrets: [{ kid: 'x', secret: 'x'.repeat(43) }] },
      'ann',
    )
    expect([await status(wrong), await status('a.b.c'), await status(forged.token)]).toEqual([401, 401, 401])
    expect([await status(wrong), await status(forged.token)]).toEqual([429, 429])
    expect(await status(tenant.key)).toBe(200)
    expect(await status(await tenant.userToken('ann'))).toBe(200)
    expect(await status(wrong, '198.51.100.2')).toBe(401)
    expect(await status(wrong, '198.51.100.9, 198.51.100.2')).toBe(401)
  })

  test('do not include expired tokens, because their clients have to get new ones', async () => {
    const { hub, status } = await listen({ guesses: burst(1) })
    const tenant = await hub.tenant()
    const expired = await tenant.userToken('ann', -120)
    expect([await status(expired), await status(expired), await status(expired)]).toEqual([401, 401, 401])
  })

  test('count at sockets too, whose handshakes count as requests of their user', async () => {
    const { hub, url } = await listen({ guesses: burst(2), user: burst(3) })
    const tenant = await hub.tenant()
    const outcome = (token: string) =>
      new Promise<string>((resolve) => {
        const socket = io(url, {
          transports: ['websocket'],
          auth: { token },
          reconnection: false,
          forceNew: true,
        })
        const end = (result: string) => {
          socket.close()
          resolve(result)
        }
        socket.on('connect', () => end('connected'))
        socket.on('connect_error', ({ message }) => end(message))
      })
    const outcomes = async (count: number, token: string) => {
      const all: string[] = []
      for (let n = 0; n < count; n++) all.push(await outcome(token))
      return all
    }
    expect(await outcomes(3, 'a.b.c')).toEqual(['unauthenticated', 'unauthenticated', 'rate_limited'])
    expect(await outcomes(4, await tenant.userToken('ann'))).toEqual([
      ...['connected', 'connected', 'connected'],
      'rate_limited',
    ])
  })
})
