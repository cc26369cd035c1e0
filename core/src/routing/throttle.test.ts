import { ThrottleRule } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import type { Step } from '../delivery/step.ts'
import { makesNextDue } from './after-failure.ts'
import { inWords } from './explain.ts'
import { type Leaving, slotRequest, throttled } from './throttle.ts'

const NOW = Date.parse('2026-12-01T09:00:00Z')
const HOUR = 3_600_000
const step: Step = {
  ...{ tenant: 'acme', user: 'ada', notification: 'n', item: 'i', type: 'monitor.down', priority: 'normal' },
  ...{ at: NOW, expiresAt: NOW + 9 * HOUR, index: 0, toAudience: false },
  plan: [
    { channel: 'email', when: 'always', after: 0 },
    { channel: 'sms', when: 'failed', after: 0 },
  ],
}
const leaving = (throttle: ThrottleRule | undefined, more: Partial<Leaving> = {}): Leaving => ({
  type: { key: 'monitor.down', ...(throttle ? { throttle } : {}) },
  ...{ critical: false, data: {}, key: '', zone: 'Asia/Tokyo' },
  ...more,
})
const hourly: ThrottleRule = { limit: 3, window: 3_600 }
/** The linter refuses a literal with `then`, as a promise in disguise. */
const orDigest = ThrottleRule.parse(Object.fromEntries([...Object.entries(hourly), ['then', 'digest']]))

describe('the slot that a step needs', () => {
  const request = (changes: Partial<Step> = {}, more: Partial<Leaving> = {}) =>
    slotRequest({ ...step, ...changes }, leaving(hourly, more), NOW)

  test('is taken for the window', () => {
    expect(request()).toMatchObject({ user: 'ada', limit: 3, until: NOW + HOUR, now: NOW })
  })

  test('is the same on every repetition, and one for each type, channel, context and key', () => {
    const { key, taker } = request() ?? {}
    expect(request({ held: 2, failed: true })).toMatchObject({ key, taker })
    expect(request({ notification: 'm' })).toMatchObject({
      key,
      taker: expect.not.stringMatching(taker ?? ''),
    })
    const others = [
      request({ index: 1 }),
      request({ context: 'team-1' }),
      request({}, { key: 'a' }),
      request({}, { type: { key: 'other', throttle: hourly } }),
    ]
    expect(new Set([key, ...others.map((other) => other?.key)]).size).toBe(5)
  })

  test('is none if the type is critical or has no throttle, or the step has begun or is a one-time password', () => {
    expect(slotRequest(step, leaving(undefined), NOW)).toBeUndefined()
    expect(request({}, { critical: true })).toBeUndefined()
    for (const begun of [
      { attempt: 2 },
      { queued: true },
      { destination: 'd' },
      { destination: '' },
      { slot: 'k' },
      { secret: 's' },
    ])
      expect(request(begun)).toBeUndefined()
  })

  test.each([
    ['2026-12-01T10:00:00Z', NOW + HOUR],
    ['2026-12-02', Date.parse('2026-12-01T15:00:00Z')],
    ['9999-12-31T00:00:00Z', NOW + 366 * 24 * HOUR],
    ['2026-12-01T09:00:00Z', undefined],
    ['soon', undefined],
    [7, undefined],
    [undefined, undefined],
  ])('ends at the date in data: %s', (resetAt, until) => {
    const throttle = { limit: 1, until: 'data.reset.at' }
    expect(slotRequest(step, leaving(throttle, { data: { reset: { at: resetAt } } }), NOW)?.until).toBe(until)
  })
})

describe('a step without a free slot', () => {
  const at = { until: NOW + HOUR, now: NOW }
  const times = { zone: 'UTC', digest: { hour: 9, day: 'mon' }, by: { digest: 'tenant' } } as const
  const digest = { rule: { window: 60, first: 'now' }, key: 'k', by: 'type', path: 'digest' } as const

  test('is skipped, and moves no other', () => {
    const decision = throttled(step, hourly, { step, digest, times }, at)
    expect(decision).toEqual({
      ...{ at: NOW, stage: 'throttle', channel: 'email', step: 0, outcome: 'skip' },
      ...{
        by: 'type',
        path: 'throttle',
        reason: 'throttled',
        detail: '3 of 3 until 2026-12-01T10:00:00.000Z',
      },
    })
    expect(inWords(decision).text).toBe(
      'E-mail (step 0) was skipped at 2026-12-01T09:00:00.000Z, because the limit of its throttle was reached (3 of 3 until 2026-12-01T10:00:00.000Z) (decided by the type, throttle).',
    )
    expect(makesNextDue(step, { stage: 'throttle', reason: 'throttled' })).toBe(false)
  })

  test("joins the type's digest, as a first one too", () => {
    const decision = throttled(step, orDigest, { step, digest, times }, at)
    expect(decision).toMatchObject({
      ...{ stage: 'throttle', outcome: 'join', by: 'type', path: 'throttle.then', reason: 'throttled' },
      ...{ until: NOW + 60_000, window: { kind: 'digest', closesAt: NOW + 60_000 } },
    })
    expect(decision).not.toHaveProperty('window.first')
    expect(throttled(step, orDigest, { step, digest: undefined, times }, at).outcome).toBe('skip')
  })
})
