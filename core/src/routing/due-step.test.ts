import type { PlanStep } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import type { Step } from '../delivery/step.ts'
import { GRACE_MS } from '../live/port.ts'
import { following, type ItemNow, needsPresence, next, type StepFacts } from './due-step.ts'

const NOW = Date.parse('2026-01-31T09:00:00Z')
const then = '2026-01-31T08:59:00.000Z'

const untouched: ItemNow = {
  receivedAt: null,
  seenAt: null,
  readAt: null,
  archivedAt: null,
  snoozedUntil: null,
}

const stepOf = (when: PlanStep['when'], more: Partial<Step> & { after?: number } = {}): Step => {
  const { after = 0, ...rest } = more
  return {
    tenant: 't',
    user: 'ada',
    notification: 'n',
    item: '019c1d3e-0000-7000-8000-000000000000',
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

const decided = (step: Step, item: Partial<ItemNow> | undefined, facts: Partial<StepFacts> = {}) => {
  const known = { item: item && { ...untouched, ...item }, cancelled: false, erased: false, now: NOW }
  const { outcome, reason = '' } = next(step, { ...known, ...facts })
  return `${outcome} ${reason}`.trim()
}

describe('a due step', () => {
  test('has a decision with stage, index in the plan and decider', () => {
    const facts = { item: { ...untouched, readAt: then }, cancelled: false, erased: false, now: NOW }
    expect(next(stepOf('unread'), facts)).toEqual({
      at: NOW,
      stage: 'condition',
      channel: 'email',
      step: 0,
      outcome: 'end',
      by: 'user',
      reason: 'read',
    })
  })

  test.each([
    stepOf('always'),
    stepOf('unread', { after: 600 }),
    stepOf('always', { item: undefined, secret: 'sealed' }),
    stepOf('unread', { item: undefined }),
  ])('ends if the user is erased, or the notification is cancelled or expired', (step) => {
    expect(decided(step, {}, { erased: true })).toBe('end erased')
    expect(decided(step, {}, { cancelled: true })).toBe('end cancelled')
    expect(decided({ ...step, expiresAt: NOW }, {})).toBe('end expired')
  })

  test.each([
    ['always', {}, 'pass'],
    ['always', { readAt: then }, 'pass'],
    ['offline', {}, 'pass'],
    ['offline', { receivedAt: then }, 'skip delivered'],
    ['undelivered', {}, 'pass'],
    ['undelivered', { receivedAt: then }, 'skip delivered'],
    ['undelivered', { seenAt: then }, 'skip delivered'],
    ['unseen', { receivedAt: then }, 'pass'],
    ['unseen', { seenAt: then }, 'skip seen'],
    ['unread', { seenAt: then }, 'pass'],
    ['unread', { readAt: then, seenAt: then }, 'end read'],
    ['unread', { archivedAt: then }, 'end archived'],
    ['unread', { snoozedUntil: '2026-02-01T09:00:00.000Z' }, 'end snoozed'],
    ['unread', { snoozedUntil: then }, 'pass'],
    ['failed', {}, 'skip not_needed'],
  ] as const)('%s, and %o: %s', (when, item, expected) => {
    expect(decided(stepOf(when), item)).toBe(expected)
  })

  test('ends if the item was deleted, whatever its condition', () => {
    expect(decided(stepOf('always'), undefined)).toBe('end deleted')
    expect(decided(stepOf('unread'), undefined)).toBe('end deleted')
  })

  test('with `when: failed` is sent after a failure', () => {
    expect(decided(stepOf('failed', { failed: true }), { seenAt: then })).toBe('pass')
    expect(decided(stepOf('failed', { failed: true }), { readAt: then })).toBe('end read')
  })

  test('with `when: always` ends on reading only while it waits', () => {
    expect(decided(stepOf('always', { after: 60 }), { readAt: then })).toBe('end read')
    expect(decided(stepOf('always', { after: 60, attempt: 2 }), { readAt: then })).toBe('pass')
    expect(decided(stepOf('always', { after: 60, queued: true }), { readAt: then })).toBe('pass')
  })
})

test('is skipped on push channels for a silent item', () => {
  const plan = [
    { channel: 'push', when: 'always', after: 0 },
    { channel: 'email', when: 'always', after: 0 },
  ] as const
  const step = stepOf('always', { plan: [...plan], silent: true })
  expect(decided(step, {})).toBe('skip silent')
  expect(decided({ ...step, index: 1 }, {})).toBe('pass')
})

describe('a step without an item', () => {
  const bare = (when: PlanStep['when'], more: Partial<Step> = {}) =>
    stepOf(when, { item: undefined, ...more })

  test.each(['always', 'unseen', 'unread', 'undelivered'] as const)('is sent with `when: %s`', (when) => {
    expect(decided(bare(when), undefined)).toBe('pass')
    expect(needsPresence(bare(when))).toBe(false)
  })

  test('with `when: offline` depends on presence, and is sent while presence is unknown', () => {
    expect(needsPresence(bare('offline'))).toBe(true)
    expect(needsPresence(stepOf('offline'))).toBe(false)
    expect(decided(bare('offline'), undefined, { presence: 'here' })).toBe('skip online')
    expect(decided(bare('offline'), undefined, { presence: 'away' })).toBe('pass')
    expect(decided(bare('offline'), undefined)).toBe('pass')
    const facts = { item: undefined, cancelled: false, erased: false, presence: 'left', now: NOW } as const
    expect(next(bare('offline'), facts)).toMatchObject({ outcome: 'wait', until: NOW + GRACE_MS })
  })

  test('with `when: failed` is sent only after a failure', () => {
    expect(decided(bare('failed'), undefined)).toBe('skip not_needed')
    expect(decided(bare('failed', { failed: true }), undefined)).toBe('pass')
  })
})

test('the next step is scheduled once, and not after an end', () => {
  const plan = [
    { channel: 'push', when: 'always', after: 0 },
    { channel: 'sms', when: 'failed', after: 0 },
    { channel: 'email', when: 'unread', after: 60 },
  ] as const
  const step = stepOf('always', { plan: [...plan] })
  expect(following(step, { outcome: 'pass' })?.index).toBe(2)
  expect(following(step, { outcome: 'skip' })?.index).toBe(2)
  expect(following(step, { outcome: 'end' })).toBeUndefined()
  expect(following(step, { outcome: 'wait' })).toBeUndefined()
  expect(following({ ...step, attempt: 2 }, { outcome: 'pass' })).toBeUndefined()
  expect(following({ ...step, destination: 'phone' }, { outcome: 'pass' })).toBeUndefined()
})
