import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openHub, type TestHub, type TestTenant } from '../testing/hub.ts'

let test: TestHub
let tenant: TestTenant

beforeAll(async () => {
  test = await openHub({ unknownTypes: 'refuse' })
})
afterAll(() => test.close())
beforeEach(async () => {
  await test.taken('notify-normal')
  tenant = await test.tenant()
  await test.call('PUT', '/v1/types/order.paid', { token: tenant.key, body: {} })
  await test.call('PUT', '/v1/types/invoice.due', { token: tenant.key, body: {} })
})

const note = { to: 'ann', title: 'Paid' }
const event = { specversion: '1.0', id: 'e1', source: '/shop', type: 'order.paid', data: note }
const ATTRIBUTES = { 'ce-specversion': '1.0', 'ce-id': 'e1', 'ce-source': '/shop', 'ce-type': 'order.paid' }

const send = (
  body: unknown,
  headers: Record<string, string> | string = 'application/cloudevents+json',
  path = '',
) =>
  test.call<{ id: string; results: unknown[] }>('POST', `/v1/notifications${path}`, {
    token: tenant.key,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: typeof headers === 'string' ? { 'content-type': headers } : headers,
  })

const published = async () =>
  (await test.taken('notify-normal')).map(({ data }) => JSON.parse(Buffer.from(data).toString()))

describe('a CloudEvent', () => {
  it.each<[string, unknown, Record<string, string> | string]>([
    ['structured', event, 'application/cloudevents+json; charset=UTF-8'],
    ['structured, as plain JSON', event, 'application/json'],
    ['binary', note, { 'content-type': 'application/json', ...ATTRIBUTES }],
    ['binary with a JSON media type', note, { 'content-type': 'application/vnd.shop+json', ...ATTRIBUTES }],
    [
      'structured with base64 data',
      { ...event, data: undefined, data_base64: Buffer.from(JSON.stringify(note)).toString('base64') },
      'application/cloudevents+json',
    ],
  ])(
    'is accepted %s, with its source and id as the id and its type as the type',
    async (_, body, headers) => {
      const { status, json } = await send(body, headers)
      expect([status, json.id]).toEqual([202, expect.stringMatching(/^ce_/)])
      expect(await published()).toEqual([
        { ...note, id: json.id, type: 'order.paid', sender: expect.any(String) },
      ])
    },
  )

  it('is one notification in every content mode; other data with the same id is rejected', async () => {
    const first = await send(event)
    const again = await send(note, { 'content-type': 'application/json', ...ATTRIBUTES })
    expect(again.json.id).toBe(first.json.id)
    const other = await send({ ...event, data: { ...note, to: 'bob' } })
    expect([other.status, other.json.code]).toEqual([422, 'id_reused'])
    expect((await send({ ...event, source: '/other', data: { ...note, to: 'bob' } })).status).toBe(202)
  })

  it('is overridden by the id and the type in its data', async () => {
    const data = { ...note, id: 'n1', type: 'invoice.due' }
    expect((await send({ ...event, type: 'not a type', data })).json.id).toBe('n1')
    const [sent] = await published()
    expect(sent).toMatchObject({ id: 'n1', type: 'invoice.due' })
  })

  it.each<[string, unknown, number, string, string | undefined]>([
    ['with an invalid type', { ...event, type: 'not a type' }, 422, 'invalid_request', '/data/type'],
    ['of an undefined type', { ...event, type: 'com.example.x' }, 422, 'type_unknown', undefined],
    [
      'with data that is not a notification',
      { ...event, data: { too: 'ann' } },
      422,
      'invalid_request',
      '/data/to',
    ],
    ['with data that is not an object', { ...event, data: 'ann' }, 422, 'invalid_request', '/data'],
    ['without an id', { ...event, id: '' }, 422, 'invalid_request', '/id'],
    [
      'with a time too far ahead',
      { ...event, data: { ...note, deliverAt: '2100-01-01T00:00:00Z' } },
      422,
      'too_far',
      undefined,
    ],
    ['that is not JSON', '{', 400, 'malformed_json', undefined],
  ])('%s is rejected with a pointer', async (_, body, status, code, pointer) => {
    const reply = await send(body)
    expect([reply.status, reply.json.code]).toEqual([status, code])
    if (pointer) expect(reply.json.errors?.map((error) => error.pointer)).toContain(pointer)
    expect(await published()).toEqual([])
  })

  it('is rejected with the pointer of a missing attribute', async () => {
    const { status, json } = await send({ ...event, data: { to: { user: 'ann', timezone: 'Mars/Base' } } })
    expect(status).toBe(202)
    expect(json).toMatchObject({ warnings: [{ code: 'ignored', pointer: '/data/to/timezone' }] })
  })

  it('in another format is rejected with the accepted types', async () => {
    for (const headers of [
      { 'content-type': 'application/cloudevents+avro' },
      { 'content-type': 'text/plain' },
      { 'content-type': 'text/xml', ...ATTRIBUTES },
    ]) {
      const { status, json } = await send(event, headers)
      expect([status, json.code]).toEqual([415, 'unsupported_media_type'])
    }
    expect((await send(event, 'text/plain')).json.detail).toBe(
      'send one of these: application/json, application/cloudevents+json, JSON with the ce- headers of a CloudEvent, application/cloudevents-batch+json',
    )
  })

  it('in binary mode is a different request under the same Idempotency-Key', async () => {
    const binary = (id: string) =>
      send(note, {
        'content-type': 'application/json',
        ...ATTRIBUTES,
        'ce-id': id,
        'idempotency-key': 'k1',
      })
    expect((await binary('e1')).status).toBe(202)
    expect((await binary('e1')).headers.get('idempotency-replayed')).toBe('true')
    expect((await binary('e2')).json.code).toBe('idempotency_key_reused')
  })
})

describe('a batch of CloudEvents', () => {
  const type = 'application/cloudevents-batch+json'

  it.each(['', '/batch'])('returns a result per event (POST /v1/notifications%s)', async (path) => {
    const events = [event, { ...event, id: 'e2', data: {} }, { ...event, id: 'e3', type: 'invoice.due' }]
    const { status, json } = await send(events, type, path)
    expect(status).toBe(207)
    expect(json.results).toMatchObject([
      { id: expect.stringMatching(/^ce_/) },
      { problem: { code: 'invalid_request', errors: [{ pointer: '/data/to' }] } },
      { id: expect.stringMatching(/^ce_/) },
    ])
    expect((await published()).map((each) => each.type)).toEqual(['order.paid', 'invoice.due'])
  })

  it('can be empty or large, and be sent alongside plain notifications', async () => {
    expect(await send([], type)).toMatchObject({ status: 202, json: { results: [] } })
    const many = Array.from({ length: 1_000 }, (_, n) => ({ ...event, id: `e${n}` }))
    expect((await send(many, type)).status).toBe(202)
    expect((await send([...many, event], type)).json.code).toBe('invalid_request')
    const mixed = { notifications: [event, { ...note, type: 'order.paid' }] }
    expect((await send(mixed, 'application/json', '/batch')).status).toBe(202)
  })

  it('is the only kind of event that the batch route accepts', async () => {
    expect((await send(event, 'application/cloudevents+json', '/batch')).status).toBe(415)
  })
})

describe('the validation handshake of a broker', () => {
  it('allows delivery', async () => {
    const { status, headers } = await test.call('OPTIONS', '/v1/notifications', {
      headers: { 'webhook-request-origin': 'broker.example', 'webhook-request-rate': '120' },
    })
    expect(status).toBe(200)
    expect(headers.get('webhook-allowed-origin')).toBe('*')
    expect(headers.get('webhook-allowed-rate')).toBe('*')
    expect(headers.get('allow')).toBe('POST')
  })

  it('does not replace the API key', async () => {
    const reply = await test.call('POST', '/v1/notifications', {
      body: JSON.stringify(event),
      headers: { 'content-type': 'application/cloudevents+json', 'webhook-request-origin': 'broker.example' },
    })
    expect(reply.status).toBe(401)
  })

  it('does not allow other OPTIONS requests', async () => {
    const { status, headers } = await test.call('OPTIONS', '/v1/notifications')
    expect([status, headers.get('webhook-allowed-origin')]).toEqual([405, null])
  })
})
