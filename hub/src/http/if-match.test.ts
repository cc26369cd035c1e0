import { describe, expect, it } from 'vitest'
import { checkIfMatch } from './if-match.ts'

describe('If-Match', () => {
  it.each(['"x"', ' "x" ', '"a", "x"', '"x","a"', ', ,"a" ,"x",', 'W/"a", "x"', '*', ' * '])(
    '%j matches the tag x',
    (header) => {
      expect(checkIfMatch(header, 'x')).toBe(true)
    },
  )

  it.each([
    'W/"x"',
    '"a", W/"x"',
    '"X"',
    '"a"',
    'x',
    '""',
    '',
    '"x',
    '"a" "x"',
    'w/"x"',
    '"x";',
    '"*"',
    '"a,x"',
  ])('%j does not match the tag x', (header) => {
    expect(() => checkIfMatch(header, 'x')).toThrow('has changed')
  })

  it('of something that does not exist fails, for * too; without it, a write is unconditional', () => {
    for (const header of ['*', '"x"']) expect(() => checkIfMatch(header, undefined)).toThrow('has changed')
    expect([checkIfMatch(undefined, undefined), checkIfMatch(undefined, 'x')]).toEqual([false, false])
  })
})
