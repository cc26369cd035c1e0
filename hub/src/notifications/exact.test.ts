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

/** Values that JSON can express but JavaScript or UTF-8 cannot represent; `at` is their path within the value. */
const LOST: readonly [json: string, at: string][] = [
  ['1e999', ''],
  ['-1e999', ''],
  ['12345678901234567890', ''],
  ['9007199254740993', ''],
  ['0.1000000000000000055511151231257827', ''],
  ['"\\ud83d"', ''],
  ['["ok","\\udd14x"]', '/1'],
  ['{"\\ud83d":1}', '/\ud83d'.toWellFormed()],
  ['{"__proto__":{"admin":true}}', '/__proto__'],
]
const KEPT = [
  '0',
  '-1.5',
  '1e20',
  '9007199254740991',
  '"\\u0000"',
  '"\\ud83d\\ude00"',
  '"12345678901234567890"',
]

const call = (method: string, path: string, body: string) =>
  test.call(method, path, { token: tenant.key, body })

describe.each(LOST)('%s', (json, at) => {
  const refused = async (method: string, path: string, body: string, pointer: string) => {
    const reply = await call(method, path, body)
    expect([path, reply.status, reply.json.code]).toEqual([path, 422, 'invalid_request'])
    expect(reply.json.errors?.map((error) => error.pointer)).toContain(pointer)
  }

  it('is rejected with its pointer, wherever it occurs', async () => {
    const note = `{"to":"ann","type":"test","data":{"deep":[{"x":${json}}]}}`
    await refused('POST', '/v1/notifications', note, `/data/deep/0/x${at}`)
    await refused('PUT', '/v1/users/ann', `{"attributes":{"x":${json}}}`, `/attributes/x${at}`)
    await refused(
      'PUT',
      '/v1/providers/main',
      `{"provider":"parrot","config":{"x":${json}}}`,
      `/config/x${at}`,
    )
    expect((await test.ports.stream.backlog()).get('notify-normal') ?? 0).toBe(0)
    expect(await test.ports.store.users.get(tenant.id, ['ann'])).toEqual([])
  })

  it('does not affect the rest of a batch', async () => {
    const entry = (id: string, value: string) =>
      `{"id":"${id}","to":"ann","type":"test","data":{"x":${value}}}`
    const body = `{"notifications":[${entry('a', '1')},${entry('b', json)},${entry('c', '3')}]}`
    const reply = await call('POST', '/v1/notifications/batch', body)
    expect(reply.status).toBe(207)
    expect(reply.json).toMatchObject({
      results: [
        { id: 'a' },
        { problem: { code: 'invalid_request', errors: [{ pointer: `/data/x${at}` }] } },
        { id: 'c' },
      ],
    })
    expect(await test.taken('notify-normal')).toHaveLength(2)
  })
})

it.each(KEPT)('%s is stored exactly', async (json) => {
  const reply = await call('PUT', '/v1/users/ann', `{"attributes":{"x":${json}}}`)
  expect(reply.status).toBe(200)
  const read = await test.call('GET', '/v1/users/ann', { token: tenant.key })
  expect(read.json.attributes).toEqual({ x: JSON.parse(json) })
  await call('POST', '/v1/notifications', `{"to":"ann","type":"test","data":{"x":${json}}}`)
  const [message] = await test.taken('notify-normal')
  expect(JSON.parse(Buffer.from(message!.data).toString()).data).toEqual({ x: JSON.parse(json) })
})

it('applies the same rule to numbers outside of data', async () => {
  for (const [method, path, body, pointer] of [
    ['PUT', '/v1/types/x', '{"plan":[{"channel":"email","after":1e999}]}', '/plan/0/after'],
    ['PUT', '/v1/devices/x', '{"kind":"fcm","token":12345678901234567890}', '/token'],
    ['POST', '/v1/otp', '{"to":"ann","length":6.000000000000000001}', '/length'],
    ['POST', '/v1/notifications/batch', '{"notifications":[{}],"x":1e999}', '/x'],
  ] as const) {
    const token = path === '/v1/devices/x' ? await tenant.userToken('ann') : tenant.key
    const reply = await test.call(method, path, { token, body })
    expect([path, reply.status, reply.json.errors?.[0]?.pointer]).toEqual([path, 422, pointer])
  }
})

it('repairs texts, and applies their limit to the repaired text', async () => {
  const body = '{"name":"A\\ud83dda\\u0000 \\u202eL\\u200b","attributes":{}}'
  expect((await call('PUT', '/v1/users/ann', body)).json.name).toBe('A\ufffdda\ufffd L')
  expect((await call('PUT', '/v1/types/x', '{"name":"\\ud83d"}')).json.name).toBe('\ufffd')
  expect((await call('PUT', '/v1/types/x', '{"name":"\\u200b"}')).status).toBe(422)
  const title = `${'a'.repeat(512)}${'\u200b'.repeat(100)}`
  const reply = await test.call('POST', '/v1/notifications', {
    token: tenant.key,
    body: { to: 'ann', type: 'test', title, tags: ['a\u200bb'] },
  })
  expect(reply.status).toBe(202)
  const [message] = await test.taken('notify-normal')
  expect(JSON.parse(Buffer.from(message!.data).toString())).toMatchObject({
    title: 'a'.repeat(512),
    tags: ['ab'],
  })
})
