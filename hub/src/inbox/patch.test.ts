import { ProblemError } from '@carillon/core/errors'
import { verbsOf } from '@carillon/core/items/verbs'
import { HORIZON_MS } from '@carillon/core/notification/horizon'
import type { ItemPatch } from '@carillon/schemas'
import { describe, expect, it } from 'vitest'
import { checkPatch } from './patch.ts'

const NOW = Date.parse('2026-03-01T10:00:00.000Z')
const now = new Date(NOW).toISOString()
const earlier = '2026-02-01T10:00:00.000Z'
const later = '2026-03-02T10:00:00.000Z'

describe('checkPatch', () => {
  it.each<ItemPatch>([
    { read: true, seen: false },
    { archived: true, snoozedUntil: later },
    { snoozedUntil: earlier },
    { snoozedUntil: now },
    { snoozedUntil: new Date(NOW + HORIZON_MS + 1).toISOString() },
  ])('rejects %j', (patch) => {
    expect(() => checkPatch(patch, NOW)).toThrow(ProblemError)
  })

  it('accepts consistent patches', () => {
    checkPatch({ read: true, seen: true, archived: false, snoozedUntil: later }, NOW)
    checkPatch({ snoozedUntil: new Date(NOW + HORIZON_MS).toISOString() }, NOW)
  })
})

describe('verbsOf', () => {
  it('returns the requested verbs', () => {
    expect(verbsOf({ read: true, seen: true }).map(({ kind }) => kind)).toEqual(['read'])
    expect(verbsOf({ seen: false }).map(({ kind }) => kind)).toEqual(['unread'])
    expect(verbsOf({ archived: false, snoozedUntil: null }).map(({ kind }) => kind)).toEqual([
      'unarchived',
      'woken',
    ])
  })
})
