import { describe, expect, test } from 'vitest'
import { ProblemError } from '../errors.ts'
import { contentMode, type Payload, readPayload, readStructured } from './cloudevents.ts'

const event = { specversion: '1.0', id: 'e1', source: '/shop', type: 'order.paid', data: { to: 'ada' } }

const problemOf = (read: () => unknown) => {
  try {
    read()
  } catch (error) {
    if (error instanceof ProblemError) return error.problem
    throw error
  }
  return undefined
}

const content = (headers: Record<string, string>, body: string | Uint8Array = '{"to":"ada"}') => ({
  bytes: typeof body === 'string' ? new TextEncoder().encode(body) : body,
  type: headers['content-type'],
  header: (name: string) => headers[name],
})

describe('the content mode', () => {
  test.each([
    [undefined, 'plain'],
    ['application/json', 'plain'],
    ['application/cloudevents+json', 'structured'],
    ['Application/CloudEvents+JSON; charset=utf-8', 'structured'],
    ['application/cloudevents', 'structured'],
    ['application/cloudevents-batch+json', 'batch'],
    ['application/cloudevents+avro', undefined],
    ['application/cloudevents+jsonx', undefined],
    ['application/cloudevents-batch+xml', undefined],
  ])('of %s is %s', (type, mode) => {
    expect(contentMode(content(type === undefined ? {} : { 'content-type': type }))).toBe(mode)
  })

  test('is binary if a header contains the version of the specification', () => {
    expect(contentMode(content({ 'content-type': 'application/json', 'ce-specversion': '1.0' }))).toBe(
      'binary',
    )
    expect(contentMode(content({ 'content-type': 'application/json', 'ce-id': 'e1' }))).toBe('plain')
  })
})

describe('a structured event', () => {
  test('yields the notification in its data, with an id from source and id', () => {
    const read = readStructured({ ...event, time: null, extension: 5, subject: 'x' })
    expect(read).toEqual({
      value: { to: 'ada' },
      at: ['data'],
      event: { id: expect.stringMatching(/^ce_[\w-]{40}$/), type: 'order.paid' },
    })
    expect(readStructured({ ...event, type: 'other' }).event?.id).toBe(read.event?.id)
    for (const other of [{ source: '/s' }, { id: 'e2' }, { source: '/shop/e', id: '1' }])
      expect(readStructured({ ...event, ...other }).event?.id).not.toBe(read.event?.id)
  })

  test.each([
    null,
    undefined,
    'application/json',
    'text/json',
    'application/vnd.shop.v1+json; charset=utf-8',
    'APPLICATION/JSON',
  ])('accepts the datacontenttype %s', (datacontenttype) => {
    expect(readStructured({ ...event, datacontenttype }).value).toEqual({ to: 'ada' })
  })

  test.each([
    ['data_base64', Buffer.from('{"to":"ada"}').toString('base64')],
    ['unpadded', Buffer.from('{"to":"ada"}').toString('base64').replace(/=+$/, '')],
  ])('accepts base64 data (%s)', (_, data_base64) => {
    const { data: _data, ...rest } = event
    expect(readStructured({ ...rest, data_base64 })).toMatchObject({
      value: { to: 'ada' },
      at: ['data_base64'],
    })
    expect(readStructured({ ...event, data_base64: null }).value).toEqual({ to: 'ada' })
  })

  test('does not parse a string as a document', () => {
    expect(readStructured({ ...event, data: '{"to":"ada"}' }).value).toBe('{"to":"ada"}')
    expect(readStructured({ ...event, data: null }).value).toBeNull()
  })

  test.each<[string, unknown, string]>([
    ['a body that is not an object', 'event', ''],
    ['another version', { ...event, specversion: '0.3' }, '/specversion'],
    ['no id', { ...event, id: null }, '/id'],
    ['an empty source', { ...event, source: '' }, '/source'],
    ['no type', { ...event, type: undefined }, '/type'],
    ['no data', { ...event, data: undefined }, '/data'],
    ['data of another type', { ...event, datacontenttype: 'text/xml' }, '/datacontenttype'],
    ['data twice', { ...event, data_base64: 'e30=' }, '/data_base64'],
    ['invalid base64', { ...event, data: undefined, data_base64: '{}' }, '/data_base64'],
    [
      'base64 of something other than JSON',
      { ...event, data: undefined, data_base64: 'AAAA' },
      '/data_base64',
    ],
    [
      'base64 of JSON with an inexact number',
      { ...event, data: undefined, data_base64: Buffer.from('{"a":1e999}').toString('base64') },
      '/data_base64/a',
    ],
  ])('with %s is rejected, with a pointer', (_, value, pointer) => {
    const problem = problemOf(() => readStructured(value))
    expect(problem?.code).toBe('invalid_request')
    expect(problem?.errors?.map((error) => error.pointer)).toContain(pointer)
  })
})

describe('a binary event', () => {
  const headers = {
    'content-type': 'application/json',
    'ce-specversion': '1.0',
    'ce-id': 'e1',
    'ce-source': '/shop',
    'ce-type': 'order.paid',
  }
  const read = (more: Record<string, string> = {}, body?: string) =>
    readPayload('binary', content({ ...headers, ...more }, body))

  test('equals a structured one', () => {
    expect(read()).toEqual({ ...readStructured(event), at: [] } satisfies Payload)
  })

  // HTTP binding, 3.1.3.2: quoted strings are unescaped, then percent-encoding is decoded once.
  test.each([
    ['Euro%20%E2%82%AC%20%F0%9F%98%80', 'Euro € 😀'],
    ['%65%31', 'e1'],
    ['%e2%82%ac', '€'],
    ['"a \\"quoted\\" one"', 'a "quoted" one'],
    ['"100%25"', '100%'],
    ['%2525', '%25'],
    ['  e1 ', 'e1'],
  ])('decodes the header %j as %j', (header, id) => {
    expect(read({ 'ce-id': header }).event).toEqual(readStructured({ ...event, id }).event)
  })

  test.each([
    ['%C0%A0', 'ce-id'],
    ['100%', 'ce-id'],
    ['%E2%82', 'ce-id'],
  ])('rejects the header %j', (header, name) => {
    expect(problemOf(() => read({ 'ce-id': header }))).toMatchObject({
      code: 'invalid_request',
      detail: expect.stringContaining(name),
    })
  })

  test('lists the missing headers', () => {
    expect(problemOf(() => readPayload('binary', content({ 'ce-specversion': '1.0' })))).toMatchObject({
      code: 'invalid_request',
      detail: expect.stringMatching(/ce-id is missing.*ce-source is missing.*ce-type is missing/),
    })
  })

  test('contains JSON data, with the content type of either binding', () => {
    expect(read({ 'content-type': 'application/vnd.shop+json' }).value).toEqual({ to: 'ada' })
    expect(read({ 'content-type': 'text/plain', 'ce-datacontenttype': 'application/json' }).value).toEqual({
      to: 'ada',
    })
    expect(problemOf(() => read({ 'content-type': 'text/xml' }))?.code).toBe('unsupported_media_type')
    expect(problemOf(() => read({}, '<a/>'))?.code).toBe('malformed_json')
  })
})

test('a structured event is recognized without its content type', () => {
  const bytes = JSON.stringify(event)
  expect(readPayload('plain', content({}, bytes))).toEqual(readStructured(event))
  expect(readPayload('plain', content({}))).toEqual({ value: { to: 'ada' }, at: [] })
})

test.each([
  '{"specversion":{"length":{"toString":1}}}',
  '{"specversion":"1.0","id":{"length":1}}',
  '[]',
  '7',
])('any body is parsed or throws a ProblemError: %s', (body) => {
  for (const mode of ['plain', 'structured', 'binary'] as const)
    problemOf(() => readPayload(mode, content({ 'ce-specversion': '1.0', 'ce-id': '\u0000' }, body)))
})
