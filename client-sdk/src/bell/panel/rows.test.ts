import type { InboxItem } from '@carillon/schemas'
import { expect, it } from 'vitest'
import { placeOf } from '../../inbox/query.ts'
import { newItem } from '../../testing/items.ts'
import { rowsOf } from './rows.ts'

const itemAt = (second: number, more: Partial<InboxItem> = {}) =>
  newItem({ arrivedAt: `2026-01-01T00:00:0${second}.000Z`, ...more })
const [fourth, third, second, first] = [itemAt(4), itemAt(3), itemAt(2), itemAt(1)]

const none = { membersOf: () => [], divider: undefined, hasCards: true }

it('lists the members of an unfolded group after its newest item, even if later rows are newer', () => {
  const { rows, items } = rowsOf({
    ...none,
    items: [fourth, third],
    membersOf: (item) => (item === fourth ? [second, first] : []),
    divider: placeOf(third),
  })
  expect(items).toEqual([fourth, second, first, third])
  expect(rows.map(({ isMember }) => isMember)).toEqual([false, true, true, false])
  expect(rows.map(({ isFirstSeen }) => isFirstSeen)).toEqual([false, false, false, true])
})

it('shows the newest inline announcements as cards in the list of all items', () => {
  const inline = [5, 4, 3].map((at) => itemAt(at, { display: 'inline' }))
  const items = [...inline, itemAt(2, { display: 'banner' }), first]
  const all = rowsOf({ ...none, items })
  expect(all.cards).toEqual(inline.slice(0, 2))
  expect(all.items).toEqual(items.slice(2))
  expect(rowsOf({ ...none, items, hasCards: false })).toMatchObject({ cards: [], items })
})
