import { expect, test } from 'vitest'
import { inexactNumbers } from './exact-numbers.ts'

const pointers = (json: string) => {
  JSON.parse(json)
  const found: string[] = []
  inexactNumbers(json, (path) => found.push(`/${path.join('/')}`))
  return found
}

test.each([
  '0',
  '-0',
  '1.0',
  '0.1',
  '1e2',
  '1E+2',
  '100000000000000000000',
  '1e20',
  '1e308',
  '-1.7976931348623157e308',
  '5e-324',
  '0.30000000000000004',
  '0.30000000000000004000',
  '9007199254740991',
  '9007199254740992',
  '1769000000000',
  '0e999',
  '0.000000000000000000000000000001',
])('%s is exact', (number) => {
  expect(pointers(number)).toEqual([])
  expect(pointers(`{"a":[${number} , ${number}]}`)).toEqual([])
})

test.each([
  '1e999',
  '-1e999',
  '1e-400',
  '9007199254740993',
  '12345678901234567890',
  '-12345678901234567890.5',
  '0.1000000000000000055511151231257827',
  '3.14159265358979323846',
  `1${'0'.repeat(400)}`,
  `0.${'0'.repeat(400)}1`,
  `${'9'.repeat(10_000)}`,
])('%s is inexact, and its path is reported', (number) => {
  expect(pointers(number)).toEqual(['/'])
  expect(pointers(`{"a":{"x":[1,"]",{"b":${number}}]},"c":[ ${number} ,2]}`)).toEqual(['/a/x/2/b', '/c/0'])
})

test('numbers within strings are ignored', () => {
  for (const text of [
    '12345678901234567890',
    ' 1e999 ',
    ',12345678901234567890,',
    '\\\\",12345678901234567890,',
    '{"a":12345678901234567890}',
    '0193e7b2-3c4d-7000-8000-12e400000001',
  ])
    expect(pointers(JSON.stringify({ [text]: [text, 1.5], b: text }))).toEqual([])
  expect(pointers(String.raw`{"\\\"":{"k\"":1e999}}`)).toEqual([String.raw`/\"/k"`])
})
