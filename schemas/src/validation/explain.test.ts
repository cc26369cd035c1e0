import { describe, expect, it, test } from 'vitest'
import { z } from 'zod'
import { ContextFilter } from '../fields/ids.ts'
import { Notification } from '../notification/notification.ts'
import { invalid, problemDetails } from '../problems/problem.ts'
import { DeviceInput } from '../user/device.ts'
import { nearest } from './did-you-mean.ts'
import { parse } from './parse.ts'

const errors = (schema: z.ZodType, value: unknown) => {
  const parsed = parse(schema, value)
  return parsed.success ? [] : problemDetails(parsed.issues)
}
const about = (notification: object) => errors(Notification, { to: 'ada', type: 'x', ...notification })

const RECIPIENTS = 'a user id, {user, …}, {topic}, {everyone: true} or a list of these'
const RECIPIENT = 'a user id, {user, …}, {topic} or {everyone: true}'

describe('a union', () => {
  it.each([
    [5, `must be ${RECIPIENTS}, not a number`],
    [null, `must be ${RECIPIENTS}, not null`],
    [undefined, `is missing: ${RECIPIENTS}`],
    [{}, `must be ${RECIPIENTS}`],
    [{ user: 'ada', topic: 'team' }, `must be ${RECIPIENTS}`],
  ])('lists the accepted values when no member matches: %j', (to, message) => {
    expect(about({ to })).toEqual([{ pointer: '/to', message }])
  })

  it.each([
    [{ user: 5 }, '/to/user', 'must be a user id, not a number', '/to'],
    [{ topic: [] }, '/to/topic', 'must be a topic key, not a list', '/to'],
    [{ everyone: false }, '/to/everyone', 'must be true', '/to'],
    [{ user: 'ada', emial: 'x' }, '/to/emial', 'unknown key; did you mean email?', '/to'],
    [['ada', { user: 'ada', phone: '1' }], '/to/1/phone', expect.stringContaining('E.164'), '/to/1'],
  ])(
    'explains the fault of the closest member, and then lists the accepted values: %j',
    (to, at, message, union) => {
      expect(about({ to })).toEqual([
        { pointer: at, message },
        { pointer: union, message: `takes ${union === '/to' ? RECIPIENTS : RECIPIENT}` },
      ])
    },
  )

  it('suggests keys although no member matches', () => {
    expect(about({ to: { usr: 'ada' } })).toEqual([
      { pointer: '/to', message: `must be ${RECIPIENTS}` },
      { pointer: '/to/usr', message: 'unknown key; did you mean user?' },
    ])
  })

  it('with a discriminator lists its values, and selects the member by it', () => {
    expect(errors(DeviceInput, { kind: 'fcmm' })).toEqual([
      {
        pointer: '/kind',
        message: expect.stringMatching(/^must be one of web-push, .*; did you mean fcm\?$/),
      },
    ])
    expect(errors(DeviceInput, { kind: 'web-push', endpont: 'x' })).toContainEqual({
      pointer: '/endpont',
      message: 'unknown key; did you mean endpoint?',
    })
  })
})

describe('an unknown key', () => {
  it.each([
    ['titel', 'title'],
    ['Title', 'title'],
    ['deliver_at', 'deliverAt'],
    ['deliver-at', 'deliverAt'],
    ['catgory', 'category'],
  ])('%s gets the suggestion %s, at the key', (key, known) => {
    expect(about({ [key]: 'x' })).toEqual([
      { pointer: `/${key}`, message: `unknown key; did you mean ${known}?` },
    ])
  })

  it('without a similar key lists the known ones if they are few', () => {
    expect(about({ qqqqqq: 1 })).toEqual([{ pointer: '/qqqqqq', message: 'unknown key' }])
    expect(about({ actor: { qqqqqq: 1 } })[0]).toEqual({
      pointer: '/actor/qqqqqq',
      message: 'unknown key; known keys are user, name and avatar',
    })
  })

  it('costs little, however many there are', () => {
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`key${index}`, 1]))
    expect(about(many)).toHaveLength(10)
    expect(about({ to: many })).toHaveLength(10)
  })
})

test('an invalid enum value gets the list of values and a suggestion', () => {
  expect(about({ priority: 'hihg' })).toEqual([
    { pointer: '/priority', message: 'must be one of critical, high, normal or low; did you mean high?' },
  ])
  expect(about({ plan: [{}] })[0]).toMatchObject({
    pointer: '/plan/0/channel',
    message: expect.stringMatching(/^is missing: one of push, email, /),
  })
})

test('a message reads well after the name of its place', () => {
  expect(about({ title: 7, tags: [''], plan: {}, body: 'x'.repeat(16_385), deliverAt: 5 })).toEqual([
    { pointer: '/title', message: 'must be a string, not a number' },
    { pointer: '/body', message: 'must have at most 16384 characters' },
    { pointer: '/tags/0', message: 'must not be empty' },
    { pointer: '/plan', message: 'must be a list, not an object' },
    {
      pointer: '/deliverAt',
      message: 'must be an instant, {local} or {from, …}, not a number',
    },
  ])
})

test('a message of the schema itself is kept', () => {
  const schema = z.strictObject({
    key: z.string({ error: 'is missing: the key' }),
    more: z.string().optional(),
  })
  expect(errors(schema, {})).toEqual([{ pointer: '/key', message: 'is missing: the key' }])
})

test('a message never repeats values', () => {
  const secret = 'hunter2hunter2'
  for (const value of [secret, [secret], { x: secret }, { user: secret, email: secret }])
    for (const key of ['to', 'title', 'url', 'actor', 'priority', 'plan', 'deliverAt', 'id', 'actions'])
      expect(JSON.stringify(about({ [key]: value }))).not.toContain(secret)
})

test('a detail names the first error and counts the others', () => {
  expect(invalid('the body', [])).toBe('the body is invalid')
  expect(invalid('the body', about({ titel: 'x' }))).toBe(
    'the body is invalid at /titel: unknown key; did you mean title?',
  )
  expect(invalid('the body', errors(Notification, []))).toBe(
    'the body is invalid: must be an object, not a list',
  )
  expect(invalid('the body', about({ title: 1, body: 2 }))).toMatch(/ \(and 1 more\)$/)
})

test('nearest ignores words that are too different', () => {
  expect(nearest('foo', ['to', 'type'])).toBeUndefined()
  expect(nearest('x'.repeat(100_000), ['to'])).toBeUndefined()
})

test('the fault of a text is reported, even if an empty text is allowed', () => {
  expect(errors(z.object({ context: ContextFilter }), { context: 'x'.repeat(129) })).toEqual([
    { pointer: '/context', message: 'must have at most 128 bytes' },
    { pointer: '/context', message: 'takes "" or a context' },
  ])
})

test('an empty text is shown in quotes', () => {
  expect(errors(z.object({ context: z.literal('') }), { context: 1 })).toEqual([
    { pointer: '/context', message: 'must be ""' },
  ])
})
