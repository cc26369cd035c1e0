import { hasLabels, hasStatus, type InboxStatus, type ItemFilter } from '@carillon/schemas'
import type { InboxCursor, InboxPlace, Owner } from '../ports/inbox.ts'
import type { Cells } from './effective.ts'
import { groupNameOf } from './group-name.ts'
import type { Limits } from './limits.ts'
import { above, comparePlaces } from './places.ts'
import type { HintKind, InboxRows, Row } from './rows.ts'
import { type Begun, type Scanned, scan } from './scan.ts'

/** An item of a list. */
export type Found = { row: Row; cells: Cells }

/** A list in which groups are read. */
export type List = { owner: Owner; opened: Begun; now: number } & {
  query: ItemFilter & { status: InboxStatus; before?: InboxCursor }
  kind: HintKind | undefined
}

/** The items of a group. `more`: there may be further ones. `newest`: up to NEWEST, newest first. */
export type Members = { count: number; unread: number; more: boolean; newest: Found[] }

/**
 * The result of reading a group for an item. `rowsRead`: the number of log rows. With `members`, the item stands for the
 * group. With `searched`, it is unknown yet: the list has no newer item of the group down to that place. With neither, it
 * has one.
 */
export type GroupRead = { rowsRead: number; members?: Members; searched?: InboxCursor['searched'] }

/** Number of groups that are read at once. */
export const AT_ONCE = 8
/** Number of items that a summary of a group shows. */
const NEWEST = 3
/** Extra rows of the first read of a group, because some may not match. */
const SPARE = 27

type Visit = (row: Row, cells: Cells) => boolean

/** Restricts the log to a group. */
export const inGroup = (rows: InboxRows, group: string): InboxRows => ({
  ...rows,
  log: (owner, range) => rows.log(owner, { ...range, group }),
})

/** Restricts the log to items with a `display`. */
export const announcedIn = (rows: InboxRows): InboxRows => ({
  ...rows,
  log: (owner, range) => rows.log(owner, { ...range, announced: true }),
})

/** Returns which items of a group are counted together: the active, archived or snoozed ones. */
const countedWith = (status: InboxStatus): 'active' | 'archived' | 'snoozed' =>
  status === 'archived' || status === 'snoozed' ? status : 'active'

/** Returns where the search for a newer item starts: where the first page or the search began. */
const startOf = ({ searched, top }: InboxCursor, { row }: Found): InboxPlace | undefined =>
  searched?.of === row.id ? searched : top === undefined ? undefined : above(top)

const summaryOf = (members: readonly Found[], { end }: Scanned, { count: countMax }: Limits): Members => {
  const counted = members.slice(0, countMax)
  return {
    count: counted.length,
    unread: counted.filter(({ cells }) => cells.readAt === null).length,
    more: end === 'cut' || members.length > countMax,
    newest: counted.slice(0, NEWEST),
  }
}

/** Returns a function that reads the group of an item, in about `most` rows. The item is the first of its group on its page. */
export const createGroupReader = (rows: InboxRows, limits: Limits) => {
  /** Scans a group. The first read of a small inbox has every item, so nothing is read. */
  const walk = async (
    { owner, opened, now, query }: List,
    { row }: Found,
    range: { kind: HintKind | undefined; start: InboxPlace | undefined; most: number },
    visit: Visit,
  ): Promise<Scanned> => {
    const name = groupNameOf(row) ?? ''
    const view = { name, has: (other: Row) => groupNameOf(other) === name }
    const within = inGroup(rows, name)
    const { kind, start, most } = range
    const { whole, first, downTo, guide, named } = opened
    if (whole || (!query.before && !first.next && downTo === undefined)) {
      const below = (other: Row, cells: Cells) =>
        (start === undefined || comparePlaces(other, start) < 0) && visit(other, cells)
      return { ...(await scan(within, owner, { kind, most }, { ...opened, view }, now, below)), read: 0 }
    }
    const below = start && { place: start.place, id: start.id }
    const page = await within.log(owner, { below, limit: limits.count + SPARE, contents: 0 })
    const begun = { guide, view, first: page, named, kinds: [kind], whole: false, downTo: undefined }
    return scan(within, owner, { kind, below, most }, begun, now, visit)
  }

  /** Searches the list for a newer item of the group. */
  const hasNewer = async (list: List, item: Found, most: number, before: InboxCursor) => {
    const { status, before: _, ...filter } = list.query
    let found = false
    const range = { kind: list.kind, start: startOf(before, item), most }
    const { end, last, read } = await walk(list, item, range, (row, cells) => {
      if (comparePlaces(row, item.row) <= 0) return true
      found = hasStatus(status, cells, list.now) && hasLabels(row, filter)
      return found
    })
    const isCut = !found && end === 'cut' && last && comparePlaces(last, item.row) > 0
    return { found, rowsRead: read, ...(isCut ? { searched: { ...last, of: item.row.id } } : {}) }
  }

  /** Counts the group. */
  const count = async (list: List, item: Found, most: number) => {
    const { status, before: _, ...filter } = list.query
    const counted = countedWith(status)
    const isNewest = status === counted && Object.values(filter).every((label) => label === undefined)
    const members: Found[] = isNewest ? [item] : []
    const kind = counted === 'active' ? 'active' : undefined
    const scanned = await walk(
      list,
      item,
      { kind, start: isNewest ? item.row : undefined, most },
      (row, cells) => {
        if (hasStatus(counted, cells, list.now)) members.push({ row, cells })
        return members.length > limits.count
      },
    )
    return {
      rowsRead: scanned.read,
      members: summaryOf(members.length > 0 ? members : [item], scanned, limits),
    }
  }

  return async (list: List, item: Found, most: number): Promise<GroupRead> => {
    const { before } = list.query
    // On the first page, the first item of a group is the newest one.
    const newer = before && (await hasNewer(list, item, most, before))
    if (newer?.found) return { rowsRead: newer.rowsRead }
    if (newer?.searched) return { rowsRead: newer.rowsRead, searched: newer.searched }
    const { rowsRead, members } = await count(list, item, Math.ceil(limits.rows / AT_ONCE))
    return { rowsRead: rowsRead + (newer?.rowsRead ?? 0), members }
  }
}
