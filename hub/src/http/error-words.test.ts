import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openHub, type TestHub, type TestTenant } from '../testing/hub.ts'

let test: TestHub
let tenant: TestTenant

beforeAll(async () => {
  test = await openHub()
  tenant = await test.tenant()
})
afterAll(() => test.close())

const send = (body: unknown) => test.call('POST', '/v1/notifications', { token: tenant.key, body })

describe('an error names the cause', () => {
  it('in a single notification', async () => {
    const { status, json } = await send({ to: 'ann', type: 'test', titel: 'Hello' })
    expect([status, json.code]).toEqual([422, 'invalid_request'])
    expect(json.detail).toBe('the notification is invalid at /titel: unknown key; did you mean title?')
    expect(json.errors).toEqual([{ pointer: '/titel', message: 'unknown key; did you mean title?' }])
  })

  it('in each notification of a batch', async () => {
    const { json } = await test.call<{ results: { problem: { detail: string } }[] }>(
      'POST',
      '/v1/notifications/batch',
      {
        token: tenant.key,
        body: {
          notifications: [
            { to: 5, type: 'test' },
            { to: 'ann', type: 'test', priority: 'hihg' },
          ],
        },
      },
    )
    expect(json.results.map(({ problem }) => problem.detail)).toEqual([
      'the notification is invalid at /to: must be a user id, {user, …}, {topic}, {everyone: true} or a list of these, not a number',
      'the notification is invalid at /priority: must be one of critical, high, normal or low; did you mean high?',
    ])
  })

  it('in a body, a path and a query', async () => {
    const call = async (method: string, path: string, body?: unknown) =>
      (await test.call(method, path, { token: tenant.key, body })).json.detail
    expect(await call('PUT', '/v1/users/ada', { emial: 'x' })).toBe(
      'the body is invalid at /emial: unknown key; did you mean email?',
    )
    expect(await call('PUT', '/v1/types/a..b', {})).toMatch(/^the path is invalid at \/key: /)
    expect(await call('GET', '/v1/topics/t/members?limt=5')).toBe(
      'the query is invalid at /limt: unknown key; did you mean limit?',
    )
  })

  it('in the config of a provider', async () => {
    const { json } = await test.call('PUT', '/v1/providers/main', {
      token: tenant.key,
      body: { provider: 'parrot', config: { token: 'long enough', hots: 'x' } },
    })
    expect(json.detail).toBe('the config of parrot is invalid at /config/host: is missing (and 1 more)')
    expect(json.errors?.[1]).toEqual({ pointer: '/config/hots', message: 'unknown key; did you mean host?' })
  })
})

describe('a token of the wrong kind is named in the error', () => {
  const detail = async (path: string, token: string) => {
    const { status, json } = await test.call('GET', path, { token })
    expect(status).toBe(401)
    return json.detail
  }

  it('where API keys are expected', async () => {
    const user = await tenant.userToken('ann')
    expect(await detail('/v1/types', user)).toMatch(
      /^the token is a user token; this operation takes API keys/,
    )
    expect(await detail('/v1/types', 'sk_live_1')).toBe('the token is not an API key: one starts with ck_')
  })

  it('where user tokens are expected', async () => {
    expect(await detail('/v1/inbox', tenant.key)).toBe(
      'the token is an API key; this operation takes user tokens',
    )
  })

  it('without revealing whether a key exists', async () => {
    const [, id = ''] = tenant.key.split('.')
    const secret = 'x'.repeat(43)
    const wrong = await detail('/v1/types', `ck_${tenant.id}.${id}.${secret}`)
    expect(await detail('/v1/types', `ck_${tenant.id}.${'x'.repeat(12)}.${secret}`)).toBe(wrong)
    expect(await detail('/v1/types', `ck_nobody.${id}.${secret}`)).toBe(wrong)
  })
})
