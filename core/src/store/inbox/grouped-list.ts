import { slices } from '../../group-by.ts'
import type { InboxCursor } from '../ports/inbox.ts'
import {
  AT_ONCE,
  createGroupReader,
  type Found,
  type GroupRead,
  type List,
  type Members,
} from './group-members.ts'
import type { Limits } from './limits.ts'
import type { InboxRows } from './rows.ts'
import { namedBy } from './scan.ts'

/** An item of a grouped list; `members` is present if it stands for a group. */
export type Shown = Found & { members?: Members }

/**
 * `cut`: the index of the first item that was not decided on, because enough rows were read. The next page starts with it,
 * and continues the search for a newer item of its group at `searched`.
 */
export type Grouped = { shown: Shown[]; cut?: { index: number; searched?: InboxCursor['searched'] } }

/**
 * Returns a function that decides which items stand for their groups, and counts the groups. `found` are items of a page,
 * newest first, one of each group: the newest below the start of the page. On the first page, it stands for the group.
 * On a later one, it does only if the list has no newer item of the group: otherwise an earlier page has shown the group.
 * Items that are newer than the first one of the first page arrived since, and are ignored.
 */
export const createGroupedList = (rows: InboxRows, limits: Limits) => {
  const read = createGroupReader(rows, limits)
  const mostOfOne = Math.ceil(limits.rows / AT_ONCE)

  /** Reads the items that hints name, once for all groups. */
  const withNamed = async (list: List): Promise<List> => {
    const { owner, opened, now, kind } = list
    if (opened.whole) return list
    const ids = [kind, 'active' as const].flatMap((each) => namedBy(opened.guide, each, opened.view, now))
    const named = ids.length === 0 ? [] : await rows.items(owner, [...new Set(ids)], false)
    return { ...list, opened: { ...opened, named } }
  }

  /** Reads groups until enough rows were read. */
  const readAll = async (list: List, grouped: readonly Found[]): Promise<Map<Found, GroupRead>> => {
    const answers = new Map<Found, GroupRead>()
    let rowsRead = 0
    for (const some of slices(grouped, AT_ONCE)) {
      if (rowsRead >= limits.rows) break
      await Promise.all(
        some.map(async (item) => {
          // The first one may take long, so that every page gets further.
          const answer = await read(list, item, item === grouped[0] ? limits.rows : mostOfOne)
          answers.set(item, answer)
          rowsRead += answer.rowsRead
        }),
      )
    }
    return answers
  }

  return async (page: List, found: readonly Found[]): Promise<Grouped> => {
    const grouped = found.filter(({ row }) => row.group !== undefined)
    if (grouped.length === 0) return { shown: [...found] }
    const answers = await readAll(await withNamed(page), grouped)
    const shown: Shown[] = []
    for (const [index, item] of found.entries()) {
      if (item.row.group === undefined) {
        shown.push(item)
        continue
      }
      const answer = answers.get(item)
      if (!answer) return { shown, cut: { index } }
      const { members, searched } = answer
      if (searched) return { shown, cut: { index, searched } }
      if (members) shown.push({ ...item, members })
    }
    return { shown }
  }
}
