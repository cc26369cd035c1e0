import { hash, randomUUID } from 'node:crypto'
import { UnavailableError } from '@carillon/core/errors'
import { uuid7Time } from '@carillon/core/notification/ids'
import type { Queue } from '@carillon/schemas'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openHub, type TestHub, type TestTenant } from '../testing/hub.ts'

let test: TestHub
let tenant: TestTenant

beforeAll(async () => {
  test = await openHub()
})
afterAll(() => test.close())
beforeEach(async () => {
  for (const queue of ['notify-critical', 'notify-high', 'notify-normal', 'notify-low'] as const)
    await test.taken(queue)
  tenant = await test.tenant()
})

const send = (body: unknown, headers: Record<string, string> = {}, token = tenant.key) =>
  test.call('POST', '/v1/notifications', { token, body, headers })

/** Returns the notifications in a queue, with their subjects. */
const published = async (queue: Queue = 'notify-normal') =>
  (await test.taken(queue)).map(({ subject, data }) => ({
    subject,
    notification: JSON.parse(Buffer.from(data).toString()),
  }))

describe('POST /v1/notifications', () => {
  it('accepts a notification once it is in the event log, and returns its id and publishes it with a subject', async () => {
    const reply = await send({ to: 'ann', type: 'comment.created', title: 'Hello', data: { n: 1 } })
    expect(reply.status).toBe(202)
    const id = reply.json.id as string
    expect(uuid7Time(id)).toBeDefined()
    expect(await published()).toEqual([
      {
        subject: `notify.${tenant.id}.normal.comment.created`,
        notification: {
          id,
          to: 'ann',
          type: 'comment.created',
          title: 'Hello',
          data: { n: 1 },
          sender: tenant.key.split('.')[1],
        },
      },
    ])
  })

  it('uses the given priority, or else that of the type', async () => {
    await test.call('PUT', '/v1/types/otp', { token: tenant.key, body: { priority: 'critical' } })
    await send({ to: 'ann', type: 'otp' })
    await send({ to: 'ann', type: 'otp', priority: 'low' })
    expect((await published('notify-critical')).map(({ subject }) => subject)).toEqual([
      `notify.${tenant.id}.critical.otp`,
    ])
    expect((await published('notify-low')).map(({ notification }) => notification.priority)).toEqual(['low'])
  })

  it('accepts a repeated id with the same content; dispatchers store it once', async () => {
    const id = `order-${randomUUID()}`
    const bodies = [
      { id, to: 'ann', type: 'test', data: { a: 1, b: 2 } },
      { data: { b: 2, a: 1 }, type: 'test', to: 'ann', id, priority: 'normal' },
    ]
    for (const body of bodies) {
      const { status, json } = await send(body)
      expect([status, json]).toMatchObject([202, { id }])
    }
    expect((await published()).map(({ notification }) => notification.id)).toEqual([id, id])
  })

  it('rejects an id that was used with different content, also concurrently', async () => {
    const bodies = ['ann', 'bob', 'cem'].map((to) => ({ id: 'order-9', to, type: 'test' }))
    const replies = await Promise.all(bodies.map((body) => send(body)))
    expect(replies.map(({ status }) => status).sort()).toEqual([202, 422, 422])
    for (const { status, json } of replies)
      if (status === 422)
        expect(json).toMatchObject({
          code: 'id_reused',
          errors: [{ pointer: '/id', message: 'was used with other content' }],
        })
    const accepted = bodies[replies.findIndex(({ status }) => status === 202)]
    expect((await send(accepted)).status).toBe(202)
    const sent = await published()
    expect(sent.map(({ notification }) => notification.to)).toEqual([accepted?.to, accepted?.to])
  })

  it('detects a reused id while the store is unavailable', async () => {
    const blind = await openHub({}, ({ store }) => ({
      store: {
        ...store,
        notifications: new Proxy(store.notifications, {
          get: () => () => Promise.reject(new UnavailableError('store', new Error('gone'))),
        }),
      },
    }))
    const { key } = await blind.tenant()
    const call = (to: string) =>
      blind.call('POST', '/v1/notifications', { token: key, body: { id: 'order-9', to, type: 'test' } })
    expect([(await call('ann')).status, (await call('bob')).status, (await call('ann')).status]).toEqual([
      202, 422, 202,
    ])
    await blind.close()
  })

  it('accepts an id that an earlier publisher to the log may have guessed', async () => {
    const id = 'victim-1'
    const dedupe = hash('sha256', `${tenant.id}\n${id}`, 'base64url')
    const subject = `notify.${tenant.id}.normal.test`
    await test.ports.stream.publish([{ subject, data: Buffer.from('{"to":"eve"}'), dedupe }])
    expect((await send({ id, to: 'ann', type: 'test' })).status).toBe(202)
    expect((await published()).map(({ notification }) => notification.to)).toEqual(['eve', 'ann'])
  })

  it('treats the same id in two tenants as different', async () => {
    const other = await test.tenant()
    const body = { id: 'order-1', to: 'ann', type: 'test' }
    await send(body)
    await send(body, {}, other.key)
    expect((await published()).map(({ subject }) => subject)).toEqual([
      `notify.${tenant.id}.normal.test`,
      `notify.${other.id}.normal.test`,
    ])
  })

  it('rejects unknown types where types must be defined first', async () => {
    const strict = await openHub({ unknownTypes: 'refuse' })
    const { key } = await strict.tenant()
    const body = { to: 'ann', type: 'invoice.due' }
    const call = () => strict.call('POST', '/v1/notifications', { token: key, body })
    expect((await call()).json.code).toBe('type_unknown')
    expect(await strict.taken('notify-normal')).toEqual([])
    expect((await strict.call('PUT', '/v1/types/invoice.due', { token: key, body: {} })).status).toBe(200)
    expect((await call()).status).toBe(202)
    await strict.close()
  })

  it('returns Retry-After while the event log is unavailable, and stores nothing', async () => {
    let away = true
    const flaky = await openHub({}, ({ stream }) => ({
      stream: {
        ...stream,
        publish: async (messages) => {
          if (away) throw new UnavailableError('stream', new Error('connection refused'))
          return stream.publish(messages)
        },
      },
    }))
    const { key } = await flaky.tenant()
    const call = () =>
      flaky.call('POST', '/v1/notifications', {
        token: key,
        body: { to: 'ann', type: 'test' },
        headers: { 'idempotency-key': 'k' },
      })
    const refused = await call()
    expect(refused.status).toBe(503)
    expect(refused.json).toMatchObject({ code: 'unavailable', temporary: true })
    expect(refused.headers.get('retry-after')).toBe('2')
    expect(refused.text).not.toContain('connection refused')
    away = false
    expect((await call()).status).toBe(202)
    expect(await flaky.taken('notify-normal')).toHaveLength(1)
    await flaky.close()
  })
})

describe('Idempotency-Key', () => {
  const body = { to: 'ann', type: 'test' }

  it('replays the first response', async () => {
    const first = await send(body, { 'idempotency-key': 'k1' })
    const again = await send(body, { 'idempotency-key': 'k1' })
    expect(again.json).toEqual(first.json)
    expect(first.headers.get('idempotency-replayed')).toBeNull()
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect(await published()).toHaveLength(1)
  })

  it('processes one of twenty concurrent requests', async () => {
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => send(body, { 'idempotency-key': 'k2' })),
    )
    const accepted = replies.filter(({ status }) => status === 202)
    const waiting = replies.filter(({ status }) => status === 409)
    expect(accepted.length + waiting.length).toBe(20)
    expect(new Set(accepted.map(({ json }) => json.id)).size).toBe(1)
    for (const { json, headers } of waiting) {
      expect(json.code).toBe('idempotency_in_flight')
      expect(headers.get('retry-after')).toBe('1')
    }
    expect(await published()).toHaveLength(1)
  })

  it('belongs to one body, one route and one key of one tenant', async () => {
    const key = { 'idempotency-key': 'k3' }
    await send(body, key)
    expect((await send({ ...body, title: 'other' }, key)).json.code).toBe('idempotency_key_reused')
    const batch = await test.call('POST', '/v1/notifications/batch', {
      token: tenant.key,
      body: { notifications: [body] },
      headers: key,
    })
    expect(batch.json.code).toBe('idempotency_key_reused')
    expect(await published()).toHaveLength(1)

    const other = await test.tenant()
    const colleague = await tenant.keyWith('notifications:write')
    for (const token of [other.key, colleague]) expect((await send(body, key, token)).status).toBe(202)
    expect(await published()).toHaveLength(2)
  })

  it('can be used again after a rejected request', async () => {
    const key = { 'idempotency-key': 'k4' }
    expect((await send({ ...body, unknown: 1 }, key)).status).toBe(422)
    expect((await send(body, key)).status).toBe(202)
  })

  it('must be 1 to 255 printable characters', async () => {
    for (const bad of ['', 'a'.repeat(256), 'caf\u00e9'])
      expect((await send(body, { 'idempotency-key': bad })).status, bad.slice(0, 10)).toBe(422)
    expect(await published()).toEqual([])
    expect((await send(body, { 'idempotency-key': 'a'.repeat(255) })).status).toBe(202)
  })
})

describe('POST /v1/notifications/batch', () => {
  const batch = (notifications: unknown, headers: Record<string, string> = {}) =>
    test.call<{ results: { id?: string; problem?: { code: string; errors: { pointer: string }[] } }[] }>(
      'POST',
      '/v1/notifications/batch',
      { token: tenant.key, body: { notifications }, headers },
    )
  const many = (length: number) => Array.from({ length }, (_, n) => ({ to: `user-${n}`, type: 'test' }))

  it('accepts 1000 notifications', async () => {
    const reply = await batch(many(1_000))
    expect(reply.status).toBe(202)
    const ids = reply.json.results.map(({ id }) => id)
    const appended = await published()
    expect(appended.map(({ notification }) => notification.id)).toEqual(ids)
    expect(new Set(ids).size).toBe(1_000)
    expect(appended[999]?.notification.to).toBe('user-999')
  })

  it('rejects 1001 notifications as a whole', async () => {
    const reply = await batch(many(1_001))
    expect(reply.status).toBe(422)
    expect(reply.json).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/notifications' }] })
    expect(await published()).toEqual([])
  })

  it('accepts or rejects each notification separately', async () => {
    const reply = await batch([
      { to: 'ann', type: 'test' },
      { to: 'ann', type: 'not a type' },
      { to: 'bob', type: 'test', title: 'x'.repeat(60_000) },
      'nothing',
      { to: 'bob', type: 'test', data: { text: 'x'.repeat(70_000) } },
      { to: 'bob', type: 'test' },
    ])
    expect(reply.status).toBe(207)
    expect(reply.json.results.map(({ id, problem }) => (id ? 'id' : problem?.code))).toEqual([
      'id',
      'invalid_request',
      'invalid_request',
      'invalid_request',
      'payload_too_large',
      'id',
    ])
    expect(reply.json.results[1]?.problem?.errors[0]?.pointer).toBe('/type')
    expect((await published()).map(({ notification }) => notification.to)).toEqual(['ann', 'bob'])
  })

  it('accepts the others when one fails with an internal error', async () => {
    const broken = await openHub({}, ({ cache }) => ({
      cache: {
        ...cache,
        type: async (tenant, key) => {
          if (key === 'cursed') throw new TypeError('Cannot convert object to primitive value')
          return cache.type(tenant, key)
        },
      },
    }))
    const { key } = await broken.tenant()
    const { status, json } = await broken.call<{ results: unknown[] }>('POST', '/v1/notifications/batch', {
      token: key,
      body: { notifications: ['test', 'cursed', 'test'].map((type) => ({ to: 'ann', type })) },
    })
    expect(status).toBe(207)
    expect(json.results).toMatchObject([
      { id: expect.any(String) },
      { problem: expect.objectContaining({ code: 'internal' }) },
      { id: expect.any(String) },
    ])
    expect(await broken.taken('notify-normal')).toHaveLength(2)
    await broken.close()
  })

  it('rejects a title that is hostile in length, and accepts the other notifications', async () => {
    const hostile = { to: 'ann', type: 'test', title: { length: { toString: 1 } } }
    const { status, json } = await batch([{ to: 'ann', type: 'test' }, hostile])
    expect(status).toBe(207)
    expect(json.results[1]).toMatchObject({
      problem: { code: 'invalid_request', errors: [{ pointer: '/title' }] },
    })
    expect(await published()).toHaveLength(1)
  })

  it('reports each id that was used with different content, in this batch or before', async () => {
    await send({ id: 'order-1', to: 'ann', type: 'test' })
    const entries = [
      { id: 'order-1', to: 'bob', type: 'test' },
      { id: 'order-2', to: 'ann', type: 'test' },
      { id: 'order-2', to: 'bob', type: 'test' },
      { id: 'order-1', to: 'ann', type: 'test' },
    ]
    const { status, json } = await batch(entries)
    expect(status).toBe(207)
    const reused = { problem: expect.objectContaining({ code: 'id_reused' }) }
    expect(json.results).toMatchObject([reused, { id: 'order-2' }, reused, { id: 'order-1' }])
    expect((await published()).map(({ notification }) => notification.to)).toEqual(['ann', 'ann', 'ann'])
    expect((await batch([entries[0], entries[2]])).status).toBe(422)
  })

  it('returns 422 when no notification is valid', async () => {
    const reply = await batch([{ to: 'ann' }, { type: 'test' }])
    expect(reply.status).toBe(422)
    expect(reply.headers.get('content-type')).toBe('application/problem+json')
    expect(reply.json.code).toBe('invalid_request')
    expect(reply.json.results.map(({ problem }) => problem?.code)).toEqual([
      'invalid_request',
      'invalid_request',
    ])
    expect(await published()).toEqual([])
    for (const wrong of [[], {}, null, undefined]) expect((await batch(wrong)).status).toBe(422)
  })

  it('replays the first response, with the same ids', async () => {
    const mixed = [...many(2), { to: 'ann' }]
    const first = await batch(mixed, { 'idempotency-key': 'b1' })
    const again = await batch(mixed, { 'idempotency-key': 'b1' })
    expect(first.status).toBe(207)
    expect([again.status, again.json]).toEqual([207, first.json])
    expect(await published()).toHaveLength(2)
  })
})

describe('an accepted notification', () => {
  const record = (id: string, more: object = {}) =>
    test.ports.store.notifications.put([
      {
        tenant: tenant.id,
        id,
        type: 'test',
        priority: 'normal',
        acceptedAt: Date.now(),
        fingerprint: 'print',
        chains: 0,
        direct: 1,
        ...more,
      },
    ])
  const at = (id: string, method = 'GET', token = tenant.key) =>
    test.call(method, `/v1/notifications/${id}`, { token })

  it('reports its progress', async () => {
    await record('n1', { deliverAt: Date.now() + 60_000 })
    await record('n2')
    expect((await at('n1')).json).toMatchObject({ id: 'n1', type: 'test', state: 'scheduled' })
    expect((await at('n2')).json).toMatchObject({ id: 'n2', state: 'delivered', recipients: 1 })
    expect((await at('n3')).status).toBe(404)
  })

  it('can be cancelled until it is delivered', async () => {
    await record('n1', { deliverAt: Date.now() + 60_000, direct: 0, absent: ['ann'] })
    await record('n2')
    const cancelled = { id: 'n1', state: 'cancelled', stored: 0, sent: 0, ended: 0 }
    for (let round = 0; round < 2; round++) {
      expect(await at('n1', 'DELETE')).toMatchObject({ status: 200, json: cancelled })
      expect((await at('n1')).json.state).toBe('cancelled')
    }
    expect((await at('n2', 'DELETE')).json.code).toBe('already_delivered')
    expect((await at('n3', 'DELETE')).status).toBe(404)
  })

  it('is not visible to other tenants', async () => {
    await record('n1', { deliverAt: Date.now() + 60_000 })
    const other = await test.tenant()
    expect((await at('n1', 'GET', other.key)).status).toBe(404)
    expect((await at('n1', 'DELETE', other.key)).status).toBe(404)
    expect((await at('n1')).json.state).toBe('scheduled')
  })
})
