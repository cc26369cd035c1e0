import { afterAll, beforeAll, expect, it } from 'vitest'
import { openHub, type TestHub } from '../testing/hub.ts'

let test: TestHub
beforeAll(async () => {
  test = await openHub()
})
afterAll(() => test.close())

const schema = {
  type: 'object',
  required: ['number'],
  properties: { number: { type: 'string' } },
  additionalProperties: false,
}
const CE = { 'content-type': 'application/cloudevents+json' }

it('data that does not fit the schema of the type is refused, with its place', async () => {
  const { key } = await test.tenant()
  await test.call('PUT', '/v1/types/order.shipped', { token: key, body: { schema } })
  const note = { to: 'ann', type: 'order.shipped' }
  const send = async (more: object) => {
    const { status, json } = await test.call('POST', '/v1/notifications', {
      token: key,
      body: { ...note, ...more },
    })
    return [status, json.code, json.errors]
  }
  const refused = (pointer: string, message: string) => [422, 'invalid_request', [{ pointer, message }]]
  expect(await send({ data: { number: 7 } })).toEqual(refused('/data/number', 'must be string'))
  expect(await send({ data: { number: 'A', 'a/b': 1 } })).toEqual(
    refused('/data/a~1b', 'is not a property of the schema'),
  )
  expect(await send({})).toEqual(refused('/data/number', 'is required'))
  expect((await send({ data: { number: 'A-7' } }))[0]).toBe(202)
  const event = {
    specversion: '1.0',
    id: '1',
    source: '/x',
    type: 'order.shipped',
    data: { to: 'ann', data: {} },
  }
  const sent = await test.call('POST', '/v1/notifications', { token: key, body: event, headers: CE })
  expect(sent.json.errors).toEqual([{ pointer: '/data/data/number', message: 'is required' }])
})

it('the schema of a new version holds at once', async () => {
  const { key } = await test.tenant()
  const call = (method: string, path: string, body: unknown) => test.call(method, path, { token: key, body })
  const send = async () =>
    (await call('POST', '/v1/notifications', { to: 'ann', type: 'x', data: { number: 7 } })).status
  await call('PUT', '/v1/types/x', { schema })
  expect(await send()).toBe(422)
  await call('PUT', '/v1/types/x', { schema: { ...schema, properties: { number: { type: 'number' } } } })
  expect(await send()).toBe(202)
})
