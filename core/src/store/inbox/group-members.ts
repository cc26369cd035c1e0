import { hasLabels, hasStatus, type InboxStatus, type ItemFilter } from '@carillon/schemas'
import type { InboxCursor, InboxPlace, Owner } from '../ports/inbox.ts'
import type { Cells } from './effective.ts'
import { groupNameOf } from './group-name.ts'
import type { Limits } from './limits.ts'
import { above, comparePlaces } from './places.ts'
import type { HintKind, InboxRows, Row } from './rows.ts'
import { type Begun, scan } from './scan.ts'

/** An item of a list. */
export type Found = { row: Row; cells: Cells }

/** A list in which groups are read. */
export type List = { owner: Owner; opened: Begun; now: number } & {
  query: ItemFilter & { status: InboxStatus; before?: InboxCursor }
  kind: HintKind | undefined
}

/** The items of a group in a list. `more`: there may be further ones. `newest`: up to NEWEST, newest first. */
export type Members = { count: number; unread: number; more: boolean; newest: Found[] }

/**
 * The result of reading a group from the top for an item. `rowsRead`: the number of log rows. With `members`, the item stands
 * for the group. With `searched`, it is unknown yet: there is no newer item down to that place. With neither, the list
 * has a newer item of the group.
 */
export type GroupRead = { rowsRead: number; members?: Members; searched?: InboxCursor['searched'] }

/** Number of items that a summary of a group shows. */
const NEWEST = 3
/** Extra rows of the first read of a group, because some may not match. */
const SPARE = 27

/** Restricts the log to a group. */
export const inGroup = (rows: InboxRows, group: string): InboxRows => ({
  ...rows,
  log: (owner, range) => rows.log(owner, { ...range, group }),
})

/** Returns where reading a group starts: below the item on the first page, otherwise where the list or the search began. */
const startOf = ({ query: { before } }: List, { row }: Found): InboxPlace | undefined => {
  if (!before) return row
  const { searched, top } = before
  if (searched?.of === row.id) return searched
  return top === undefined ? undefined : above(top)
}

const summaryOf = (members: readonly Found[], cut: boolean, { count: countMax }: Limits): Members => {
  const counted = members.slice(0, countMax)
  return {
    count: counted.length,
    unread: counted.filter(({ cells }) => cells.readAt === null).length,
    more: cut || members.length > countMax,
    newest: counted.slice(0, NEWEST),
  }
}

/**
 * Returns a function that reads the group of an item, which is the newest one of its group below the start of the page. It
 * reads about `most` rows.
 */
export const createGroupReader = (rows: InboxRows, limits: Limits) => {
  /** Opens a scan of a group. The first read of a small inbox has every item, so nothing is read. */
  const open = async (
    { owner, opened, query }: List,
    within: InboxRows,
    name: string,
    item: InboxPlace | undefined,
  ) => {
    const view = { name, has: (row: Row) => groupNameOf(row) === name }
    const { whole, first, downTo, guide, named, kinds } = opened
    if (whole || (!query.before && !first.next && downTo === undefined))
      return { ...opened, view, isAll: true }
    const below = item && { place: item.place, id: item.id }
    const page = await within.log(owner, { below, limit: limits.count + SPARE, contents: 0 })
    return {
      ...{ guide, named, kinds, view, below },
      first: page,
      whole: false,
      downTo: undefined,
      isAll: false,
    }
  }

  return async (list: List, item: Found, most: number): Promise<GroupRead> => {
    const { owner, now, kind, query } = list
    const { status, before, ...filter } = query
    const name = groupNameOf(item.row) ?? ''
    const within = inGroup(rows, name)
    const { isAll, below, ...begun }: Begun & { isAll: boolean; below?: InboxPlace | undefined } = await open(
      ...([list, within, name, startOf(list, item)] as const),
    )
    const members: Found[] = []
    let isOld = false
    const visit = (row: Row, cells: Cells): boolean => {
      if (!hasStatus(status, cells, now) || !hasLabels(row, filter)) return false
      if (comparePlaces(row, item.row) > 0) {
        // On the first page, a newer item arrived after the list was read.
        isOld = before !== undefined
        return isOld
      }
      if (row.id !== item.row.id) members.push({ row, cells })
      return members.length >= limits.count
    }
    const { end, last, read } = await scan(within, owner, { kind, below, most }, begun, now, visit)
    const rowsRead = isAll ? 0 : read
    if (isOld) return { rowsRead }
    const cut = end === 'cut'
    if (cut && before && last && comparePlaces(last, item.row) > 0)
      return { rowsRead, searched: { place: last.place, id: last.id, of: item.row.id } }
    return { rowsRead, members: summaryOf([item, ...members], cut, limits) }
  }
}
