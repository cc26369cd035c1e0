import type { OperationWork } from '@carillon/core/items/operation-work'
import { describe, expect, test } from 'vitest'
import { nextPart, type Part, UNFINISHED_MAX } from './next-part.ts'

const NOW = 1_800_000_000_000

const work = (more: Partial<OperationWork> = {}): OperationWork => ({
  ...{ id: '0198f3a0-5f5c-7c1e-8a3b-0d5f6a7b8c9d', createdAt: NOW, until: NOW, verb: { kind: 'recall' } },
  ...{
    target: { tag: 'x' },
    phase: 'walk',
    step: 1,
    unfinished: [],
    round: 0,
    done: 0,
    total: 0,
    skipped: 0,
  },
  ...more,
})
const part = (more: Partial<Part> = {}): Part => ({
  ...{ watermark: NOW, done: 0, found: 0, skipped: 0, unfinished: [], finished: [], users: [] },
  ...more,
})
const ids = (count: number) => Array.from({ length: count }, (_, n) => `n-${n}`)
const next = { at: NOW - 5, id: 'n-9' }

describe('nextPart', () => {
  test('continues a walk, then ends it', () => {
    expect(nextPart(work(), part({ next, done: 5, found: 8 }), NOW)).toMatchObject({
      work: { phase: 'walk', position: next, step: 2, done: 5, total: 8 },
    })
    expect(nextPart(work({ position: next, done: 5, total: 8 }), part({ done: 3 }), NOW)).toMatchObject({
      ended: { done: 8, total: 8 },
    })
  })

  test('pauses a walk with too many unfinished notifications, and continues it when there are fewer', () => {
    const paused = nextPart(work(), part({ next, unfinished: ids(UNFINISHED_MAX) }), NOW)
    expect(paused).toMatchObject({ work: { phase: 'recheck', resume: next, round: 1, unfinished: [] } })
    if (!('work' in paused)) throw new Error('the operation ended')
    expect(paused.work.ids).toHaveLength(UNFINISHED_MAX)
    expect(paused.at).toBeGreaterThan(NOW)
    // The check itself takes several parts.
    const middle = nextPart(paused.work, part({ next: { at: 499, id: 'n-499' } }), NOW)
    expect(middle).toMatchObject({ work: { phase: 'recheck', resume: next, position: { at: 499 } } })
    const still = nextPart(paused.work, part({ unfinished: ids(700) }), NOW)
    expect(still).toMatchObject({ work: { phase: 'recheck', resume: next, round: 2 } })
    const fewer = nextPart(paused.work, part({ unfinished: ids(3) }), NOW)
    expect(fewer).toMatchObject({ work: { phase: 'walk', position: next, unfinished: ids(3) } })
    expect(fewer).not.toHaveProperty('at')
  })

  test('walks again for notifications that were accepted before the operation and read after the walk began', () => {
    const again = nextPart(work(), part({ watermark: NOW - 50, unfinished: ['a'] }), NOW)
    expect(again).toMatchObject({ work: { phase: 'recheck', ids: ['a'] } })
    if (!('work' in again)) throw new Error('the operation ended')
    const walk = nextPart({ ...again.work }, part({ watermark: NOW - 50, unfinished: ['a'] }), NOW)
    expect(walk).toMatchObject({ work: { phase: 'walk', since: NOW - 50, unfinished: ['a'] } })
    if (!('work' in walk)) throw new Error('the operation ended')
    expect(walk.work.watermark).toBeUndefined()
    expect(nextPart(walk.work, part({ finished: ['a'] }), NOW)).toHaveProperty('ended')
  })

  test('finds unfinished notifications before it reads the inbox of one user', () => {
    const target = { tag: 'x', user: 'ada' }
    const inbox = nextPart(work({ target }), part({ unfinished: ['a', 'b'] }), NOW)
    expect(inbox).toMatchObject({ work: { phase: 'inbox', unfinished: ['a', 'b'] } })
    if (!('work' in inbox)) throw new Error('the operation ended')
    expect(nextPart(inbox.work, part({ done: 1, finished: ['a'] }), NOW)).toMatchObject({
      work: { phase: 'recheck', ids: ['b'], done: 1 },
    })
  })

  test('ends after an hour, and names the unfinished notifications', () => {
    const late = NOW + 3_600_000
    expect(nextPart(work({ verb: { kind: 'replace' } }), part({ unfinished: ['a'] }), late)).toMatchObject({
      ended: { unfinished: ['a'] },
    })
    // A walk continues, however long it takes.
    const full = part({ next, unfinished: ids(UNFINISHED_MAX) })
    expect(nextPart(work(), full, late)).toMatchObject({ work: { phase: 'walk', position: next } })
  })
})
