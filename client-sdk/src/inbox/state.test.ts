import type { InboxItem, InboxPage, LivePosition } from '@carillon/schemas'
import { describe, expect, it } from 'vitest'
import { newItem } from '../testing/items.ts'
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

it('doubts its counts when an unknown item arrives below the loaded range, because it may be a repetition', () => {
  const first = base(INITIAL, { ...pageOf([c], 1), next: 'older' })
  expect(live(first, added(a, 2)).doubtful).toBe(true)
  expect(live(base(INITIAL, pageOf([b, c], 1)), added(a, 2)).doubtful).toBe(false)
  const after = base(live(first, added(a, 2)), { ...pageOf([c], 2), next: 'older' })
  expect(live(after, added(b, 3)).doubtful).toBe(true)
})

it('replaces the content of an item, which keeps its place and the known summary of its group', () => {
  const known = { ...a, group: { key: 'g', count: 3, unread: 2 } }
  const state = base(INITIAL, pageOf([known, b], 1))
  const item = { ...a, title: 'new', arrivedAt: at, group: { key: 'g' }, updatedAt: at }
  const message = { ids: [a.id], patch: {}, item, counts: countsOf([a, b]), ...position(2) }
  const after = live(state, { event: 'inbox.changed', message })
  expect(after.items.get(a.id)).toEqual({ ...item, arrivedAt: a.arrivedAt, group: known.group })
  expect([after.counts, after.doubtful]).toEqual([state.counts, false])
  const moved = { ...message, item: { ...item, group: { key: 'other' } } }
  expect(live(state, { event: 'inbox.changed', message: moved }).items.get(a.id)?.group).toEqual({
    key: 'other',
  })
  // An item that is not loaded has to be fetched.
  const unknown = { ...message, ids: [c.id], item: { ...c, title: 'new' } }
  expect(live(state, { event: 'inbox.changed', message: unknown }).doubtful).toBe(true)
})

describe('applying a page', () => {
  it('doubts a page without a position if live messages have arrived', () => {
    const unknown = { ...pageOf([a], 1), position: null }
    expect(base(INITIAL, unknown).doubtful).toBe(false)
    const state = live(base(INITIAL, pageOf([a], 1)), added(b, 2))
    expect(base(state, unknown).doubtful).toBe(true)
    expect(other(state, unknown).doubtful).toBe(true)
  })

  it('applies later live messages to a page that was read before them', () => {
    const state = live(base(INITIAL, pageOf([a], 1)), added(b, 2), read(a, 3, 1), added(c, 4))
    const late = base(state, pageOf([a], 1))
    expect(late.items).toEqual(state.items)
    expect(late).toMatchObject({ counts: { unread: 2, unseen: 2 }, last: position(4), doubtful: false })
  })

  it('doubts the counts of a page with an item whose message has not arrived yet', () => {
    const state = live(base(INITIAL, pageOf([a, b], 1)), added(b, 2))
    expect(state).toMatchObject({ counts: { unread: 2 }, last: position(2), doubtful: true })
    const again = base(state, pageOf([a, b], 2))
    expect(live(again, added(b, 3))).toMatchObject({ counts: { unread: 2 }, doubtful: false })
  })

  it('removes items that the hub no longer lists, within the range of the page only', () => {
    const state = base(base(INITIAL, pageOf([a, b, c], 1)), { ...pageOf([c], 2), next: 'older' })
    expect([...state.items.keys()].sort()).toEqual([a.id, b.id, c.id].sort())
    expect([...base(state, pageOf([c], 3)).items.keys()]).toEqual([c.id])
  })

  it('doubts a page that is older than messages that never arrived', () => {
    const state = base(base(INITIAL, pageOf([a], 1)), pageOf([{ ...a, readAt: at, seenAt: at }], 2))
    expect(state.doubtful).toBe(false)
    expect(other(state, pageOf([a], 1)).doubtful).toBe(true)
  })

  it('doubts a page that may contain items that the counts lack', () => {
    const state = base(INITIAL, pageOf([a], 1))
    expect(other(state, pageOf([a, b], 2)).doubtful).toBe(true)
    expect(base(state, pageOf([a, b], 2))).toMatchObject({ counts: { unread: 2 }, doubtful: false })
  })

  it('accepts a page of another epoch, and doubts it', () => {
    const state = live(base(INITIAL, pageOf([a], 7)), added(b, 1, 'new'))
    expect(base(state, pageOf([a], 7))).toMatchObject({ last: position(7), doubtful: true })
  })
})

describe('applying a live message', () => {
  it('doubts counts that differ from those of the known items', () => {
    expect(live(base(INITIAL, pageOf([a, b], 1)), read(a, 2, 1)).doubtful).toBe(false)
    expect(live(base(INITIAL, pageOf([a, b], 1)), read(a, 2, 5))).toMatchObject({
      counts: { unread: 5 },
      doubtful: true,
    })
  })

  it('does not restore a removed item', () => {
    const gone: LiveMessage = {
      event: 'inbox.removed',
      message: { ids: [a.id], counts: { unread: 0, unseen: 0 }, ...position(2) },
    }
    const state = live(base(INITIAL, pageOf([a], 1)), gone, added(a, 3))
    expect(state.items.get(a.id)).toBeNull()
    expect(state.counts).toEqual({ unread: 0, unseen: 0 })
  })
})

describe('an optimistic change', () => {
  const op = { ids: [a.id], change: { readAt: at, seenAt: at } }
  const loaded = base(INITIAL, pageOf([a, b], 1))

  it('stays applied until it ends, whatever arrives', () => {
    const state = base(begin(loaded, op), pageOf([a, b], 1))
    expect(state.counts.unread).toBe(2)
    expect(overlay(state, NOW).counts.unread).toBe(1)
    expect(overlay(drop(state, op), NOW)).toEqual({ ...state, pending: [] })
  })

  it.each([
    ['before its live message', [], [read(a, 2, 1)]],
    ['after it', [read(a, 2, 1)], []],
    ['with a new item between', [added(c, 2)], [read(a, 3, 2)]],
  ])('counts once when the response arrives %s', (_, before: LiveMessage[], after: LiveMessage[]) => {
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

  it('determines the order, rather than the id', () => {
    const [late, early] = [newItem({ arrivedAt: at }), arrived(-1_000)]
    const first = base(INITIAL, { ...pageOf([late], 1), next: 'older' })
    // Below the loaded range, although its id is higher.
    expect(live(first, added(early, 2)).doubtful).toBe(true)
    expect(placeOf(late) > placeOf(early)).toBe(true)
  })

  it('does not change when the hub announces a known item again', () => {
    const item = arrived(0)
    const state = live(
      base(INITIAL, pageOf([item], 1)),
      added({ ...item, ...arrived(5_000), id: item.id }, 2),
    )
    expect(state.items.get(item.id)?.arrivedAt).toBe(item.arrivedAt)
    expect(state.counts).toEqual({ unread: 1, unseen: 1 })
  })
})

describe('counts above the exact limit', () => {
  const many = { unread: 100, unseen: 100, more: true } as const

  it('counts above the exact limit are kept until the hub sends new ones', () => {
    const state = base(INITIAL, { ...pageOf([a], 1, many), next: 'older' })
    expect(live(state, added(newItem({ arrivedAt: at }), 2)).counts).toEqual(many)
  })

  it('become zero when everything is read', () => {
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
