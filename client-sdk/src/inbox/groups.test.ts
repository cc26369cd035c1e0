import type { InboxItem, InboxPage } from '@carillon/schemas'
import { describe, expect, it } from 'vitest'
import { newItem } from '../testing/items.ts'
import { collapsed } from './groups.ts'
import { applyLive } from './live-message.ts'
import { applyPage } from './page.ts'
import { begin, overlay } from './pending.ts'
import { placeOf } from './query.ts'
import { INITIAL, type LiveMessage, type State } from './state.ts'

const NOW = Date.now()
const at = new Date(NOW).toISOString()
const position = { epoch: 'e', seq: 1 }

const itemAt = (second: number, more: Partial<InboxItem> = {}): InboxItem =>
  newItem({
    arrivedAt: `2026-01-01T00:00:0${second}.000Z`,
    group: { key: 'post-7', count: 2, unread: 2, newest: [] },
    ...more,
  })
const page = (...items: InboxItem[]): InboxPage => ({
  ...{ items, counts: { unread: 2, unseen: 2 }, next: null, position },
})
const shown = ({ items }: Pick<State, 'items'>) =>
  collapsed(
    [...items.values()].filter((item) => item !== null).sort((a, b) => (placeOf(a) < placeOf(b) ? 1 : -1)),
  ).map(({ id }) => id)
const added = (item: InboxItem): LiveMessage => ({
  event: 'inbox.added',
  message: { item, epoch: 'e', seq: 2 },
})

describe('a group', () => {
  const [first, second, alone] = [itemAt(1), itemAt(3), newItem({ arrivedAt: '2026-01-01T00:00:02.000Z' })]
  const state = applyPage(INITIAL, { status: 'active' }, page(alone, first), undefined, true, NOW)

  it('is shown by its newest item, as soon as that arrives, and counted by the hub again', () => {
    const next = applyLive(state, added({ ...second, group: { key: 'post-7' } }), NOW)
    expect(shown(next)).toEqual([second.id, alone.id])
    expect(next.doubtful).toBe(true)
    const [other, type] = [
      itemAt(4, { group: { key: 'post-8' } }),
      itemAt(4, { type: 'like', group: { key: 'post-7' } }),
    ]
    for (const item of [other, type]) {
      const apart = applyLive(state, added(item), NOW)
      expect([shown(apart), apart.doubtful]).toEqual([[item.id, alone.id, first.id], false])
    }
  })

  it('is fetched again once one of its items is read, archived or removed, but not when it is seen', () => {
    const message = { ids: [first.id], counts: { unread: 2, unseen: 2 }, epoch: 'e', seq: 2 }
    const after = (patch: object) =>
      applyLive(state, { event: 'inbox.changed', message: { ...message, patch } }, NOW)
    expect(after({ readAt: at }).doubtful).toBe(true)
    expect(after({ archivedAt: at }).doubtful).toBe(true)
    expect(applyLive(state, { event: 'inbox.removed', message }, NOW).doubtful).toBe(true)
    const unseen = { ...message, counts: { unread: 2, unseen: 1 }, patch: { seenAt: at } }
    const counted = { ...state, counts: { unread: 2, unseen: 2 } }
    expect(applyLive(counted, { event: 'inbox.changed', message: unseen }, NOW).doubtful).toBe(false)
  })

  it('shows the next known item at once while the newest one is being archived', () => {
    const both = applyLive(state, added(second), NOW)
    const archiving = begin(both, { ids: [second.id], change: null })
    expect(shown(overlay(archiving, NOW))).toEqual([alone.id, first.id])
  })

  it('keeps its summary when its items are listed one by one, and loses those that are gone', () => {
    const both = applyLive(state, added(second), NOW)
    const query = { status: 'active', group: 'post-7' } as const
    const { group: _, ...bare } = first
    const listed = applyPage(
      both,
      query,
      { ...page({ ...bare, group: { key: 'post-7' } }), position: { epoch: 'e', seq: 2 } },
      undefined,
      false,
      NOW,
    )
    expect(listed.items.get(first.id)?.group?.count).toBe(2)
    expect([...listed.items.keys()]).toEqual([alone.id, first.id])
  })

  it('keeps an older item that another list shows when a page shows only the newest', () => {
    const both = applyLive(state, added(second), NOW)
    const next = applyPage(both, { status: 'active' }, page(second, alone), undefined, true, NOW)
    expect([...next.items.keys()]).toContain(first.id)
  })
})
