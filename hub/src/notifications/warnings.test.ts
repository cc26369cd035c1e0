import { afterAll, beforeAll, expect, it } from 'vitest'
import { openHub, type TestHub } from '../testing/hub.ts'

let test: TestHub
beforeAll(async () => {
  test = await openHub()
})
afterAll(() => test.close())

const note = { to: { user: 'ann', email: 'not an address', phone: '+351911111111' }, type: 'test' }
const warning = { code: 'ignored', pointer: '/to/email', message: 'must be an e-mail address' }

/** Returns a tenant with the type of `note`. */
const defined = async () => {
  const tenant = await test.tenant()
  await test.call('PUT', '/v1/types/test', { token: tenant.key, body: {} })
  return tenant
}

it('omits an invalid attribute of a recipient with a warning, and accepts the notification', async () => {
  const { key } = await defined()
  const reply = await test.call('POST', '/v1/notifications', { token: key, body: { ...note, id: 'n1' } })
  expect([reply.status, reply.json]).toEqual([202, { id: 'n1', warnings: [warning] }])
  const [message] = await test.taken('notify-normal')
  expect(JSON.parse(Buffer.from(message!.data).toString()).to).toEqual({
    user: 'ann',
    phone: '+351911111111',
  })
})

it('returns the same warning in a batch and for a repeated request', async () => {
  const { key } = await defined()
  const body = {
    notifications: [
      { ...note, id: 'n2' },
      { to: 'ann', type: 'test', id: 'n3' },
    ],
  }
  const send = () =>
    test.call('POST', '/v1/notifications/batch', { token: key, body, headers: { 'idempotency-key': 'once' } })
  const first = await send()
  expect([first.status, first.json]).toEqual([
    202,
    { results: [{ id: 'n2', warnings: [warning] }, { id: 'n3' }] },
  ])
  expect((await send()).json).toEqual(first.json)
  const { text } = await test.call('GET', '/metrics')
  expect(text).toMatch(/carillon_attributes_ignored_total\{via="http",type="test"\} [1-9]/)
})

it('rejects a recipient without any other attribute', async () => {
  const { key } = await test.tenant()
  const put = await test.call('PUT', '/v1/users/ann', { token: key, body: { email: 'x', locale: 'y' } })
  expect([put.status, put.json.errors?.map(({ pointer }) => pointer)]).toEqual([422, ['/email', '/locale']])
  const otp = await test.call('POST', '/v1/otp', {
    token: key,
    body: { to: { user: 'ann', email: 'x' }, channel: 'email' },
  })
  expect([otp.status, otp.json.code]).toEqual([422, 'invalid_request'])
})

it('content and a category that the type has itself are ignored, and told', async () => {
  const { key } = await test.tenant()
  const type = { category: 'orders', content: { title: 'Order {{ data.number }}' } }
  await test.call('PUT', '/v1/types/order.shipped', { token: key, body: type })
  const body = { to: 'ann', type: 'order.shipped', id: 'n4', title: 'T', body: 'B', category: 'news' }
  const reply = await test.call('POST', '/v1/notifications', { token: key, body })
  const message = 'the type has its own'
  expect([reply.status, reply.json]).toEqual([
    202,
    {
      id: 'n4',
      warnings: [
        { code: 'ignored', pointer: '/title', message },
        { code: 'ignored', pointer: '/category', message },
      ],
    },
  ])
  const { text } = await test.call('GET', '/metrics')
  expect(text).toContain('carillon_attributes_ignored_total{via="http",type="order.shipped"} 2')
})

it('tells that a type is not defined, in one notification and in a batch', async () => {
  const { key } = await defined()
  const send = (body: object, batch = '') =>
    test.call('POST', `/v1/notifications${batch}`, { token: key, body })
  const unknown = {
    code: 'unknown_type',
    pointer: '/type',
    message: expect.stringContaining('define the type with PUT /v1/types/order.shiped'),
  }
  const misspelt = { to: 'ann', type: 'order.shiped' }
  expect((await send({ ...misspelt, id: 'n5' })).json).toEqual({ id: 'n5', warnings: [unknown] })
  const batch = await send(
    {
      notifications: [
        { ...misspelt, id: 'n6' },
        { to: 'ann', type: 'test', id: 'n7' },
      ],
    },
    '/batch',
  )
  expect(batch.json.results).toEqual([{ id: 'n6', warnings: [unknown] }, { id: 'n7' }])
})
