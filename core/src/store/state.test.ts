import { INBOX_STATUSES } from '@carillon/schemas'
import { describe, expect, test } from 'vitest'
import { derivedUuid7, earliestUuid7 } from '../notification/ids.ts'
import { bucketOf } from './buckets.ts'
import { monthOf, monthsBetween } from './cassandra/months.ts'
import { keptUntil, notificationState } from './notification-state.ts'
import type { NotificationRecord } from './ports/notifications.ts'
import { SLOTS } from './ports/walk.ts'
import { flattenProfile, profileOf } from './profile.ts'
import { slotOf } from './slots.ts'
import { changedCells, count, hasStatus, type Standing } from './state.ts'

const NOW = Date.UTC(2026, 0, 31)
const fresh: Standing = { seenAt: null, readAt: null, archivedAt: null, snoozedUntil: null }

describe('status', () => {
  test.each([
    ['untouched', fresh, ['active', 'unread', 'unseen']],
    ['seen', { ...fresh, seenAt: 1 }, ['active', 'unread']],
    ['read', { ...fresh, seenAt: 1, readAt: 1 }, ['active', 'read']],
    ['read without being seen', { ...fresh, readAt: 1 }, ['active', 'unseen', 'read']],
    ['archived', { ...fresh, archivedAt: 1 }, ['archived']],
    ['archived while snoozed', { ...fresh, archivedAt: 1, snoozedUntil: NOW + 1 }, ['archived']],
    ['snoozed', { ...fresh, snoozedUntil: NOW + 1 }, ['snoozed']],
    ['woken this moment', { ...fresh, snoozedUntil: NOW }, ['active', 'unread', 'unseen']],
  ])('an item that is %s', (_, item, statuses) => {
    expect(INBOX_STATUSES.filter((status) => hasStatus(status, item, NOW))).toEqual(statuses)
    const counts = { unread: 0, unseen: 0 }
    count(counts, item, NOW)
    expect(counts).toEqual({
      unread: statuses.includes('unread') ? 1 : 0,
      unseen: statuses.includes('unseen') ? 1 : 0,
    })
  })

  test('a change names only the cells it sets or clears', () => {
    expect(changedCells({ readAt: '2026-01-31T01:00:00+01:00', seenAt: null, acted: {} })).toEqual([
      ['seenAt', null],
      ['readAt', NOW],
    ])
  })
})

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
  ])('is %s', (state, given, finished, cancelled) => {
    expect(notificationState(given, { finished, cancelled }, NOW)).toBe(state)
  })

  test('is kept as long as the items made last', () => {
    expect(keptUntil(record({}), 100)).toBe(NOW + 90)
    expect(keptUntil(record({ deliverAt: NOW + 50 }), 100)).toBe(NOW + 150)
  })

  test('shares a bucket with those of its ten seconds, or has one of few', () => {
    const bucket = NOW / 10_000
    expect([0, 9_999].map((ms) => bucketOf(derivedUuid7(NOW + ms, `${ms}`)))).toEqual([bucket, bucket])
    const others = Array.from({ length: 1_000 }, (_, index) => bucketOf(`order-${index}`))
    expect(Math.max(...others)).toBeLessThan(0)
    expect(Math.min(...others)).toBeGreaterThanOrEqual(-4_096)
    expect(new Set(others).size).toBeGreaterThan(700)
  })
})

describe('places', () => {
  test('slots spread users evenly and never move', () => {
    const sizes = new Map<number, number>()
    for (let index = 0; index < 64_000; index++) {
      const slot = slotOf(`user-${index}`)
      sizes.set(slot, (sizes.get(slot) ?? 0) + 1)
    }
    expect(sizes.size).toBe(SLOTS)
    expect(Math.max(...sizes.values())).toBeLessThan(1_200)
    expect(Math.min(...sizes.values())).toBeGreaterThan(800)
    expect(['ada', 'bob', 'auth0|42'].map(slotOf)).toEqual([13, 24, 50])
  })

  test('months are counted in UTC', () => {
    expect(monthOf(0)).toBe(0)
    expect(monthOf(Date.UTC(2026, 0, 31, 23, 59, 59, 999))).toBe(672)
    expect(monthOf(Date.UTC(2026, 1, 1))).toBe(673)
    expect(monthsBetween(3, 1)).toEqual([3, 2, 1])
    expect(monthsBetween(1, 2)).toEqual([])
  })

  test('no id of a moment is smaller than its earliest', () => {
    expect(derivedUuid7(NOW, 'x') >= earliestUuid7(NOW)).toBe(true)
    expect(derivedUuid7(NOW - 1, 'x') < earliestUuid7(NOW)).toBe(true)
  })
})

describe('profiles', () => {
  test('take apart and put together again', () => {
    const profile = { name: 'Ada', attributes: JSON.parse('{"__proto__":1,"a/b":{"c":[null]}}') as object }
    const flat = flattenProfile(profile as Parameters<typeof flattenProfile>[0])
    expect([...flat.keys()]).toEqual(['name', 'attributes/__proto__', 'attributes/a/b'])
    expect(JSON.stringify(profileOf(flat))).toBe(JSON.stringify(profile))
    expect(flattenProfile({ email: undefined })).toEqual(new Map())
  })
})
