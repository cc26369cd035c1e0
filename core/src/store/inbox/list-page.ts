import { hasLabels, hasStatus, type InboxItem, type InboxStatus } from '@carillon/schemas'
import type { InboxPlace, InboxQuery, InboxSlice, Owner } from '../ports/inbox.ts'
import type { Call, Scans } from './counts.ts'
import type { Found } from './group-members.ts'
import { groupNameOf } from './group-name.ts'
import { createGroupedList, type Shown } from './grouped-list.ts'
import { grouped, inboxItem } from './items.ts'
import type { Limits } from './limits.ts'
import type { HintKind, InboxRows, Row } from './rows.ts'
import { scan } from './scan.ts'

/** The list to scan for each status. Archived and snoozed items are in no list. */
export const LIST: Record<InboxStatus, HintKind | undefined> = {
  active: 'active',
  unread: 'unread',
  unseen: 'unseen',
  read: 'active',
  archived: undefined,
  snoozed: undefined,
}

/** Returns a predicate that reports whether another item of the same group was passed before. */
const repeatedGroups = () => {
  const names = new Set<string>()
  return (row: Row): boolean => {
    const name = groupNameOf(row)
    if (name === undefined) return false
    const known = names.has(name)
    names.add(name)
    return known
  }
}

/** Returns a function that reads a page of a list. `source` is where the list is scanned. */
export const createListPage = (rows: InboxRows, limits: Limits) => {
  const group = createGroupedList(rows, limits)

  /** Returns the items of rows, in order. Reads missing content. */
  const itemsOf = async (owner: Owner, shown: readonly Shown[]): Promise<InboxItem[]> => {
    const found = shown.flatMap((item) => [item, ...(item.members?.newest ?? [])])
    const without = found.filter(({ row }) => row.content === undefined).map(({ row }) => row.id)
    const read = without.length === 0 ? [] : await rows.items(owner, [...new Set(without)], true)
    const contents = new Map(read.map(({ id, content }) => [id, content]))
    const itemOf = ({ row, cells }: Found): InboxItem[] => {
      const content = row.content ?? contents.get(row.id)
      return content === undefined ? [] : [inboxItem(row, content, cells)]
    }
    return shown.flatMap(({ members, ...found }) => {
      const item = itemOf(found)
      return members ? item.map((each) => grouped(each, members, members.newest.flatMap(itemOf))) : item
    })
  }

  return async (
    { owner, opened, now }: Call,
    { limit, contexts: _, grouped, ...query }: InboxQuery,
    scans: Scans,
    source = rows,
  ): Promise<InboxSlice> => {
    const { status, before: below, ...filter } = query
    const kind = LIST[status]
    const found: Found[] = []
    /** Where a page that starts with the item of the same index begins. */
    const starts: (InboxPlace | undefined)[] = []
    const isRepeated = grouped ? repeatedGroups() : undefined
    let passed: InboxPlace | undefined = below
    const scanned = await scan(
      source,
      owner,
      { kind, below, most: limits.rows },
      opened,
      now,
      (row, cells) => {
        if (hasStatus(status, cells, now) && hasLabels(row, filter) && !isRepeated?.(row)) {
          found.push({ row, cells })
          starts.push(passed)
        }
        passed = row
        return found.length > limit
      },
    )
    if (kind && !below) scans[kind] = scanned
    const some = found.slice(0, limit)
    const { shown, cut } = grouped
      ? await group({ owner, opened, now, query, kind }, some)
      : { shown: some, cut: undefined }
    const items = await itemsOf(owner, shown)
    // The items passed after the last one of a grouped page are of its groups.
    const full = grouped ? starts[limit] : found[limit - 1]?.row
    const end = found.length > limit ? full : scanned.end === 'done' ? undefined : scanned.last
    const next = cut ? starts[cut.index] : end
    if (!next) return { items }
    const top = grouped && (below ? below.top : found[0]?.row.place)
    return {
      items,
      next: {
        ...{ place: next.place, id: next.id },
        ...(top === undefined ? {} : { top }),
        ...(cut?.searched ? { searched: cut.searched } : {}),
      },
    }
  }
}
