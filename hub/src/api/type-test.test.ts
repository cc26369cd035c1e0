import { stampedRevision, stampedVersion } from '@carillon/core/notification/stamp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openHub, type TestHub } from '../testing/hub.ts'

let test: TestHub
let key: string
beforeAll(async () => {
  test = await openHub()
  key = (await test.tenant()).key
  const schema = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } }
  for (const title of ['One', 'Two']) {
    const type = {
      schema,
      sample: { n: 7 },
      content: { title },
      plan: [{ channel: 'push', when: 'unread', after: 60 }],
    }
    await test.call('PUT', '/v1/types/order.shipped', { token: key, body: type })
  }
})
afterAll(() => test.close())

const send = (body: unknown, of = 'order.shipped', token = key) =>
  test.call<{ id: string }>('POST', `/v1/types/${of}/test`, { token, body })
const taken = async () =>
  (await test.taken('notify-normal')).map(({ data, headers }) => ({
    ...JSON.parse(Buffer.from(data).toString()),
    version: stampedVersion(headers),
    revision: stampedRevision(headers),
  }))

it('accepts a notification that is marked, with the sample, for every channel of the plan at once', async () => {
  const { status, json } = await send({ to: 'ada', version: 1 })
  expect(status).toBe(202)
  expect(await taken()).toMatchObject([
    {
      ...{ id: json.id, type: 'order.shipped', test: true, inbox: 'shown', data: { n: 7 } },
      ...{ to: 'ada', version: 1, revision: 0 },
      plan: [{ channel: 'push', when: 'always', after: 0 }],
    },
  ])
})

it('goes to the given channels only', async () => {
  await send({ to: ['ada', 'bob'], channels: ['email', 'sms'], data: { n: 1 } })
  expect(await taken()).toMatchObject([
    { inbox: 'none', plan: [{ channel: 'email' }, { channel: 'sms' }], version: 2 },
  ])
})

it.each([
  [{ to: 'ada', data: { n: 'x' } }, 422, '/data/n'],
  [{ to: { topic: 'all' } }, 422, '/to'],
  [{ to: { user: 'ada', email: 'qa@example.org' } }, 422, '/to'],
  [{ to: { everyone: true } }, 422, '/to'],
  [{ to: Array.from({ length: 11 }, (_, n) => `u${n}`) }, 422, '/to'],
  [{ to: 'ada', channels: [] }, 422, '/channels'],
  [{ to: 'ada', channels: ['pigeon'] }, 422, '/channels/0'],
  [{ to: 'ada', version: 9 }, 404, undefined],
])('refuses %j, and sends nothing', async (body, status, pointer) => {
  const refused = await send(body)
  expect([refused.status, refused.json.errors?.[0]?.pointer?.startsWith(pointer ?? '')]).toEqual([
    status,
    pointer === undefined ? undefined : true,
  ])
  expect(await taken()).toEqual([])
})

it('needs a known type of the own tenant', async () => {
  expect((await send({ to: 'ada' }, 'unknown')).status).toBe(404)
  expect((await send({ to: 'ada' }, 'order.shipped', (await test.tenant()).key)).status).toBe(404)
})
