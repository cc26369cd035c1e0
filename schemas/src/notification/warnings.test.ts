import { expect, test } from 'vitest'
import { Notification, parseLenient } from '../index.ts'

const note = { type: 'x', title: 'Hi' }

test('returns no warnings for valid attributes', () => {
  const { warnings, ...parsed } = parseLenient(Notification, {
    ...note,
    to: { user: 'ada', locale: 'pt_BR' },
  })
  expect(warnings).toEqual([])
  expect(parsed).toMatchObject({ success: true, data: { to: { user: 'ada', locale: 'pt-BR' } } })
})

test('omits an invalid attribute with a warning', () => {
  const bad = { email: 'nobody', phone: '555', locale: 'portuguese', timezone: 'Mars/Base', name: 7 }
  const parsed = parseLenient(Notification, {
    ...note,
    to: ['grace', { user: 'ada', ...bad, attributes: { plan: 'pro' } }, { topic: 'team' }],
  })
  expect(parsed).toMatchObject({
    success: true,
    data: { to: ['grace', { user: 'ada', attributes: { plan: 'pro' } }, { topic: 'team' }] },
  })
  expect(parsed.warnings.map(({ code, pointer }) => [code, pointer])).toEqual([
    ['ignored', '/to/1/name'],
    ['ignored', '/to/1/email'],
    ['ignored', '/to/1/phone'],
    ['ignored', '/to/1/locale'],
    ['ignored', '/to/1/timezone'],
  ])
  expect(JSON.stringify(parsed.warnings)).not.toContain('nobody')
})

test('can omit all attributes of a recipient, and a hostile one causes no exception', () => {
  expect(parseLenient(Notification, { ...note, to: { user: 'ada', email: 'x' } })).toMatchObject({
    success: true,
    data: { to: { user: 'ada' } },
    warnings: [{ pointer: '/to/email' }],
  })
  const hostile = { length: { toString: 1 } }
  expect(
    parseLenient(Notification, { ...note, to: { user: 'ada', name: hostile, attributes: hostile } }),
  ).toMatchObject({ success: true, warnings: [{ pointer: '/to/name' }] })
})

test.each<[string, unknown]>([
  ['an unknown field of a recipient', { ...note, to: { user: 'ada', email: 'x', colour: 'red' } }],
  ['a user id', { ...note, to: { user: '', email: 'x' } }],
  ['another field', { ...note, title: 7, to: { user: 'ada', email: 'x' } }],
  ['a missing recipient', note],
  ['a value that is not a notification', null],
])('still rejects %s', (_, value) => {
  expect(parseLenient(Notification, value).success).toBe(false)
})
