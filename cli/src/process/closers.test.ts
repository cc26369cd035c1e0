import { expect, test } from 'vitest'
import { createClosers } from './closers.ts'

test('closes in reverse order, once, and continues after failures', async () => {
  const closers = createClosers()
  const closed: string[] = []
  closers.add('first', () => void closed.push('first'))
  closers.add('broken', () => Promise.reject(new Error('no')))
  closers.add('last', async () => void closed.push('last'))
  const failures = await Promise.all([closers.close(1_000), closers.close(1_000)])
  expect(closed).toEqual(['last', 'first'])
  expect(failures[0].map(({ name }) => name)).toEqual(['broken'])
})

test('abandons a hanging closer at the deadline, and still runs the others', async () => {
  const closers = createClosers()
  let closed = false
  closers.add('first', () => {
    closed = true
  })
  closers.add('hangs', () => new Promise(() => {}))
  expect(await closers.close(10)).toMatchObject([{ name: 'hangs' }])
  expect(closed).toBe(true)
})
