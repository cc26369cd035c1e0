import { describe, expect, test } from 'vitest'
import { deliveryTime, lateForAll, needsZones, type Timing, timeDecision } from './delivery-time.ts'

const at = (text: string) => Date.parse(`${text}:00Z`)
const NINE: Timing = { deliverAt: { local: '2026-12-01T09:00' }, asked: at('2026-11-30T19:00') }

describe('the time of a recipient', () => {
  test.each([
    ['Pacific/Kiritimati', '2026-11-30T19:00'],
    ['Pacific/Apia', '2026-11-30T20:00'],
    ['Asia/Kathmandu', '2026-12-01T03:15'],
    ['UTC', '2026-12-01T09:00'],
    ['America/New_York', '2026-12-01T14:00'],
    ['Pacific/Honolulu', '2026-12-01T19:00'],
    ['Etc/GMT+12', '2026-12-01T21:00'],
  ])('is nine o’clock in %s', (zone, expected) => {
    expect(deliveryTime(NINE, zone)).toEqual({ at: at(expected) })
  })

  test('has an expiry: a local one, an instant, or that of the type after delivery', () => {
    const expiry = (timing: Partial<Timing>) =>
      deliveryTime({ ...NINE, ...timing }, 'America/New_York').expiresAt ?? 'never'
    expect(expiry({})).toBe('never')
    expect(expiry({ expiresAt: { local: '2026-12-01T18:00' } })).toBe(at('2026-12-01T23:00'))
    expect(expiry({ expiresAt: '2026-12-01T18:00:00Z', expiresAfter: 60 })).toBe(at('2026-12-01T18:00'))
    expect(expiry({ expiresAfter: 3_600 })).toBe(at('2026-12-01T15:00'))
    expect(expiry({ expiresAfter: 3_600, asked: at('2026-12-01T16:00') })).toBe(at('2026-12-01T17:00'))
  })

  test('needs a time zone only if a time is local', () => {
    expect(needsZones({ deliverAt: '2026-12-01T18:00:00Z' })).toBe(false)
    expect(needsZones({})).toBe(false)
    expect(needsZones({ expiresAt: { local: '2026-12-01T18:00' } })).toBe(true)
    expect(needsZones(NINE)).toBe(true)
  })
})

describe('a recipient', () => {
  const decided = (timing: Partial<Timing>, own: Parameters<typeof timeDecision>[1], now: number) => {
    const decision = timeDecision({ ...NINE, ...timing }, own, now)
    return decision && [decision.outcome, decision.path, decision.reason, decision.until]
  }
  const asked = at('2026-12-01T09:00')

  test('whose time has come is due, also if its message waited in a queue', () => {
    expect(decided({ asked, late: 'skip' }, { at: asked }, asked)).toBeUndefined()
    expect(decided({ asked, late: 'skip' }, { at: asked }, asked + 3_600_000)).toBeUndefined()
    expect(decided({ asked, late: 'skip' }, { at: asked + 1 }, asked + 3_600_000)).toBeUndefined()
  })

  test('whose time lies ahead waits until then, however the clock differs', () => {
    expect(decided({ asked }, { at: asked + 1 }, asked)).toEqual([
      'wait',
      'deliverAt',
      'scheduled',
      asked + 1,
    ])
    expect(decided({ asked }, { at: asked }, asked - 500)).toBeUndefined()
  })

  test('whose time had passed gets it now, or not at all', () => {
    expect(decided({ asked }, { at: asked - 1 }, asked)).toBeUndefined()
    expect(decided({ asked, late: 'now' }, { at: asked - 1 }, asked)).toBeUndefined()
    expect(decided({ asked, late: 'skip' }, { at: asked - 1 }, asked)).toEqual([
      ...['end', 'late', 'late', undefined],
    ])
  })

  test('for whom it would have expired when it is due never gets it', () => {
    const expired = ['end', 'expiresAt', 'expired', undefined]
    expect(decided({ asked }, { at: asked, expiresAt: asked }, asked)).toEqual(expired)
    expect(decided({ asked }, { at: asked + 60_000, expiresAt: asked + 60_000 }, asked)).toEqual(expired)
    expect(decided({ asked }, { at: asked, expiresAt: asked + 1 }, asked)).toBeUndefined()
  })
})

test('an instant that passed before acceptance is late for everybody, a local time for nobody in general', () => {
  const deliverAt = '2026-12-01T09:00:00Z'
  const asked = at('2026-12-01T09:01')
  expect(lateForAll({ deliverAt, late: 'skip', asked }, asked)).toMatchObject({
    outcome: 'end',
    reason: 'late',
  })
  expect(lateForAll({ deliverAt, late: 'now', asked }, asked)).toBeUndefined()
  expect(lateForAll({ deliverAt, late: 'skip', asked: at('2026-12-01T09:00') }, asked)).toBeUndefined()
  expect(lateForAll({ ...NINE, late: 'skip', asked }, asked)).toBeUndefined()
  expect(lateForAll({ late: 'skip', asked }, asked)).toBeUndefined()
})
