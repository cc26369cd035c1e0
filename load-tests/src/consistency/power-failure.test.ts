import { expect, test } from 'vitest'
import { durableAt } from './power-failure.ts'
import type { SystemCall } from './system-calls.ts'

const call = (name: string, at: number, text = '', number = 0, ended = at): SystemCall => ({
  ...{
    name,
    target: '/data/carillon.db',
    data: Buffer.from(text),
    number,
    begun: at,
    ended,
    succeeded: true,
  },
})
const contentAt = (line: number, ...calls: SystemCall[]) =>
  durableAt(calls, '/data/carillon.db', line).toString('latin1')

test('keeps what was written before the last finished sync', () => {
  const calls = [
    call('pwrite64', 1, 'abc', 2),
    call('fdatasync', 2),
    call('pwrite64', 3, 'X', 3),
    call('fdatasync', 4, '', 0, 6),
    call('pwrite64', 5, 'Y', 4),
    call('fsync', 7),
  ]
  expect([2, 3, 6, 7, 8].map((line) => contentAt(line, ...calls))).toEqual([
    '',
    '\0\0abc',
    '\0\0abc',
    '\0\0aXc',
    '\0\0aXY',
  ])
})

test('knows truncated and replaced files', () => {
  const calls = [call('pwrite64', 1, 'abcdef'), call('ftruncate', 2, '', 2), call('fsync', 3)]
  expect(contentAt(4, ...calls)).toBe('ab')
  expect(contentAt(9, ...calls, call('unlink', 5), call('pwrite64', 6, 'z'), call('fsync', 7))).toBe('z')
})
