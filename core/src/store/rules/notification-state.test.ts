import { describe, expect, test } from 'vitest'
import type { NotificationRecord } from '../ports/notifications.ts'
import { keptUntil, notificationState } from './notification-state.ts'

const NOW = Date.UTC(2026, 0, 31)

describe('a notification', () => {
  const record = (more: Partial<NotificationRecord>): NotificationRecord => ({
    tenant: 't',
    id: 'n',
    type: 'a',
    priority: 'low',
    acceptedAt: NOW - 10,
    fingerprint: 'print',
    chains: 0,
    direct: 1,
    ...more,
  })
  test.each([
    ['delivered', record({}), 0, false],
    ['delivered', record({ deliverAt: NOW }), 0, false],
    ['scheduled', record({ deliverAt: NOW + 1 }), 0, false],
    ['cancelled', record({ deliverAt: NOW + 1 }), 0, true],
    ['cancelled', record({ deliverAt: NOW - 1 }), 0, true],
    ['delivering', record({ chains: 2 }), 1, false],
    ['delivered', record({ chains: 2, expiresAt: NOW }), 2, false],
    ['delivering', record({ chains: 2, expiresAt: NOW + 1 }), 1, false],
    ['expired', record({ chains: 2, expiresAt: NOW }), 1, false],
    ['expired', record({ deliverAt: NOW - 2, expiresAt: NOW - 3 }), 0, false],
    // It expired while nobody had read it, or while it waited.
    ['expired', record({ direct: 0, expiresAt: NOW }), 0, false],
    ['expired', record({ direct: 0, deliverAt: NOW - 2, expiresAt: NOW - 1 }), 0, false],
    ['delivered', record({ direct: 0, expiresAt: NOW, decisions: [] }), 0, false],
    ['delivered', record({ expiresAt: NOW }), 0, false],
    // Recipients with local times have not been looked up yet.
    ['delivering', record({ deliverAt: NOW, lastAt: NOW + 9 }), 0, false],
    ['expired', record({ deliverAt: NOW - 9, lastAt: NOW + 9, expiresAt: NOW }), 0, false],
    ['delivered', record({ deliverAt: NOW, lastAt: NOW + 9, decisions: [] }), 0, false],
  ])('is %s', (state, given, finished, cancelled) => {
    expect(notificationState(given, { finished, cancelled }, NOW)).toBe(state)
  })

  test('is kept as long as its latest items', () => {
    expect(keptUntil(record({}), 100)).toBe(NOW + 90)
    expect(keptUntil(record({ deliverAt: NOW + 50 }), 100)).toBe(NOW + 150)
    expect(keptUntil(record({ deliverAt: NOW + 50, lastAt: NOW + 60 }), 100)).toBe(NOW + 160)
  })
})
