import type { Step } from '@carillon/core/delivery/step'
import type { InboxItem, PlanStep } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import { decide } from './decide.ts'

const NOW = Date.parse('2026-01-31T09:00:00Z')
const then = '2026-01-31T08:59:00.000Z'

const item: InboxItem = {
  id: '019c1d3e-0000-7000-8000-000000000000',
  notification: 'n',
  type: 't',
  priority: 'normal',
  createdAt: then,
  receivedAt: null,
  seenAt: null,
  readAt: null,
  archivedAt: null,
  snoozedUntil: null,
  acted: {},
}

const stepOf = (when: PlanStep['when'], more: Partial<Step> & { after?: number } = {}): Step => {
  const { after = 0, ...rest } = more
  return {
    tenant: 't',
    user: 'ada',
    notification: 'n',
    item: item.id,
    type: 't',
    priority: 'normal',
    at: NOW - 60_000,
    expiresAt: NOW + 60_000,
    plan: [{ channel: 'email', when, after }],
    index: 0,
    toAudience: false,
    ...rest,
  }
}

const outcome = (step: Step, state: Partial<InboxItem> | undefined, cancelled = false) => {
  const known = { item: state && { ...item, ...state }, cancelled, erased: false, now: NOW }
  const decided = decide(step, known)
  return decided.decision === 'go' ? 'go' : `${decided.decision} ${decided.reason}`
}

describe('a step whose time has come', () => {
  test.each([stepOf('always'), stepOf('unread', { after: 600 }), stepOf('always', { secret: 'sealed' })])(
    'ends if the person is erased',
    (step) => {
      const known = { item, cancelled: false, erased: true, now: NOW }
      expect(decide(step, known)).toEqual({ decision: 'end', reason: 'erased' })
    },
  )

  test.each([
    ['always', {}, 'go'],
    ['always', { readAt: then }, 'go'],
    ['offline', {}, 'go'],
    ['offline', { receivedAt: then }, 'skip delivered'],
    ['undelivered', {}, 'go'],
    ['undelivered', { receivedAt: then }, 'skip delivered'],
    ['undelivered', { seenAt: then }, 'skip delivered'],
    ['unseen', { receivedAt: then }, 'go'],
    ['unseen', { seenAt: then }, 'skip seen'],
    ['unread', { seenAt: then }, 'go'],
    ['unread', { readAt: then, seenAt: then }, 'end read'],
    ['unread', { archivedAt: then }, 'end archived'],
    ['unread', { snoozedUntil: '2026-02-01T09:00:00.000Z' }, 'end snoozed'],
    ['unread', { snoozedUntil: then }, 'go'],
    ['failed', {}, 'skip not_needed'],
  ] as const)('%s, and %o: %s', (when, state, expected) => {
    expect(outcome(stepOf(when), state)).toBe(expected)
  })

  test('is not taken for what is cancelled, expired or deleted, whatever it wants', () => {
    expect(outcome(stepOf('always'), {}, true)).toBe('end cancelled')
    expect(outcome(stepOf('always', { expiresAt: NOW }), {})).toBe('end expired')
    expect(outcome(stepOf('always'), undefined)).toBe('end deleted')
    expect(outcome(stepOf('unread'), undefined)).toBe('end deleted')
  })

  test('that wants a failure is taken after one', () => {
    expect(outcome(stepOf('failed', { failed: true }), { seenAt: then })).toBe('go')
    expect(outcome(stepOf('failed', { failed: true }), { readAt: then })).toBe('end read')
  })

  test('that always wants to be sent is ended by reading only while it waits', () => {
    expect(outcome(stepOf('always', { after: 60 }), { readAt: then })).toBe('end read')
    expect(outcome(stepOf('always', { after: 60, attempt: 2 }), { readAt: then })).toBe('go')
    expect(outcome(stepOf('always', { after: 60, queued: true }), { readAt: then })).toBe('go')
  })
})
