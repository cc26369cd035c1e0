import type { Captured } from '@carillon/core/delivery/captured'
import { expect, it } from 'vitest'
import { createCaptured } from './captured.ts'

const message = (id: string, text = id): Captured => ({
  id,
  at: new Date(0).toISOString(),
  user: 'grace',
  channel: 'sms',
  to: '+15550100',
  text,
  notification: 'n',
})
const ids = (messages: readonly Captured[]) => messages.map(({ id }) => id)

it('keeps the newest messages, newest first', () => {
  const captured = createCaptured(3)
  for (const id of ['a', 'b', 'c', 'd']) captured.add(message(id))
  expect(ids(captured.list())).toEqual(['d', 'c', 'b'])
  expect(captured.get('a')).toBeUndefined()
  expect(captured.get('b')?.text).toBe('b')
})

it('keeps the last version of a message that is sent again', () => {
  const captured = createCaptured(2)
  captured.add(message('a'))
  captured.add(message('b'))
  captured.add(message('a', 'again'))
  expect(ids(captured.list())).toEqual(['a', 'b'])
  expect(captured.get('a')?.text).toBe('again')
})

it('starts with the messages of an earlier run', () => {
  const captured = createCaptured(2, [message('a'), message('b')])
  captured.add(message('c'))
  expect(ids(captured.list())).toEqual(['c', 'b'])
})

it('calls listeners until they unsubscribe', () => {
  const captured = createCaptured()
  const heard: string[] = []
  const stop = captured.onAdd(({ id }) => heard.push(id))
  captured.add(message('a'))
  stop()
  stop()
  captured.add(message('b'))
  expect(heard).toEqual(['a'])
})
