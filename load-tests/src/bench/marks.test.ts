import { expect, test } from 'vitest'
import { eachMark } from './marks.ts'
import type { Mark } from './payload.ts'

const marksIn = (text: string, start = 0, end = Buffer.byteLength(text)) => {
  const marks: Mark[] = []
  eachMark(Buffer.from(text), start, end, (mark) => marks.push(mark))
  return marks
}
const inner = JSON.stringify({ body: 'Remarks', data: { mark: [1, 2, 3.25] } })

test('a mark is found in JSON, in escaped JSON at any depth, and in each message of a frame', () => {
  const mark = { run: 1, n: 2, at: 3.25 }
  expect(marksIn(inner)).toEqual([mark])
  expect(marksIn(JSON.stringify({ message: inner }))).toEqual([mark])
  expect(marksIn(JSON.stringify(JSON.stringify({ message: inner })))).toEqual([mark])
  expect(marksIn(`${inner}\n{}\n${inner.replace('[1,2', '[1,3')}`)).toEqual([mark, { ...mark, n: 3 }])
})

test('nothing is found outside the frame, and in other messages', () => {
  expect(marksIn(`${inner}{}`, inner.length)).toEqual([])
  expect(marksIn(`{}${inner}`, 0, 2)).toEqual([])
  expect(marksIn('{"event":"open","remark":"mark"}')).toEqual([])
})
