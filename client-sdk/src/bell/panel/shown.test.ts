import type { InboxItem } from '@carillon/schemas'
import { expect, test } from 'vitest'
import { arrange, NOTHING_SHOWN } from './shown.ts'

const item = (n: number): InboxItem =>
  ({ id: `id-${n}`, arrivedAt: new Date(n * 1_000).toISOString() }) as InboxItem
const items = (...ns: number[]) => ns.map(item)
const ids = (list: readonly InboxItem[]) => list.map(({ id }) => Number(id.slice(3)))
const never = () => undefined

const first = arrange(NOTHING_SHOWN, items(3, 2), never, false)

test('the first page is shown whole', () => {
  expect(ids(first.items)).toEqual([3, 2])
  expect(first.waiting).toEqual([])
})

test('arrivals wait until they may be inserted', () => {
  const waiting = arrange(first, items(5, 4, 3, 2), never, false)
  expect(ids(waiting.items)).toEqual([3, 2])
  expect(ids(waiting.waiting)).toEqual([5, 4])
  expect(ids(arrange(waiting, items(5, 4, 3, 2), never, true).items)).toEqual([5, 4, 3, 2])
})

test('older pages are appended at once', () => {
  expect(ids(arrange(first, items(3, 2, 1), never, false).items)).toEqual([3, 2, 1])
})

test('an item that left the feed stays in its place while it is held', () => {
  const held = arrange(first, items(2), (id) => (id === 'id-3' ? item(3) : undefined), false)
  expect(ids(held.items)).toEqual([3, 2])
  expect(ids(arrange(held, items(2), never, false).items)).toEqual([2])
})

test('older items are not arrivals, even after every item has left', () => {
  const none = arrange(first, [], never, false)
  const later = arrange(none, items(4, 1), never, false)
  expect(ids(later.items)).toEqual([1])
  expect(ids(later.waiting)).toEqual([4])
})
