import type { InboxItem, InboxPage, LivePosition } from '@carillon/schemas'
import { describe, expect, it } from 'vitest'
import { newItem } from '../testing/hub.ts'
import { applyLive } from './live-message.ts'
import { applyPage } from './page.ts'
import { begin, drop, overlay, settle } from './pending.ts'
import { placeOf } from './query.ts'
import { INITIAL, type LiveMessage, type State } from './state.ts'

const NOW = Date.now()
const at = new Date(NOW).toISOString()
const position = (seq: number, epoch = 'e'): LivePosition => ({ seq, epoch })
const countsOf = (items: readonly InboxItem[]) => ({
  unread: items.filter(({ readAt }) => !readAt).length,
  unseen: items.filter(({ seenAt }) => !seenAt).length,
})
const pageOf = (items: InboxItem[], seq: number, counts = countsOf(items)): InboxPage => ({
  items: items.toSorted((a, b) => (placeOf(a) < placeOf(b) ? 1 : -1)),
  counts,
  next: null,
  position: position(seq),
})
const added = (item: InboxItem, seq: number, epoch?: string): LiveMessage => ({
  event: 'inbox.added',
  message: { item, ...position(seq, epoch) },
})
const read = (item: InboxItem, seq: number, unread: number): LiveMessage => ({
  event: 'inbox.changed',
  message: {
    ids: [item.id],
    patch: { readAt: at, seenAt: at },
    counts: { unread, unseen: unread },
    ...position(seq),
  },
})
const live = (state: State, ...messages: LiveMessage[]) =>
  messages.reduce((sofar, message) => applyLive(sofar, message, NOW), state)
const base = (state: State, page: InboxPage) =>
  applyPage(state, { status: 'active' }, page, undefined, true, NOW)
const other = (state: State, page: InboxPage) =>
  applyPage(state, { status: 'unread' }, page, undefined, false, NOW)

const [a, b, c] = [newItem(), newItem(), newItem()]

it('doubts its counts when an unknown item comes from below what it holds: it may come again', () => {
  const first = base(INITIAL, { ...pageOf([c], 1), next: 'older' })
  expect(live(first, added(a, 2)).doubtful).toBe(true)
  expect(live(base(INITIAL, pageOf([b, c], 1)), added(a, 2)).doubtful).toBe(false)
  const after = base(live(first, added(a, 2)), { ...pageOf([c], 2), next: 'older' })
  expect(live(after, added(b, 3)).doubtful).toBe(true)
})

describe('a page', () => {
  it('that was read before live messages is brought up to date with them', () => {
    const state = live(base(INITIAL, pageOf([a], 1)), added(b, 2), read(a, 3, 1), added(c, 4))
    const late = base(state, pageOf([a], 1))
    expect(late.items).toEqual(state.items)
    expect(late).toMatchObject({ counts: { unread: 2, unseen: 2 }, last: position(4), doubtful: false })
  })

  it('that holds an item whose message is yet to come may have counted it, or not', () => {
    const state = live(base(INITIAL, pageOf([a, b], 1)), added(b, 2))
    expect(state).toMatchObject({ counts: { unread: 2 }, last: position(2), doubtful: true })
    const again = base(state, pageOf([a, b], 2))
    expect(live(again, added(b, 3))).toMatchObject({ counts: { unread: 2 }, doubtful: false })
  })

  it('removes what the hub no longer lists, within its range only', () => {
    const state = base(base(INITIAL, pageOf([a, b, c], 1)), { ...pageOf([c], 2), next: 'older' })
    expect([...state.items.keys()].sort()).toEqual([a.id, b.id, c.id].sort())
    expect([...base(state, pageOf([c], 3)).items.keys()]).toEqual([c.id])
  })

  it('is doubted when it is older than messages that never came', () => {
    const state = base(base(INITIAL, pageOf([a], 1)), pageOf([{ ...a, readAt: at, seenAt: at }], 2))
    expect(state.doubtful).toBe(false)
    expect(other(state, pageOf([a], 1)).doubtful).toBe(true)
  })

  it('is doubted when it may hold items that the counts lack', () => {
    const state = base(INITIAL, pageOf([a], 1))
    expect(other(state, pageOf([a, b], 2)).doubtful).toBe(true)
    expect(base(state, pageOf([a, b], 2))).toMatchObject({ counts: { unread: 2 }, doubtful: false })
  })

  it('of another epoch is taken, and looked at again', () => {
    const state = live(base(INITIAL, pageOf([a], 7)), added(b, 1, 'new'))
    expect(base(state, pageOf([a], 7))).toMatchObject({ last: position(7), doubtful: true })
  })
})

describe('a live message', () => {
  it('whose counts are not what our items say raises doubt', () => {
    expect(live(base(INITIAL, pageOf([a, b], 1)), read(a, 2, 1)).doubtful).toBe(false)
    expect(live(base(INITIAL, pageOf([a, b], 1)), read(a, 2, 5))).toMatchObject({
      counts: { unread: 5 },
      doubtful: true,
    })
  })

  it('does not bring back what was removed', () => {
    const gone: LiveMessage = {
      event: 'inbox.removed',
      message: { ids: [a.id], counts: { unread: 0, unseen: 0 }, ...position(2) },
    }
    const state = live(base(INITIAL, pageOf([a], 1)), gone, added(a, 3))
    expect(state.items.get(a.id)).toBeNull()
    expect(state.counts).toEqual({ unread: 0, unseen: 0 })
  })
})

describe('a change of ours', () => {
  const op = { ids: [a.id], change: { readAt: at, seenAt: at } }
  const loaded = base(INITIAL, pageOf([a, b], 1))

  it('lies on top until it ends, whatever comes', () => {
    const state = base(begin(loaded, op), pageOf([a, b], 1))
    expect(state.counts.unread).toBe(2)
    expect(overlay(state, NOW).counts.unread).toBe(1)
    expect(overlay(drop(state, op), NOW)).toEqual({ ...state, pending: [] })
  })

  it.each([
    ['before its live message', [], [read(a, 2, 1)]],
    ['after it', [read(a, 2, 1)], []],
    ['with a new item between', [added(c, 2)], [read(a, 3, 2)]],
  ])('counts once when the answer comes %s', (_, before: LiveMessage[], after: LiveMessage[]) => {
    const pending = live(begin(loaded, op), ...before)
    const answer = { item: { ...a, readAt: at, seenAt: at }, counts: { unread: 1, unseen: 1 } }
    const state = live(settle(pending, op, answer, loaded.last, NOW), ...after)
    const unread = before.concat(after).some(({ event }) => event === 'inbox.added') ? 2 : 1
    expect(state).toMatchObject({ counts: { unread, unseen: unread }, pending: [], doubtful: false })
    expect(state.items.get(a.id)?.readAt).toBe(at)
  })
})

describe('arrival', () => {
  const arrived = (ms: number) => newItem({ arrivedAt: new Date(NOW + ms).toISOString() })

  it('decides the order, not the id', () => {
    const [late, early] = [newItem({ arrivedAt: at }), arrived(-1_000)]
    const first = base(INITIAL, { ...pageOf([late], 1), next: 'older' })
    // Below what the page holds, though its id is higher.
    expect(live(first, added(early, 2)).doubtful).toBe(true)
    expect(placeOf(late) > placeOf(early)).toBe(true)
  })

  it('of a known item stays when the hub tells of it again', () => {
    const item = arrived(0)
    const state = live(
      base(INITIAL, pageOf([item], 1)),
      added({ ...item, ...arrived(5_000), id: item.id }, 2),
    )
    expect(state.items.get(item.id)?.arrivedAt).toBe(item.arrivedAt)
    expect(state.counts).toEqual({ unread: 1, unseen: 1 })
  })
})

describe('counts beyond what the hub counts exactly', () => {
  const many = { unread: 100, unseen: 100, more: true } as const

  it('stay until the hub tells others', () => {
    const state = base(INITIAL, { ...pageOf([a], 1, many), next: 'older' })
    expect(live(state, added(newItem({ arrivedAt: at }), 2)).counts).toEqual(many)
  })

  it('fall to zero when everything is read', () => {
    const state = base(INITIAL, { ...pageOf([a], 1, many), next: 'older' })
    const op = {
      ids: [a.id],
      change: { readAt: at, seenAt: at },
      end: placeOf(a),
      rest: ['unread', 'unseen'],
    } as const
    expect(overlay(begin(state, op), NOW).counts).toEqual({ unread: 0, unseen: 0 })
  })

  it('are doubted after a change to items that the message does not name', () => {
    const state = base(INITIAL, pageOf([a, b], 1))
    const message = {
      all: true,
      patch: { readAt: at, seenAt: at },
      counts: { unread: 0, unseen: 0 },
      ...position(2),
    } as const
    const after = live(state, { event: 'inbox.changed', message })
    expect([...after.items.values()].map((item) => item?.readAt)).toEqual([at, at])
    expect(after).toMatchObject({ counts: { unread: 0 }, doubtful: true })
  })
})
