import { createHmac } from 'node:crypto'
import { FOREIGN_IDS } from '@carillon/core/store/contract/samples'
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

const call = <T = Record<string, unknown>>(
  method: string,
  path: string,
  body?: unknown,
  token = tenant.key,
) => test.call<T>(method, `/v1${path}`, { token, body })

describe('users', () => {
  const profile = { name: 'Ann', email: 'ann@example.com', locale: 'pt-BR', timezone: 'Europe/Lisbon' }

  it('are created, replaced, read and erased', async () => {
    const ann = { ...profile, attributes: { plan: 'pro' } }
    expect((await call('PUT', '/users/ann', ann)).json).toEqual({ id: 'ann', ...ann })
    expect((await call('GET', '/users/ann')).json).toEqual({ id: 'ann', ...ann })
    await call('PUT', '/users/ann', { name: 'Ann B.' })
    expect((await call('GET', '/users/ann')).json).toEqual({ id: 'ann', name: 'Ann B.' })

    await tenant.item('ann')
    expect((await call('DELETE', '/users/ann')).status).toBe(204)
    expect((await call('GET', '/users/ann')).status).toBe(404)
    const inbox = await test.call('GET', '/v1/inbox', { token: await tenant.userToken('ann') })
    expect(inbox.json).toMatchObject({ items: [], counts: { unread: 0, unseen: 0 } })
    expect((await call('DELETE', '/users/ann')).status).toBe(204)
  })

  it('keep ids exactly as the sender wrote them', async () => {
    for (const id of FOREIGN_IDS) {
      expect((await call('PUT', `/users/${encodeURIComponent(id)}`, {})).json.id).toBe(id)
      expect((await call('GET', `/users/${encodeURIComponent(id)}`)).json.id).toBe(id)
    }
  })

  it('belong to one tenant', async () => {
    await call('PUT', '/users/ann', profile)
    const other = await test.tenant()
    expect((await call('GET', '/users/ann', undefined, other.key)).status).toBe(404)
    expect((await call('DELETE', '/users/ann', undefined, other.key)).status).toBe(204)
    expect((await call('GET', '/users/ann')).status).toBe(200)
  })

  it('get tokens that give access to their own inbox only', async () => {
    const { json, headers } = await call<{ token: string; expiresAt: string }>('POST', '/users/ann/token')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(Date.parse(json.expiresAt) - Date.now()).toBeGreaterThan(3_590_000)
    const mine = await tenant.item('ann')
    await tenant.item('bob')
    const inbox = await test.call<{ items: { id: string }[] }>('GET', '/v1/inbox', { token: json.token })
    expect(inbox.json.items.map(({ id }) => id)).toEqual([mine.id])
    const short = await call<{ expiresAt: string }>('POST', '/users/ann/token', { ttlSeconds: 60 })
    expect(Date.parse(short.json.expiresAt) - Date.now()).toBeLessThanOrEqual(60_000)
    for (const ttlSeconds of [0, -1, 1.5, 86_401, '60'])
      expect((await call('POST', '/users/ann/token', { ttlSeconds })).status).toBe(422)
  })
})

describe('topics', () => {
  const members = async (limit: number, key = tenant.key) => {
    const found: string[] = []
    let next: string | null = ''
    while (next !== null) {
      const { json }: { json: { users: string[]; next: string | null } } = await call(
        'GET',
        `/topics/team/members?limit=${limit}${next && `&after=${next}`}`,
        undefined,
        key,
      )
      expect(json.users.length).toBeLessThanOrEqual(limit)
      found.push(...json.users)
      next = json.next
    }
    return found.sort()
  }

  it('have members', async () => {
    expect((await call('PUT', '/topics/team/members/ann')).status).toBe(204)
    expect((await call('PUT', '/topics/team/members/ann')).status).toBe(204)
    const many = Array.from({ length: 250 }, (_, n) => `user-${n}`)
    expect((await call('POST', '/topics/team/members', { users: [...many, 'ann', 'ann'] })).status).toBe(204)
    expect(await members(100)).toEqual(['ann', ...many].sort())
    expect((await call('DELETE', '/topics/team/members/ann')).status).toBe(204)
    expect((await call('DELETE', '/topics/team/members/ann')).status).toBe(204)
    expect(await members(1_000)).toEqual(many.sort())
  })

  it('belong to one tenant', async () => {
    await call('PUT', '/topics/team/members/ann')
    const other = await test.tenant()
    expect(await members(10, other.key)).toEqual([])
    await call('DELETE', '/topics/team/members/ann', undefined, other.key)
    expect(await members(10)).toEqual(['ann'])
  })

  it('reject cursors of other topics, and too many members per request', async () => {
    await call('POST', '/topics/team/members', { users: ['a', 'b', 'c'] })
    const { next } = (await call<{ next: string }>('GET', '/topics/team/members?limit=1')).json
    expect((await call('GET', `/topics/other/members?after=${next}`)).json.code).toBe('cursor_invalid')
    const users = Array.from({ length: 1_001 }, (_, n) => `u${n}`)
    for (const bad of [users, [], ['ann\n'], 'ann'])
      expect((await call('POST', '/topics/team/members', { users: bad })).status).toBe(422)
    expect(await members(10)).toEqual(['a', 'b', 'c'])
  })
})

describe('notification types', () => {
  it('are defined, replaced and listed per tenant', async () => {
    const type = { name: 'Comments', category: 'social', priority: 'low' }
    expect((await call('PUT', '/types/comment.created', type)).json).toEqual({
      key: 'comment.created',
      version: 1,
      ...type,
    })
    await call('PUT', '/types/otp', { priority: 'critical' })
    expect((await call('GET', '/types/comment.created')).json).toEqual({
      key: 'comment.created',
      version: 1,
      ...type,
    })
    const { types } = (await call<{ types: { key: string }[] }>('GET', '/types')).json
    expect(types.map(({ key }) => key).sort()).toEqual(['comment.created', 'otp'])
    await call('PUT', '/types/otp', {})
    expect((await call('GET', '/types/otp')).json).toEqual({ key: 'otp', version: 2 })
    expect((await call('GET', '/types/nothing')).status).toBe(404)

    const other = await test.tenant()
    expect((await call('GET', '/types/otp', undefined, other.key)).status).toBe(404)
    expect((await call('GET', '/types', undefined, other.key)).json).toEqual({ types: [] })
  })
})

describe('credentials', () => {
  const everywhere = async (token: string | undefined, routes: [string, string][]) =>
    new Set(
      await Promise.all(
        routes.map(async ([method, path]) => {
          const { status, json, headers } = await test.call(method, path, {
            token,
            body: method === 'GET' || method === 'DELETE' ? undefined : {},
          })
          expect(headers.get('www-authenticate') !== null).toBe(status === 401)
          return `${status} ${json.code}`
        }),
      ),
    )
  const senders: [string, string][] = [
    ['POST', '/v1/notifications'],
    ['POST', '/v1/notifications/batch'],
    ['GET', '/v1/notifications/n1'],
    ['DELETE', '/v1/notifications/n1'],
    ['PUT', '/v1/users/ann'],
    ['GET', '/v1/users/ann'],
    ['DELETE', '/v1/users/ann'],
    ['POST', '/v1/users/ann/token'],
    ['PUT', '/v1/topics/team/members/ann'],
    ['DELETE', '/v1/topics/team/members/ann'],
    ['POST', '/v1/topics/team/members'],
    ['GET', '/v1/topics/team/members'],
    ['PUT', '/v1/types/test'],
    ['GET', '/v1/types/test'],
    ['GET', '/v1/types'],
  ]
  const users: [string, string][] = [
    ['GET', '/v1/inbox'],
    ['PATCH', '/v1/inbox/x'],
    ['DELETE', '/v1/inbox/x'],
    ['POST', '/v1/inbox/seen'],
    ['POST', '/v1/inbox/read-all'],
    ['POST', '/v1/inbox/seen-all'],
    ['POST', '/v1/inbox/archive-all'],
    ['POST', '/v1/inbox/x/actions/y'],
  ]
  const refused = new Set(['401 unauthenticated'])

  /** Returns a JWT with these parts, signed with `secret`, or unsigned without one. */
  const jwt = (claims: object, secret?: string, header: object = { alg: 'HS256', typ: 'JWT' }) => {
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
    const signed = `${encode(header)}.${encode(claims)}`
    return `${signed}.${secret === undefined ? '' : createHmac('sha256', secret).update(signed).digest('base64url')}`
  }
  const secretOf = async (id: string) => (await test.ports.store.tenants.get(id))?.secrets[0]?.secret
  const claims = (more: object = {}) => {
    const iat = Math.floor(Date.now() / 1_000)
    return { iss: tenant.id, sub: 'ann', aud: 'carillon', iat, exp: iat + 60, ...more }
  }

  it('are required on every route', async () => {
    for (const none of [
      undefined,
      '',
      'x',
      'ck_',
      `ck_${tenant.id}.aaaaaaaaaaaa.${'a'.repeat(43)}`,
      'a'.repeat(9_000),
    ])
      expect(await everywhere(none, [...senders, ...users]), none).toEqual(refused)
  })

  it('user tokens are rejected on backend routes, and API keys on user routes', async () => {
    expect(await everywhere(await tenant.userToken('ann'), senders)).toEqual(refused)
    expect(await everywhere(tenant.key, users)).toEqual(refused)
  })

  it('an API key without the scope is rejected with the name of the scope', async () => {
    const token = await tenant.keyWith('types:read')
    const reply = await call('POST', '/notifications', { to: 'ann', type: 'test' }, token)
    expect([reply.status, reply.json.code]).toEqual([403, 'forbidden'])
    expect(reply.json.detail).toContain('notifications:write')
    expect(await everywhere(token, senders)).toEqual(
      new Set(['403 forbidden', '404 not_found', '200 undefined']),
    )
    expect(await everywhere(await tenant.keyWith(), senders)).toEqual(new Set(['403 forbidden']))
    expect((await test.ports.stream.backlog()).get('notify-normal') ?? 0).toBe(0)
  })

  it('are rejected once revoked', async () => {
    const [key] = await test.ports.store.tenants.keys(tenant.id)
    if (!key) throw new Error('the tenant has a key')
    await test.ports.store.tenants.putKey({ ...key, revokedAt: new Date().toISOString() })
    expect(await everywhere(tenant.key, senders)).toEqual(refused)
  })

  it('are rejected as expired after their expiry', async () => {
    const old = claims({
      iat: Math.floor(Date.now() / 1_000) - 600,
      exp: Math.floor(Date.now() / 1_000) - 60,
    })
    const endless = claims({ iat: claims().iat - 10 ** 6, exp: claims().iat + 10 ** 9 })
    for (const past of [old, endless])
      expect(await everywhere(jwt(past, await secretOf(tenant.id)), users)).toEqual(
        new Set(['401 token_expired']),
      )
  })

  it('are rejected with the same text if unsigned, forged, or of another audience or tenant', async () => {
    const secret = (await secretOf(tenant.id)) ?? ''
    const other = await test.tenant()
    const foreign = (await secretOf(other.id)) ?? ''
    const good = jwt(claims(), secret)
    expect((await test.call('GET', '/v1/inbox', { token: good })).status).toBe(200)
    const bad = {
      unsigned: jwt(claims(), undefined, { alg: 'none', typ: 'JWT' }),
      'without a signature': jwt(claims()),
      'of another algorithm': jwt(claims(), secret, { alg: 'HS512', typ: 'JWT' }),
      'signed by another tenant': jwt(claims(), foreign),
      'of another tenant, signed by this one': jwt(claims({ iss: other.id }), secret),
      'of no tenant': jwt(claims({ iss: 'nobody' }), secret),
      'for another audience': jwt(claims({ aud: 'elsewhere' }), secret),
      'without an audience': jwt(claims({ aud: undefined }), secret),
      'without an end': jwt(claims({ exp: undefined }), secret),
      'without a user': jwt(claims({ sub: undefined }), secret),
      'of a hostile user': jwt(claims({ sub: 'ann\u0000' }), secret),
      'from the future': jwt(claims({ nbf: claims().iat + 600 }), secret),
    }
    const words = new Set<string>()
    for (const [what, token] of Object.entries(bad)) {
      const reply = await test.call('GET', '/v1/inbox', { token })
      expect([what, reply.status]).toEqual([what, 401])
      words.add(reply.text)
    }
    expect([...words]).toHaveLength(1)
  })
})
