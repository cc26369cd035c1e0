import { expect, test } from 'vitest'
import { isJsonObject } from './json.ts'

test.each([
  [{}, true],
  [{ key: 1 }, true],
  [Object.create(null), true],
  [[], false],
  [null, false],
  [undefined, false],
  ['text', false],
])('whether %j is a JSON object: %s', (value, expected) => {
  expect(isJsonObject(value)).toBe(expected)
})
