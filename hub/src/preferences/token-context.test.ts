import { expect, test } from 'vitest'
import { readContext, writtenContext } from './token-context.ts'

const ALL = {}
const ONE = { contexts: ['a'] }
const TWO = { contexts: ['a', ''] }
const NONE = { contexts: [''] }

test.each([
  [ALL, undefined, ''],
  [ALL, 'b', 'b'],
  [ONE, undefined, 'a'],
  [ONE, 'a', 'a'],
  [TWO, undefined, ''],
  [TWO, 'a', 'a'],
  [NONE, undefined, ''],
])('a token of %j that names %s reads %j', (user, context, expected) =>
  expect(readContext(user, context)).toBe(expected),
)

test.each([
  [ALL, undefined, ''],
  [ALL, 'b', 'b'],
  [ONE, undefined, 'a'],
  [TWO, 'a', 'a'],
])('a token of %j that names %s changes %j', (user, context, expected) =>
  expect(writtenContext(user, context)).toBe(expected),
)

test('a limited token reads and changes nothing of other contexts, and changes nothing in general', () => {
  for (const user of [ONE, TWO, NONE])
    for (const place of [readContext, writtenContext])
      expect(() => place(user, '__proto__')).toThrow('limited to other contexts')
  for (const user of [TWO, NONE]) expect(() => writtenContext(user, undefined)).toThrow('name one of them')
})
