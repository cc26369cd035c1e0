import { ProblemError } from '@carillon/core/errors'
import { describe, expect, it } from 'vitest'
import { createCursors } from './cursor.ts'

const cursors = createCursors('a root secret')
const list = ['inbox', 'acme', 'ann', 'active', undefined]
const position = '01980000-0000-7000-8000-000000000000'

const refused = (from: typeof list, cursor: string, by = cursors) => {
  try {
    by.read(from, cursor)
  } catch (error) {
    return error instanceof ProblemError && error.problem.code === 'cursor_invalid'
  }
  return false
}

describe('cursors', () => {
  it('return the encoded position', () => {
    expect(cursors.read(list, cursors.make(list, position))).toBe(position)
    expect(cursors.read(list, cursors.make(list, 'ü 1'))).toBe('ü 1')
  })

  it('are rejected for other lists', () => {
    const cursor = cursors.make(list, position)
    for (const other of [
      ['inbox', 'acme', 'bob', 'active', undefined],
      ['inbox', 'umbrella', 'ann', 'active', undefined],
      ['inbox', 'acme', 'ann', 'unread', undefined],
      ['inbox', 'acme', 'ann', 'active', 'news'],
      ['inbox', 'acme', 'ann', 'active'],
    ])
      expect(refused(other, cursor), JSON.stringify(other)).toBe(true)
  })

  it('cannot be forged', () => {
    const cursor = cursors.make(list, position)
    const forged = cursor.slice(0, 22) + Buffer.from(position.replace('7', '6')).toString('base64url')
    for (const bad of [
      '',
      'x',
      position,
      forged,
      `${cursor}A`,
      cursor.slice(1),
      'é'.repeat(30),
      'a'.repeat(10_000),
    ])
      expect(refused(list, bad), bad.slice(0, 60)).toBe(true)
    expect(refused(list, cursor, createCursors('another root secret'))).toBe(true)
  })
})
