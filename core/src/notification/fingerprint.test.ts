import { Notification, type NotificationInput, parse, UntypedNotification } from '@carillon/schemas'
import { expect, test } from 'vitest'
import { fingerprintOf } from './fingerprint.ts'

const note = {
  to: ['ada', { user: 'bob', email: 'bob@example.org' }, { topic: 'team' }],
  type: 'order.shipped',
  title: 'Order 9 – “shipped”',
  actor: { user: 'grace' },
  tags: ['a', 'b'],
  data: { b: [1, { d: null, c: 1.5 }], a: { y: true, x: 'é' } },
  plan: [{ channel: 'email' }],
} satisfies NotificationInput

const of = (input: unknown, priority: Notification['priority'] = 'normal') => {
  const read = parse(Notification, input)
  if (!read.success) throw new Error(JSON.stringify(read.issues))
  return fingerprintOf({ ...read.data, priority: priority ?? 'normal' })
}

test('ignores key order, id, sender and the notation of actor and plan', () => {
  const { data, ...rest } = note
  const same = {
    data: { a: { x: 'é', y: true }, b: [1, { c: 1.5, d: null }] },
    ...Object.fromEntries(Object.entries(rest).reverse()),
    actor: 'grace',
    plan: [{ after: 0, when: 'undelivered', channel: 'email' }],
    id: 'order-9',
    sender: 'key',
  }
  expect(of(same)).toBe(of(note))
})

test('is equal over NATS, where the subject has type and priority', () => {
  const { type, ...rest } = note
  const read = parse(UntypedNotification, rest)
  if (!read.success) throw new Error('the notification is good')
  expect(fingerprintOf({ ...read.data, type, priority: 'high' })).toBe(
    of({ ...note, priority: 'high' }, 'high'),
  )
})

test('covers everything else', () => {
  const others = [
    { ...note, to: 'ada' },
    { ...note, to: note.to.toReversed() },
    { ...note, type: 'order.paid' },
    { ...note, title: 'Order 9' },
    { ...note, tags: ['b', 'a'] },
    { ...note, data: { ...note.data, c: 0 } },
    { ...note, plan: [] },
    { ...note, deliverAt: '2027-01-01T00:00:00Z' },
    { ...note, exclude: ['bob'] },
  ]
  const prints = [of(note), of(note, 'high'), ...others.map((other) => of(other))]
  expect(new Set(prints).size).toBe(prints.length)
})

test('does not change between versions, because it is compared with stored fingerprints', () => {
  expect(of(note)).toBe('Xzu1fzs7c2JJhKLKznEUzK9Plnp-kCoanC3061oGKH8')
})
