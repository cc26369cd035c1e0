import { describe, expect, it } from 'vitest'
import type { InboxItem } from './item.ts'
import type { ItemPatch } from './item-patch.ts'
import { actionOf, changed, changeOf, countsOf, hasLabels, hasStatus } from './item-rules.ts'

const NOW = Date.parse('2026-03-01T10:00:00.000Z')
const now = new Date(NOW).toISOString()
const earlier = '2026-02-01T10:00:00.000Z'
const later = '2026-03-02T10:00:00.000Z'

const item = (state: Partial<InboxItem> = {}): InboxItem => ({
  id: '01980000-0000-7000-8000-000000000000',
  notification: 'n1',
  type: 'test',
  priority: 'normal',
  createdAt: earlier,
  receivedAt: null,
  seenAt: null,
  readAt: null,
  archivedAt: null,
  snoozedUntil: null,
  acted: {},
  ...state,
})

describe('changeOf', () => {
  it.each<[string, Partial<InboxItem>, ItemPatch, object]>([
    ['reading marks as seen', {}, { read: true }, { readAt: now, seenAt: now }],
    ['keeps the first time of being seen', { seenAt: earlier }, { read: true }, { readAt: now }],
    ['reading twice changes nothing', { seenAt: earlier, readAt: earlier }, { read: true, seen: true }, {}],
    [
      'marking as unread keeps it seen',
      { seenAt: earlier, readAt: earlier },
      { read: false },
      { readAt: null },
    ],
    [
      'marking as unseen marks as unread',
      { seenAt: earlier, readAt: earlier },
      { seen: false },
      { seenAt: null, readAt: null },
    ],
    [
      'marking an unread item as unread changes nothing',
      {},
      { read: false, seen: false, archived: false },
      {},
    ],
    ['archiving', {}, { archived: true }, { archivedAt: now }],
    [
      'archiving ends a snooze',
      { snoozedUntil: later },
      { archived: true },
      { archivedAt: now, snoozedUntil: null },
    ],
    ['unarchiving', { archivedAt: earlier }, { archived: false }, { archivedAt: null }],
    ['snoozing', {}, { snoozedUntil: '2026-03-02T11:00:00+01:00' }, { snoozedUntil: later }],
    [
      'snoozing unarchives',
      { archivedAt: earlier },
      { snoozedUntil: later },
      { archivedAt: null, snoozedUntil: later },
    ],
    ['snoozing until the same time changes nothing', { snoozedUntil: later }, { snoozedUntil: later }, {}],
    ['waking', { snoozedUntil: later }, { snoozedUntil: null }, { snoozedUntil: null }],
    ['waking an item that is not snoozed changes nothing', {}, { snoozedUntil: null }, {}],
    [
      'applies several changes at once',
      {},
      { read: true, archived: true },
      { readAt: now, seenAt: now, archivedAt: now },
    ],
  ])('%s', (_, state, patch, expected) => {
    expect(changeOf(item(state), patch, NOW)).toEqual(expected)
  })
})

describe('actionOf', () => {
  it('marks the item as read and keeps the first time of each action', () => {
    expect(actionOf(item(), 'accept', NOW)).toEqual({ readAt: now, seenAt: now, acted: { accept: now } })
    const before = item({ readAt: earlier, seenAt: earlier, acted: { accept: earlier } })
    expect(actionOf(before, 'accept', NOW)).toEqual({})
    expect(changed(before, actionOf(before, 'deny', NOW)).acted).toEqual({ accept: earlier, deny: now })
  })

  it('accepts any text as the name of an action', () => {
    const { acted } = changed(item(), actionOf(item(), '__proto__', NOW))
    expect(Object.entries(acted)).toEqual([['__proto__', now]])
    expect(actionOf(item(), 'constructor', NOW).acted).toEqual({ constructor: now })
  })
})

describe('hasStatus', () => {
  it('accepts times as RFC 3339 and as epoch ms', () => {
    expect(hasStatus('snoozed', item({ snoozedUntil: later }), NOW)).toBe(true)
    expect(hasStatus('active', { ...item(), snoozedUntil: NOW + 1 }, NOW)).toBe(false)
    expect(hasStatus('unread', { ...item(), snoozedUntil: NOW }, NOW)).toBe(true)
    expect(hasStatus('unread', item({ archivedAt: now }), NOW)).toBe(false)
    expect(hasStatus('read', item({ readAt: now }), NOW)).toBe(true)
  })
})

describe('hasLabels', () => {
  it('requires every given label; items without a context match the empty context', () => {
    expect(hasLabels({ category: 'a', tags: ['x', 'y'] }, { category: 'a', tag: 'y' })).toBe(true)
    expect(hasLabels({ category: 'a' }, { tag: 'y' })).toBe(false)
    expect(hasLabels({}, { context: '' })).toBe(true)
    expect(hasLabels({ context: 'acme' }, { context: '' })).toBe(false)
  })

  it('requires one of the given ways to show an item', () => {
    expect(hasLabels({ display: 'modal' }, { display: ['banner', 'modal'] })).toBe(true)
    expect(hasLabels({ display: 'inline' }, { display: ['banner', 'modal'] })).toBe(false)
    expect(hasLabels({}, { display: ['inline', 'banner', 'modal'] })).toBe(false)
  })
})

describe('countsOf', () => {
  it('is exact up to 100', () => {
    expect(countsOf(100, 3)).toEqual({ unread: 100, unseen: 3 })
    expect(countsOf(101, 3)).toEqual({ unread: 100, unseen: 3, more: true })
    expect(countsOf(7, 3, true)).toEqual({ unread: 7, unseen: 3, more: true })
  })
})
