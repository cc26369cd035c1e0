import type { DeliveryTotals } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import type { DeliveryChange } from '../ports/deliveries.ts'
import { addToSums, advance, type Course, deliveryOf, deliveryState, type StateTimes } from './ledger.ts'

const PLACE = { notification: 'n', user: 'ada', step: 2, channel: 'push', device: 'phone' } as const

describe('the state of a delivery', () => {
  test.each<[string, StateTimes]>([
    ['requested', {}],
    ['requested', { requested: 1 }],
    ['queued', { queued: 2, requested: 1 }],
    ['skipped', { requested: 1, skipped: 2 }],
    ['in_doubt', { queued: 1, in_doubt: 2 }],
    ['clicked', { sent: 9, clicked: 1 }],
    ['read', { delivered: 3, seen: 2, read: 1 }],
    // Retried.
    ['queued', { failed: 1, queued: 2 }],
    ['queued', { skipped: 1, queued: 2 }],
    ['queued', { in_doubt: 1, queued: 2 }],
    ['sent', { in_doubt: 1, sent: 2 }],
    ['sent', { failed: 1, sent: 2 }],
    ['sent', { failed: 1, skipped: 1, in_doubt: 1, sent: 2, queued: 1 }],
    ['skipped', { failed: 1, queued: 2, skipped: 3 }],
    // Not retried.
    ['failed', { sent: 1, failed: 2 }],
    ['failed', { queued: 2, failed: 2 }],
    ['failed', { sent: 2, in_doubt: 1, failed: 3 }],
    ['delivered', { failed: 3, delivered: 2, sent: 1 }],
  ])('%s after %o', (state, times) => {
    expect(deliveryState(times)).toBe(state)
  })
})

describe('a delivery', () => {
  test('shows the known fields, and a reason only for its current state', () => {
    expect(deliveryOf({ ...PLACE, device: '' }, { requested: 0 }, {})).toEqual({
      ...PLACE,
      device: null,
      state: 'requested',
      times: { requested: '1970-01-01T00:00:00.000Z' },
      attempts: 0,
      provider: null,
      providerId: null,
      reason: null,
      detail: null,
      nextAttemptAt: null,
    })
    const said = { attempt: 2, provider: 'fcm', providerId: 'x', reason: 'gone' }
    expect(deliveryOf(PLACE, { failed: 2, sent: 1 }, said)).toMatchObject({
      device: 'phone',
      attempts: 2,
      provider: 'fcm',
      reason: 'gone',
    })
    expect(deliveryOf(PLACE, { failed: 1, sent: 2 }, said)).toMatchObject({ state: 'sent', reason: null })
  })

  test('reaches the same state whatever the order of its changes', () => {
    const change = (state: DeliveryChange['state'], at: number, more = {}): DeliveryChange => ({
      ...PLACE,
      toAudience: false,
      state,
      at,
      ...more,
    })
    const changes = [
      change('requested', 1),
      change('sent', 5, { provider: 'a', attempt: 1 }),
      change('sent', 3, { provider: 'b', providerId: 'x', attempt: 9 }),
      change('failed', 5, { provider: 'c' }),
    ]
    const expected: Course = {
      times: { requested: 1, sent: 5, failed: 5 },
      said: { provider: ['c', 5], attempt: [1, 5], providerId: ['x', 3] },
    }
    for (const order of [changes, changes.toReversed(), [...changes, ...changes]])
      expect(order.reduce(advance, { times: {}, said: {} })).toEqual(expected)
  })

  test('totals add up by channel and state', () => {
    const sums: DeliveryTotals = {}
    addToSums(sums, 'email', 'sent')
    addToSums(sums, 'email', 'sent', 4)
    addToSums(sums, 'email', 'failed')
    addToSums(sums, 'sms', 'sent')
    expect(sums).toEqual({ email: { sent: 5, failed: 1 }, sms: { sent: 1 } })
  })
})
