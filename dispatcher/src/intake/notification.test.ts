import type { Message } from '@carillon/core/stream/port'
import { expect, test } from 'vitest'
import { readNotification } from './notification.ts'

const at = Date.parse('2026-01-31T09:00:00Z')

const message = (payload: unknown, more: Partial<Message> = {}): Message => ({
  queue: 'notify-normal',
  subject: 'notify.acme.normal.comment.created',
  data: payload instanceof Uint8Array ? payload : new TextEncoder().encode(JSON.stringify(payload)),
  sequence: 7,
  appendedAt: at,
  deliveries: 1,
  ...more,
})

const read = (payload: unknown, more?: Partial<Message>) => {
  const result = readNotification(message(payload, more))
  if ('refused' in result) throw new Error(`${result.refused.code}: ${result.refused.detail}`)
  return result.incoming
}

const refusal = (payload: unknown, more?: Partial<Message>) => {
  const result = readNotification(message(payload, more))
  return 'refused' in result ? result.refused : undefined
}

test('reads tenant, priority and type from the subject', () => {
  const { tenant, notification } = read({ to: 'ada', title: 'Hi' })
  expect(tenant).toBe('acme')
  expect(notification).toMatchObject({ type: 'comment.created', to: 'ada', title: 'Hi', priority: 'normal' })
})

test('refuses a dry run', () => {
  expect(refusal({ to: 'ada', dryRun: true })?.detail).toContain(
    '/dryRun: a dry run is a single notification over HTTP',
  )
})

test('accepts type and priority that repeat the subject, and refuses those that contradict it', () => {
  expect(read({ to: 'ada', type: 'comment.created', priority: 'normal' }).tenant).toBe('acme')
  expect(refusal({ to: 'ada', type: 'other' })?.detail).toContain('/type')
  expect(refusal({ to: 'ada', priority: 'critical' })?.detail).toContain('/priority')
})

test('refuses a value that makes a validator throw, with its path', () => {
  const length = { toString: 1 }
  expect(refusal({ to: 'ada', title: { length } })).toMatchObject({ code: 'invalid_request' })
  expect(refusal({ to: 'ada', title: { length } })?.detail).toMatch(/^\/title: /)
  expect(refusal({ specversion: '1.0', id: { length }, source: '/', type: 'x' })?.detail).toContain('/id: ')
})

test('refuses with the same detail as over HTTP', () => {
  expect(refusal({ to: 5, titel: 'x', priority: 'hihg' })).toEqual({
    code: 'invalid_request',
    detail: [
      '/to: must be a user id, {user, …}, {topic}, {everyone: true} or a list of these, not a number',
      '/priority: must be one of critical, high, normal or low; did you mean high?',
      '/titel: unknown key; did you mean title?',
    ].join(' | '),
  })
})

test('reads the notification from the data of a CloudEvent, and its name from source and id', () => {
  const event = {
    specversion: '1.0',
    id: 'e1',
    source: '/shop',
    type: 'order.paid',
    data: { to: 'ada' },
    traceparent: 'x',
  }
  const first = read(event).name
  expect(first).toEqual({ by: 'event', id: expect.stringMatching(/^ce_/) })
  expect(read(event, { sequence: 99 }).name).toEqual(first)
  expect(read({ ...event, source: '/other' }).name).not.toEqual(first)
  expect(read({ ...event, data: { to: 'ada', id: 'n1' } }).name).toEqual({ by: 'sender', id: 'n1' })
})

test('reads the attributes of a CloudEvent in binary mode from headers', () => {
  const data = { to: 'ada' }
  const event = { specversion: '1.0', id: 'é 1', source: '/shop', type: 'order.paid', data }
  const headers = new Map([
    ['ce-specversion', '1.0'],
    ['ce-id', '%C3%A9%201'],
    ['ce-source', '/shop'],
    ['ce-type', 'order.paid'],
    ['content-type', 'application/json'],
  ])
  const binary = read(data, { headers })
  expect({ ...binary, place: ['data'] }).toEqual(read(event))
  expect(binary.notification.type).toBe('comment.created')
  expect(read(event, { headers: new Map([['content-type', 'application/cloudevents+json']]) })).toEqual(
    read(event),
  )
  const bytes = Buffer.from('{"to":"ada"}').toString('base64')
  expect(read({ ...event, data: undefined, data_base64: bytes, datacontenttype: null })).toEqual({
    ...binary,
    place: ['data_base64'],
  })
})

test.each([
  ['invalid_request', { 'ce-specversion': '1.0', 'ce-id': '%C0%A0', 'ce-source': '/s', 'ce-type': 't' }],
  ['invalid_request', { 'ce-specversion': '1.0', 'ce-source': '/s', 'ce-type': 't' }],
  ['invalid_request', { 'content-type': 'application/cloudevents+json' }],
  ['unsupported_media_type', { 'content-type': 'application/cloudevents-batch+json' }],
  ['unsupported_media_type', { 'content-type': 'application/cloudevents+avro' }],
  [
    'unsupported_media_type',
    { 'content-type': 'text/xml', 'ce-specversion': '1.0', 'ce-id': 'e', 'ce-source': '/s', 'ce-type': 't' },
  ],
])('gives %s as the reason to refuse the headers %j', (code, headers) => {
  expect(refusal({ to: 'ada' }, { headers: new Map(Object.entries(headers)) })?.code).toBe(code)
})

test('names a notification without an id by its Nats-Msg-Id, or else by its position in the log', () => {
  expect(read({ to: 'ada', id: 'n1' }, { dedupe: 'm1' }).name).toEqual({ by: 'sender', id: 'n1' })
  expect(read({ to: 'ada' }, { dedupe: 'm1' }).name).toEqual({ by: 'publisher', messageId: 'm1' })
  const { name } = read({ to: 'ada' })
  expect(name).toEqual({ by: 'carillon', id: expect.stringMatching(/^[0-9a-f-]{36}$/) })
  expect(read({ to: 'ada' }).name).toEqual(name)
  expect(read({ to: 'ada' }, { sequence: 8 }).name).not.toEqual(name)
})

test.each([
  ['malformed_json', new TextEncoder().encode('{"to":'), {}],
  ['malformed_json', new Uint8Array([0xff, 0xfe]), {}],
  ['invalid_request', null, {}],
  ['invalid_request', 'ada', {}],
  ['invalid_request', { title: 'to nobody' }, {}],
  ['invalid_request', { to: 'ada', colour: 'red' }, {}],
  ['invalid_request', { to: 'ada\u0000' }, {}],
  ['invalid_request', { specversion: '1.0', id: '', source: 's', type: 't', data: { to: 'ada' } }, {}],
  ['invalid_request', { specversion: '0.3', id: '1', source: 's', type: 't', data: { to: 'ada' } }, {}],
  ['invalid_request', { specversion: '1.0', id: '1', source: 's', type: 't' }, {}],
  ['payload_too_large', { to: 'ada', body: 'x'.repeat(70_000) }, {}],
  ['subject_invalid', { to: 'ada' }, { subject: 'notify.ac me.normal.x' }],
  ['subject_invalid', { to: 'ada' }, { subject: 'notify.acme.normal.a..b' }],
] as const)('gives %s as the reason to refuse %j', (code, payload, more) => {
  expect(refusal(payload, more)?.code).toBe(code)
})

test.each(['2040-01-01T00:00:00Z', '2100-01-01T00:00:00Z', '9999-12-31T23:59:59-23:59'])(
  'refuses a time as far ahead as %s, and names the field',
  (time) => {
    for (const name of ['deliverAt', 'expiresAt'])
      expect(refusal({ to: 'ada', [name]: time })).toEqual({
        code: 'too_far',
        detail: `${name} must be at most 366 days ahead`,
      })
  },
)

test('counts the horizon from the append to the log, so late delivery changes nothing', () => {
  const deliverAt = new Date(at + 366 * 86_400_000).toISOString()
  expect(read({ to: 'ada', deliverAt }).notification.deliverAt).toBe(deliverAt)
  expect(refusal({ to: 'ada', deliverAt }, { appendedAt: at - 86_400_000 })?.code).toBe('too_far')
})

test.each([
  ['1e999', '/data/x'],
  ['12345678901234567890', '/data/x'],
  ['"\\ud83d"', '/data/x'],
  ['{"__proto__":1}', '/data/x/__proto__'],
])('refuses %s in data with its pointer, including in a CloudEvent', (json, pointer) => {
  const bytes = (text: string) => new TextEncoder().encode(text)
  const note = `{"to":"ada","data":{"x":${json}}}`
  expect(refusal(bytes(note))).toMatchObject({
    code: 'invalid_request',
    detail: expect.stringContaining(`${pointer}: `),
  })
  const event = `{"specversion":"1.0","id":"1","source":"s","type":"t","data":${note}}`
  expect(refusal(bytes(event))).toMatchObject({
    code: 'invalid_request',
    detail: expect.stringContaining(`${pointer}: `),
  })
})

test('repairs texts, and refuses malformed ids', () => {
  const { notification } = read({ to: 'ada', title: 'a\ud83d\u0000\u202eb', actor: { name: 'A\u200bda' } })
  expect(notification).toMatchObject({ title: 'a\ufffd\ufffdb', actor: { name: 'Ada' } })
  expect(refusal({ to: 'a\ud83d' })?.detail).toContain('/to: must not contain control')
})

test('never repeats content in a reason', () => {
  expect(refusal({ to: 'ada', title: ['s3cret'] })?.detail).not.toContain('s3cret')
})
