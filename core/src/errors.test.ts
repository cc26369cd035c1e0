import { expect, test } from 'vitest'
import { reasonOf, UnavailableError } from './errors.ts'

test.each([
  [new Error('no'), 'no'],
  [new Error('no\n    and much more'), 'no'],
  [new UnavailableError('store', new Error('refused\nby 127.0.0.1')), 'the store is unavailable: refused'],
  [new UnavailableError('live', new Error('refused')), 'the live bus is unavailable: refused'],
  [new UnavailableError('stream', new Error('refused')), 'the event log is unavailable: refused'],
  [
    new Error('login failed: wrong password', { cause: new Error('wrong password') }),
    'login failed: wrong password',
  ],
  [new Error('no', { cause: 'something' }), 'no'],
  ['thrown', 'thrown'],
])('reasonOf returns one line, with the cause', (error, line) => {
  expect(reasonOf(error)).toBe(line)
})
