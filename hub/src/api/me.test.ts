import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openHub, type TestHub } from '../testing/hub.ts'

let test: TestHub
beforeAll(async () => {
  test = await openHub()
})
afterAll(() => test.close())

describe('what a front end reports', () => {
  it('is stored apart from the profile, and patched', async () => {
    const { key, userToken } = await test.tenant()
    const token = await userToken('ada')
    const patch = async (body: object) => (await test.call('PATCH', '/v1/me', { token, body })).json
    expect((await test.call('GET', '/v1/me', { token })).json).toEqual({})
    expect(await patch({ locale: 'pt_BR', timezone: 'Asia/Tokyo' })).toEqual({
      locale: 'pt-BR',
      timezone: 'Asia/Tokyo',
    })
    await test.call('PUT', '/v1/users/ada', { token: key, body: { name: 'Ada', locale: 'de' } })
    expect((await test.call('GET', '/v1/users/ada', { token: key })).json).toEqual({
      id: 'ada',
      name: 'Ada',
      locale: 'de',
    })
    expect(await patch({})).toEqual({ locale: 'pt-BR', timezone: 'Asia/Tokyo' })
    expect(await patch({ locale: null })).toEqual({ timezone: 'Asia/Tokyo' })
    expect((await test.call('GET', '/v1/me', { token })).json).toEqual({ timezone: 'Asia/Tokyo' })
    expect((await test.call('GET', '/v1/me', { token: await userToken('bob') })).json).toEqual({})
  })

  it.each([
    [{ timezone: 'Mars/Olympus' }, '/timezone'],
    [{ timezone: 'UTC\n' }, '/timezone'],
    [{ timezone: `Europe/${'x'.repeat(100)}` }, '/timezone'],
    [{ locale: 'x' }, '/locale'],
    [{ locale: 'en'.repeat(40) }, '/locale'],
    [{ locale: 7 }, '/locale'],
    [{ email: 'ada@example.com' }, '/email'],
  ])('is refused and left alone for %j', async (body, pointer) => {
    const { userToken } = await test.tenant()
    const token = await userToken('ada')
    const reply = await test.call('PATCH', '/v1/me', {
      token,
      body: { locale: 'de', timezone: 'UTC', ...body },
    })
    expect([reply.status, reply.json.errors?.[0]?.pointer]).toEqual([422, pointer])
    expect((await test.call('GET', '/v1/me', { token })).json).toEqual({})
  })

  it('is erased with the user, and refused until the user is stored again', async () => {
    const { key, userToken } = await test.tenant()
    await test.call('PATCH', '/v1/me', { token: await userToken('ada'), body: { locale: 'de' } })
    await test.call('DELETE', '/v1/users/ada', { token: key })
    const token = await userToken('ada')
    expect((await test.call('GET', '/v1/me', { token })).json).toEqual({})
    const refused = await test.call('PATCH', '/v1/me', { token, body: { locale: 'de' } })
    expect(refused.json.code).toBe('erased')
    await test.call('PUT', '/v1/users/ada', { token: key, body: {} })
    expect((await test.call('GET', '/v1/me', { token })).json).toEqual({})
  })
})
