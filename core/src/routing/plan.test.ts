import type { PlanStep } from '@carillon/schemas'
import { expect, test } from 'vitest'
import { endOf, type Planned, plan, planning, type Recipient, type Sent } from './plan.ts'

const NOW = Date.parse('2026-01-31T09:00:00Z')
const ada: Recipient = { user: 'ada', addressed: [{ by: 'user' }] }
const email: PlanStep = { channel: 'email', when: 'unread', after: 600 }
const sms: PlanStep = { channel: 'sms', when: 'failed', after: 0 }

const planned = (sent: Partial<Sent>, recipient: Partial<Recipient> = {}): Planned =>
  plan({
    notification: {},
    expiresAt: NOW + 1,
    ...sent,
    recipient: { ...ada, ...recipient },
    now: NOW,
  })

test('plans an item and the steps of the type', () => {
  expect(planned({ type: { plan: [email] } })).toEqual({
    inbox: 'shown',
    steps: [email],
    decisions: [{ at: NOW, stage: 'inbox', channel: 'inbox', outcome: 'pass', by: 'system' }],
  })
})

test('the notification overrides its type', () => {
  const sent: Partial<Sent> = {
    notification: { plan: [sms], inbox: 'shown' },
    type: { plan: [email], inbox: 'none' },
  }
  expect(planned(sent)).toMatchObject({ inbox: 'shown', steps: [sms], decisions: [{ by: 'sender' }] })
  expect(planned({ notification: { plan: [] }, type: { plan: [email] } }).steps).toEqual([])
})

test.each([
  ['silent', { outcome: 'pass', reason: 'silent' }],
  ['none', { outcome: 'skip', reason: 'no_item' }],
] as const)('applies inbox: %s of the type or the sender', (inbox, decision) => {
  const wanted = (by: string) => ({
    inbox,
    steps: [],
    decisions: [{ at: NOW, stage: 'inbox', channel: 'inbox', by, path: 'inbox', ...decision }],
  })
  expect(planned({ type: { inbox } })).toEqual(wanted('type'))
  expect(planned({ notification: { inbox } })).toEqual(wanted('sender'))
})

test.each([
  ['cancelled', 'sender', { cancelled: true }, {}],
  ['expired', 'sender', { expiresAt: NOW }, {}],
  ['excluded', 'sender', { notification: { exclude: ['bob', 'ada'] } }, {}],
  ['excluded', 'sender', { notification: { actor: { user: 'ada' } } }, {}],
  ['erased', 'tenant', {}, { erased: true }],
  ['not_recipient', 'sender', {}, { addressed: [] }],
] as const)('%s: plans no item and no step, with one decision', (reason, by, sent, recipient) => {
  const against = planned({ type: { plan: [email] }, ...(sent as Partial<Sent>) }, recipient)
  expect(against).toMatchObject({ inbox: 'none', steps: [], decisions: [{ outcome: 'end', by, reason }] })
  expect(endOf(against)).toBe(against.decisions[0])
})

test('a large audience shares one result', () => {
  const forOne = planning({ notification: { exclude: ['u7'] }, expiresAt: NOW + 1 }, NOW)
  const users = Array.from({ length: 100 }, (_, n) => `u${n}`)
  const all = users.map((user) => forOne({ user, addressed: [{ by: 'topic', topic: 't' }] }))
  expect(new Set(all).size).toBe(2)
  expect(users.filter((_, n) => endOf(all[n]!))).toEqual(['u7'])
})
